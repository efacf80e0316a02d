"""A report over a period that is past, from flows and series that were kept: what ``analyze`` says, without inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from netwatch.config import Options
from netwatch.detect import DetectOptions, baseline, detect, local_time, localised
from netwatch.explain import Names, answer, explain
from netwatch.model.series import COUNTERS, Bins, Series, SeriesSet
from netwatch.model.tally import Tally
from netwatch.model.verdict import Verdict
from netwatch.pipeline.analysis import attribution, holders, plain, rhythms, subject, versions
from netwatch.pipeline.tops import top_tables
from netwatch.report import InputFile, Report
from netwatch.scope import Scope


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of a period ``[since, until)``, ns UTC.

    ``flows``: an Ibis table of its Flow Records, and of some days before; ``series`` reach back before it, as far as
    is needed to judge it; ``inputs`` and ``tallies``: what it was made of; ``answers``: questions with their answers
    that stand first.
    """

    title: str
    since: int
    until: int
    flows: Any
    series: SeriesSet
    verdicts: Sequence[Verdict]
    inputs: Sequence[InputFile]
    tallies: Sequence[Tally]
    answers: Sequence[tuple[str, str]] = ()


class Band(NamedTuple):
    """A baseline cut to a period; see :class:`netwatch.report.Baseline`."""

    expected: np.ndarray
    low: np.ndarray
    high: np.ndarray


def retrospect(kept: Kept, options: Options) -> Report:
    """The report over a period: of the changes in its series those that touch it, explained by its flows."""
    scope = Scope.build(options.scope)
    names = Names(scope.holder)
    estimate = local_time(kept.series) if options.detect.timezone is None else None
    judged_by = localised(kept.series, options.detect)
    found = detect(kept.series, judged_by) if kept.series.series else []
    changes = [c for c in found if c.since < kept.until and (c.until is None or c.until > kept.since)]
    findings = explain(kept.series, changes, kept.verdicts, kept.flows, options.explain, names)
    series, described = within(kept.series, kept.since, kept.until), scope.describe()
    return Report(
        title=kept.title,
        subject=subject(options, described),
        since=kept.since,
        until=kept.until,
        inputs=tuple(kept.inputs),
        answer=(*kept.answers, *answer(series, findings, kept.tallies, names)),
        findings=tuple(findings),
        names=holders(findings, changes, scope),
        verdicts=tuple(kept.verdicts),
        changes=tuple(changes),
        series=series,
        baselines={
            (one.entity, one.counter): _band(one, series.bins, judged_by)
            for counter in COUNTERS
            for one in kept.series.of("scope", counter)
        },
        tallies=tuple(kept.tallies),
        tops=top_tables(_begun(kept), scope),
        rhythms=rhythms(kept.series, changes, options),
        parameters={
            "options": plain(asdict(options)),
            "scope": described,
            "local_time": estimate.words() if estimate else judged_by.timezone,
        },
        versions=versions(),
        attribution=attribution(described),
        timezone=options.detect.timezone or "UTC",
    )


def within(series: SeriesSet, since: int, until: int) -> SeriesSet:
    """The bins that begin in ``[since, until)``, ns."""
    bins = series.bins
    first, end = (min(max(0, -((bins.start - at) // bins.width)), bins.count) for at in (since, until))
    return series.part(first, max(first, end))


def _band(series: Series, bins: Bins, options: DetectOptions) -> Band:
    whole = baseline(series, options)
    first = (bins.start - series.bins.start) // bins.width
    rows = slice(first, first + bins.count)
    return Band(whole.expected[rows], whole.low[rows], whole.high[rows])


def _begun(kept: Kept) -> Any:
    """The flows that began in the period."""
    import ibis

    since, until = (ibis.timestamp(np.datetime64(t, "ns").astype("M8[us]").item()) for t in (kept.since, kept.until))
    return kept.flows.filter((kept.flows.flow_start >= since) & (kept.flows.flow_start < until))
