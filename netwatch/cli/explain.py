"""``netwatch explain``: what made the difference between two windows of time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from netwatch.cli.choices import OUTPUT, Files, Reading, Watched, options, split
from netwatch.cli.console import print_json, print_tallies, progress, stderr, stdout, table
from netwatch.model.finding import Composition
from netwatch.model.text import bit_rate, percent, scaled
from netwatch.model.times import parse_window

if TYPE_CHECKING:
    from netwatch.explain import Windows

_WHOLE = 0.9995
"""Share of a window from which on it was observed throughout."""


def explain(
    files: Files,
    /,
    *,
    before: Annotated[str, Parameter(help="The window to compare with: A..B, or one year, month or day.")],
    after: Annotated[str, Parameter(help="The window to explain: C..D, or one year, month or day.")],
    by: Annotated[tuple[str, ...], Parameter(help="Dimensions; with + between them they are split together.")] = (
        "causes",
        "family",
        "class",
        "asn",
        "port",
    ),
    counter: Annotated[
        Literal["octets", "bytes", "packets", "flows", "peers"], Parameter(help="What is compared; bytes are octets.")
    ] = "octets",
    json: Annotated[bool, Parameter(help="One JSON object per split on stdout.", group=OUTPUT)] = False,
    quiet: Annotated[bool, Parameter(help="Nothing on stderr.", group=OUTPUT)] = False,
    watched: Watched | None = None,
    reading: Reading | None = None,
) -> int:
    """What made the difference between two windows of time.

    The change of a counter is split over the values of each dimension: what grew and what shrank, in the fewest cells
    that make up 95 % of all movement, with 95 % intervals. Shares and residual add up to 100 %. "rest without it" is
    the counterfactual: all the rest, after against before; where its interval holds 1, the change is gone without it.

    Dimensions: causes (the fewest cells over class, role, asn, port, prefix and upstream at once), family, class, role,
    application, direction, asn, own_asn, country, port, protocol, host, peer, prefix, upstream, exporter, episode.

    For example:
        netwatch explain exports/ --before 2018-01 --after 2019-01-01..2019-03-01

        netwatch explain exports/ --before 2018 --after 2019 --by class+asn
    """
    from netwatch.explain import Windows, check_dimensions, decompose
    from netwatch.pipeline import judged
    from netwatch.report.json import composition

    earlier, later = parse_window(before), parse_window(after)
    asked = [dimensions.split("+") for dimensions in split(by)]
    for dimensions in asked:
        check_dimensions(dimensions)
    counted = "octets" if counter == "bytes" else counter
    with progress(quiet=quiet) as advance, judged(files, options(watched, reading), advance) as result:
        whole = None if result.series is None else result.series.get("scope", "all", "octets")
        windows = Windows.plain(earlier, later, whole)
        for dimensions in asked:
            found = decompose(result.store.table, windows, dimensions, counted, result.verdicts)
            if json:
                print_json(composition(found) | {"observed_seconds": windows.seconds})
            else:
                _show(found)
        if not quiet:
            _tell_coverage(windows)
            print_tallies(result.tallies, stderr())
    return 4 if any(tally.incomplete for tally in result.tallies) else 0


def _tell_coverage(windows: Windows) -> None:
    """That a window was not observed throughout, where so."""
    for name, spans, seconds in zip(("before", "after"), windows[:2], windows.seconds, strict=True):
        share = seconds / sum((b - a) / 1e9 for a, b in spans)
        if share < _WHOLE:
            stderr().print(f"--{name}: {percent(share)} of the window was observed; rates are per observed second.")


def _show(found: Composition) -> None:
    out = stdout()
    body = [
        (", ".join(share.cell.values()), *(_rate(side, found.counter) for side in (share.before, share.after)),
         _rate(share.amount, found.counter), percent(share.share), _interval(share.low, share.high, percent),
         _times(share.without.value), _interval(share.without.low, share.without.high, _times))
        for share in found.shares
    ]  # fmt: skip
    rest = (_rate(found.residual * found.total, found.counter), percent(found.residual))
    body.append(("residual", "", "", *rest, "", "", ""))
    body.append(("all", "", "", _rate(found.total, found.counter), percent(1.0), "", "", ""))
    heads = (found.dimension, "before", "after", "change", "share", "95 %", "rest without it", "95 %")
    out.print(table(heads, body, numbers=range(1, len(heads)), title=f"{found.counter} by {found.dimension}"))
    out.print()


def _interval(low: float, high: float, written: Callable[[float], str]) -> str:
    return "" if math.isnan(low) or math.isnan(high) else f"{written(low)} to {written(high)}"


def _times(ratio: float) -> str:
    return "unknown" if math.isnan(ratio) else f"{ratio:.3g}×"


def _rate(amount: float, counter: str) -> str:
    if counter == "octets":
        return bit_rate(amount)
    if counter == "peers":
        return scaled(amount, "peers/day")
    return scaled(amount, f"{counter}/s") if abs(amount) >= 0.1 or not amount else scaled(amount * 3600, f"{counter}/h")
