"""``netwatch explain``: what made the difference between two windows of time."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from netwatch.cli.choices import OUTPUT, Files, Reading, Watched, options, split
from netwatch.cli.console import print_json, print_tallies, progress, stderr, stdout, table
from netwatch.model.finding import Composition
from netwatch.model.text import bit_rate, percent, scaled
from netwatch.model.times import parse_window


def explain(
    files: Files,
    /,
    *,
    before: Annotated[str, Parameter(help="The window to compare with, A..B.")],
    after: Annotated[str, Parameter(help="The window to explain, C..D.")],
    by: Annotated[tuple[str, ...], Parameter(help="Dimensions; with + between them they are split together.")] = (
        "family",
        "class",
        "asn",
        "port",
    ),
    counter: Annotated[str, Parameter(help="What is compared: octets, packets, flows or peers.")] = "octets",
    json: Annotated[bool, Parameter(help="One JSON object per split on stdout.", group=OUTPUT)] = False,
    quiet: Annotated[bool, Parameter(help="Nothing on stderr.", group=OUTPUT)] = False,
    watched: Watched | None = None,
    reading: Reading | None = None,
) -> int:
    """What made the difference between two windows of time.

    The change of a counter is split over the values of each dimension: what grew and what shrank, in the fewest cells
    that make up the change, with 95 % intervals. Shares and residual add up to 100 %.

    For example:
        netwatch explain exports/ --before 2018-01-01..2018-03-01 --after 2019-01-01..2019-03-01

        netwatch explain exports/ --before 2018-01..2018-03 --after 2019-01..2019-03 --by class+asn --counter flows
    """
    from netwatch.explain import decompose
    from netwatch.pipeline import judged

    earlier, later = parse_window(before), parse_window(after)
    with progress(quiet=quiet) as advance, judged(files, options(watched, reading), advance) as result:
        for dimensions in split(by):
            found = decompose(result.store.table, earlier, later, dimensions.split("+"), counter)
            if json:
                print_json(asdict(found))
            else:
                _show(found)
        if not quiet:
            print_tallies(result.tallies, stderr())
    return 4 if any(tally.incomplete for tally in result.tallies) else 0


def _show(found: Composition) -> None:
    out = stdout()
    body = [
        (" ".join(share.cell.values()), _rate(share.amount, found.counter), percent(share.share),
         f"{percent(share.low)} to {percent(share.high)}")
        for share in found.shares
    ]  # fmt: skip
    body.append(("residual", _rate(found.residual * found.total, found.counter), percent(found.residual), ""))
    body.append(("all", _rate(found.total, found.counter), percent(1.0), ""))
    heads = (found.dimension, "change", "share", "95 % interval")
    out.print(table(heads, body, numbers=(1, 2, 3), title=f"{found.counter} by {found.dimension}"))
    out.print()


def _rate(amount: float, counter: str) -> str:
    if counter == "octets":
        return bit_rate(amount)
    return scaled(amount, "peers/day" if counter == "peers" else f"{counter}/s")
