"""One analysis: from files to all that a report says."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from netwatch.config import Options
from netwatch.detect import baseline, detect, local_time, localised
from netwatch.explain import Names, answer, explain
from netwatch.model.change import Change, ChangeKind
from netwatch.model.finding import Finding
from netwatch.model.series import COUNTERS, Bins, SeriesSet
from netwatch.pipeline.passes import Advance, Judged, judged
from netwatch.pipeline.tops import top_tables
from netwatch.report import InputFile, Report, Rhythm
from netwatch.scope import Scope
from netwatch.series.week import hour_of_week
from netwatch.version import __version__

LIBRARIES = ("numpy", "numba", "pandas", "pyarrow", "duckdb", "ibis-framework", "statsmodels", "matplotlib", "typst")
LASTING = (ChangeKind.LEVEL_SHIFT, ChangeKind.RAMP)


def analyze(paths: Sequence[str | Path], options: Options, advance: Advance = lambda _inputs: None) -> Report:
    """All that a report over these inputs says.

    Raises:
        UsageError: a path or an option that means nothing.
        UnreadableInput: nothing could be read from any input.
        OutputError: no room for what must be kept aside.
    """
    with judged(paths, options, advance) as result:
        series = result.series or SeriesSet(Bins(0, 1, 0))
        estimate = local_time(series) if options.detect.timezone is None else None
        judged_by = localised(series, options.detect)
        changes = detect(series, judged_by) if result.series else []
        flows = result.store.table
        names = Names(result.scope.holder)
        findings = explain(series, changes, result.verdicts, flows, options.explain, names)
        scope = result.scope.describe()
        watched = subject(options, scope)
        return Report(
            title=f"Traffic of {watched}",
            subject=watched,
            since=max(result.store.first or 0, series.bins.start),
            until=min((result.store.last or 0) + 1, series.bins.end) if series.bins.count else 1,
            inputs=inputs(result),
            answer=answer(series, findings, result.tallies, names),
            findings=tuple(findings),
            names=holders(findings, changes, result.scope),
            verdicts=tuple(result.verdicts),
            changes=tuple(changes),
            series=series,
            baselines={
                (one.entity, one.counter): baseline(one, judged_by)
                for counter in COUNTERS
                for one in series.of("scope", counter)
            },
            tallies=tuple(result.tallies),
            tops=top_tables(flows, result.scope),
            rhythms=rhythms(series, changes, options),
            parameters={
                "options": plain(asdict(options)),
                "scope": scope,
                "exporters": result.exporters,
                "local_time": estimate.words() if estimate else judged_by.timezone,
            },
            versions=versions(),
            attribution=attribution(scope),
            timezone=options.detect.timezone or "UTC",
        )


def subject(options: Options, scope: Mapping[str, Any]) -> str:
    """What is watched, in words."""
    asked = options.scope
    named = [*(f"AS{str(a).upper().removeprefix('AS')}" for a in asked.asn), *asked.prefix, *asked.country]
    if asked.watch is not None:
        named += [str(group["name"]) for group in scope["groups"]]
    return ", ".join(named) or "the whole capture"


def holders(findings: Sequence[Finding], changes: Sequence[Change], scope: Scope) -> dict[str, str]:
    """Who holds each AS that findings and changes tell of, by ``AS4808``; those that the tables know."""
    told = {c.entity.value for c in changes if c.entity.kind in ("asn", "upstream")}
    told |= {
        value
        for finding in findings
        for composition in finding.compositions
        for share in composition.shares
        for dimension, value in share.cell.items()
        if dimension in ("asn", "upstream")
    }
    named = {asn: scope.holder(int(asn[2:])) for asn in sorted(told) if asn[2:].isdigit()}
    return {asn: name for asn, name in named.items() if name}


def inputs(result: Judged) -> tuple[InputFile, ...]:
    """The inputs with their digests and the span of the flows that they gave."""
    flows = result.store.table
    told = flows.group_by("input").agg(first=flows.flow_start.min(), last=flows.flow_end.max()).to_pyarrow()
    index, first, last = (told.column(name).cast("int64").to_pylist() for name in ("input", "first", "last"))
    spans = {i: (since * 1000, until * 1000) for i, since, until in zip(index, first, last, strict=True)}
    return tuple(
        InputFile(file.path, file.size, file.sha256, file.format, *spans.get(file.index, (None, None)))
        for file in result.inputs.files
    )


def rhythms(series: SeriesSet, changes: Sequence[Change], options: Options) -> tuple[Rhythm, ...]:
    """Hour-of-week matrices before and after the change of rhythm, else the largest lasting change of octets, else of
    the two halves.
    """
    whole = series.get("scope", "all", "octets")
    if whole is None or not len(whole.values):
        return ()
    bins = series.bins
    lasting = [c for c in changes if c.entity == whole.entity and c.counter == "octets" and c.kind in LASTING]
    middle = bins.start + bins.width * (bins.count // 2)
    before, after = (bins.start, middle), (middle, bins.end)
    turned = [c for c in changes if c.entity == whole.entity and c.kind is ChangeKind.RHYTHM and c.counter == "octets"]
    if turned:
        before, after = (bins.start, turned[0].since), (turned[0].since, bins.end)
    elif lasting:
        largest = max(lasting, key=lambda c: abs(c.after - c.before))
        before, after = (bins.start, largest.since), (largest.until or largest.since, bins.end)
    zone = options.detect.timezone or "UTC"
    earlier, later = (hour_of_week(whole, *window, zone) for window in (before, after))
    return (Rhythm("octets", earlier, later, before, after),)


def attribution(scope: Mapping[str, Any]) -> tuple[str, ...]:
    """One line a table that asks for it."""
    return tuple(dict.fromkeys(str(t["attribution"]) for t in scope["tables"] if t["attribution"]))


def versions() -> dict[str, str]:
    """Of netwatch, Python and the libraries that figures rest on."""
    return {"netwatch": __version__, "python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def plain(value: Any) -> Any:
    """JSON-ready: paths as text, tuples as lists."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return str(value) if isinstance(value, Path) else value
