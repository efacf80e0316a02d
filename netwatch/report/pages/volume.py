"""Changes over time, and what the rise is made of."""

from __future__ import annotations

import math
from collections.abc import Mapping

from netwatch.model import text as units
from netwatch.model.change import Change, ChangeKind
from netwatch.model.finding import Composition, Finding, Share
from netwatch.model.series import COUNTERS
from netwatch.model.taxonomy import FAMILIES
from netwatch.report.choice import main_rise, main_series
from netwatch.report.clock import DAY, Clock
from netwatch.report.figures import composition as parts
from netwatch.report.pages.blocks import Block, Column, details, head, heading, note, table, text
from netwatch.report.report import Report
from netwatch.report.words import about_capture, entity, rate, ratio, shortened

ROWS = 15
"""Changes that a page lists; the table in the file has all."""
_HEADS = {"causes": "fewest cells"}
_NO_REST = 5e-4
NOTHING = 1e-9
"""Rates below it are what rounding left."""
PARTS = 5
"""Parts of each split that paper lists."""
SPLITS = ("family", "causes", "class", "asn", "port", "host", "direction", "upstream", "episode")
"""Dimensions of the main change that paper lists."""


def changes(report: Report, clock: Clock) -> list[Block]:
    """Changes of the network, then those of the capture."""
    if main_series(report) is None:
        return [text("Nothing was observed in this window, so there is no series to show.")]
    alone = len(report.series.of("watch", "octets")) <= 1  # then that group is all there is
    left_out = {"watch"} if alone else set()
    shown = [
        c
        for c in report.changes
        if not about_capture(c) and c.kind is not ChangeKind.RHYTHM and c.entity.kind not in left_out
    ]
    network = sorted(shown, key=_weight)
    capture = sorted((c for c in report.changes if about_capture(c)), key=lambda c: (c.since, c.entity, c.counter))
    blocks: list[Block] = []
    if network:
        rows = [_row(c, report, clock) for c in network]
        caption = (
            "Changes of the network: of all that is watched first, lasting ones first. Peers are counted per bin."
            " Before and after are mean rates; the ratio of a lasting change is that of typical bins."
        )
        blocks += head(caption, _COLUMNS, rows, ROWS, "changes.csv")
    else:
        blocks.append(text("No series left its baseline."))
    if capture:
        window = report.until - report.since
        about = [(str(c.kind), clock.minute(c.since, window), clock.minute(c.until, window), _seen(c)) for c in capture]
        columns = (Column("Kind"), Column("Since"), Column("Until"), Column("What"))
        caption = "Changes of what was observed: not taken for changes of the network."
        blocks += head(caption, columns, list(dict.fromkeys(about)), ROWS, "changes.csv")
    return blocks


_COLUMNS = (
    Column("Of", weight=1.75),
    Column("Counter", weight=0.85),
    Column("Kind", weight=0.9),
    Column("When", weight=1.75),
    Column("Before", "right", 1.2),
    Column("After", "right", 1.3),
    Column("Ratio (95 %)", "right", 1.75),
)


def _weight(change: Change) -> tuple[int, int, float, int, str]:
    """Lasting changes of the whole, its passing octets, lasting octets of parts by what they moved, then the rest."""
    order = COUNTERS.index(change.counter) if change.counter in COUNTERS else len(COUNTERS)
    lasting = change.kind in (ChangeKind.LEVEL_SHIFT, ChangeKind.RAMP)
    whole = change.entity.kind == "scope"
    if whole:
        group = 0 if lasting else 1 if change.counter == "octets" else 3
    else:
        group = 2 if lasting and change.counter == "octets" else 4
    moved = change.after - change.before
    return group, order, -abs(moved) if math.isfinite(moved) else 0.0, change.since, str(change.entity)


def _row(change: Change, report: Report, clock: Clock) -> tuple[str, ...]:
    window = report.until - report.since
    kind = f"{change.kind} (provisional)" if change.provisional else str(change.kind)
    return (
        shortened(entity(change.entity, report.names), 40),
        change.counter,
        kind,
        when(change, clock, window),
        *_sides(change, report.series.bins.width / 1e9),
        ratio(change),
    )


def _sides(change: Change, bin_seconds: float) -> tuple[str, str]:
    """Before and after; peers are those of a bin."""
    if change.counter != "peers":
        return rate(change.counter, change.before), rate(change.counter, change.after)
    before, after = (units.scaled(side * bin_seconds, "").strip() for side in (change.before, change.after))
    return before, after


def _seen(change: Change) -> str:
    if change.kind is ChangeKind.GAP:
        return f"nothing observed for {units.duration((change.until or change.since) - change.since)}"
    if change.kind is ChangeKind.INTERMITTENT:
        return f"{change.facts['captures']} captures, {change.ratio * 100:.2g} % of the time"
    known = [change.facts.get(f"interval_{side}") for side in ("before", "after")]
    if all(isinstance(k, float) for k in known):
        return f"from 1:{known[0]:g} to 1:{known[1]:g}"
    return str(change.counter)


def when(change: Change, clock: Clock, window: int) -> str:
    """The start with the half-width of its 95 % range where that is a day or more, and the end where there is one; of
    what began while nothing was seen, the range.
    """
    half = max(change.since - change.since_low, change.since_high - change.since)
    start = clock.when(change.since, window)
    if change.unseen:
        start = f"between {clock.when(change.since_low, window)} and {start}"
    elif half >= (DAY if window >= 60 * DAY else 1):
        start = f"{start} ± {units.duration(half)}"
    if change.until is None:
        return start
    return f"{start}, for {units.duration(change.until - change.since)}"


def composition(report: Report, drawn: list[Block]) -> list[Block]:
    """The main change split up, after the figure of it; in HTML and the files every change that has parts.

    Nothing where no finding has any.
    """
    found = [f for f in report.findings if any(c.shares for c in f.compositions)]
    if not found:
        return drawn
    main = main_rise(report)
    blocks: list[Block] = [
        *drawn, text("There is no lasting change to split up. What attacks raised is told with them.")
    ]  # fmt: skip
    if main is not None:
        blocks = [*drawn, heading(main.title), *_by_family(main), *_leading(main, report.names)]
    for finding in found:
        blocks.append(details(f"Every part of: {finding.title}", [
            _split(c, report.names) for c in finding.compositions if c.shares
        ]))  # fmt: skip
    if len(found) > 1:
        blocks.append(note(f"composition.csv has the parts of all {len(found):,} findings that have any."))
    return blocks


def _by_family(finding: Finding) -> list[Block]:
    """One row per counter, one column per family."""
    splits = [c for c in finding.compositions if c.dimension == "family" and c.shares]
    if not splits:
        return []
    names = [n for n in FAMILIES if any(s.cell.get("family") == n for c in splits for s in c.shares)]
    rows = []
    for c in splits:
        shares = {s.cell["family"]: s.share for s in c.shares}
        rows.append((
            c.counter, _rate(c.counter, c.total), *(_share(shares.get(n, 0.0)) for n in names), _share(c.residual)
        ))  # fmt: skip
    columns = (
        Column("Counter"),
        Column("Change", "right", 1.3),
        *(Column(n.capitalize(), "right") for n in names),
        Column("Residual", "right"),
    )
    caption = "Shares of the change of each counter; they and the residual sum to 100 %. Negative: against the change."
    return [table(caption, columns, rows)]


def _leading(finding: Finding, holders: Mapping[str, str]) -> list[Block]:
    """The largest parts of the first counter by class, network, service and host, in one table."""
    counter = finding.compositions[0].counter
    rows: list[tuple[str, ...]] = []
    for name in SPLITS:
        split = next((c for c in finding.compositions if c.dimension == name and c.counter == counter), None)
        if split is None or not split.shares:
            continue
        ranked = _ranked(split)
        shown = ranked[:PARTS]
        rows += [
            (
                _HEADS.get(name, name) if at == 0 else "", shortened(parts.label(s, holders, name), 72),
                _rate(counter, s.before), _rate(counter, s.after), _share(s.share), _interval(s), _without(s),
            )
            for at, s in enumerate(shown)
        ]  # fmt: skip
        rest = 1 - math.fsum(s.share for s in shown)
        if abs(rest) >= _NO_REST:
            rows.append(("", "all others", "", "", _share(rest), "", ""))
    if not rows:
        return []
    columns = (
        Column("By", weight=0.75),
        Column("Part", weight=2.3),
        Column("Before", "right", 0.9),
        Column("After", "right", 0.9),
        Column("Share", "right", 0.7),
        Column("95 % interval", "right", 1.15),
        Column("Rest without it", "right", 1.35),
    )
    caption = (
        f"Who and what carries the change of {counter}: the {PARTS} largest of each. Rest without it, the"
        " counterfactual: all the rest, after against before, with its 95 % interval; where that holds 1, the change is"
        " gone without the part. Fewest cells: over all dimensions at once."
    )
    return [table(caption, columns, rows)]


def _without(share: Share) -> str:
    value, low, high = share.without
    if math.isnan(value):
        return "nothing left"
    ratio = f"{units.digits(value)}×"
    return ratio if math.isnan(low) else f"{ratio} ({units.digits(low)}–{units.digits(high)})"


def _ranked(composition: Composition) -> list[Share]:
    return sorted(composition.shares, key=lambda s: (-abs(s.share), parts.label(s)))


def _split(composition: Composition, holders: Mapping[str, str]) -> Block:
    rows = [
        (
            parts.label(s, holders, composition.dimension),
            _rate(composition.counter, s.amount),
            _share(s.share),
            _interval(s),
            _without(s),
        )
        for s in _ranked(composition)
    ]
    rest = composition.residual
    rows.append(
        (
            "residual (all that is not listed)",
            _rate(composition.counter, rest * composition.total),
            _share(rest),
            "",
            "",
        )
    )
    whole = math.fsum([*(s.share for s in composition.shares), rest])
    rows.append(("sum", _rate(composition.counter, composition.total), _share(whole), "", ""))
    return table(
        f"Change of {composition.counter} by {composition.dimension}. Mean rates added (negative: taken away).",
        (
            Column(composition.dimension.capitalize(), weight=2.4),
            Column("Added", "right"),
            Column("Share", "right", 0.8),
            Column("95 % interval", "right", 1.2),
            Column("Rest without it", "right", 1.4),
        ),
        rows,
    )


def _rate(counter: str, amount: float) -> str:
    """A part of a change; peers are counted per day."""
    if abs(amount) < NOTHING:
        amount = 0.0
    return f"{units.scaled(amount, '').strip()}/day" if counter == "peers" else rate(counter, amount)


def _share(share: float) -> str:
    return "unknown" if math.isnan(share) else f"{share * 100:.1f} %".replace("-0.0 %", "0.0 %")


def _interval(share: Share) -> str:
    if math.isnan(share.low) or math.isnan(share.high):
        return "unknown"
    return f"{share.low * 100:.1f} to {share.high * 100:.1f} %".replace("-0.0 ", "0.0 ")
