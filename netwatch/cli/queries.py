"""``netwatch store top``, ``bins`` and ``export``: questions to the stored flows, answered by DuckDB or Spark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter

from netwatch.cli.choices import AT_LEAST_ONE, OUTPUT, counter_typed, split
from netwatch.cli.console import print_json, stdout, table
from netwatch.cli.monitor import Config
from netwatch.errors import UsageError
from netwatch.model.text import count, instant, volume
from netwatch.model.times import parse_instant, parse_width

CHOICE = Group("Which flows", sort_key=1)
SECOND = 10**9


@Parameter(name="*", group=CHOICE)
@dataclass(frozen=True)
class Asked:
    """Which flows are asked about, and who answers."""

    filter: Annotated[str, Parameter(help="In nfdump's words: 'as 131279 and class mining'.")] = ""
    since: Annotated[str | None, Parameter(name="--from", help="Only flows that begin at this time or later.")] = None
    until: Annotated[str | None, Parameter(name="--to", help="Only flows that begin before this time (UTC).")] = None
    engine: Annotated[
        str | None, Parameter(help="duckdb, or a Spark master such as spark://host:7077; else as configured.")
    ] = None


def top(
    by: Annotated[tuple[str, ...], Parameter(help="Columns to group by: dstip, srcip/24, srcas, class ...")],
    /,
    *,
    order: Annotated[str, Parameter(help="Rank by octets, packets or flows.")] = "octets",
    limit: Annotated[int, Parameter(name="--top", help="How many groups.", validator=AT_LEAST_ONE)] = 20,
    json: Annotated[bool, Parameter(help="JSON lines on stdout.", group=OUTPUT)] = False,
    asked: Asked | None = None,
    config: Config = Path("netwatch.toml"),
) -> None:
    """The groups of stored flows with the most octets, packets or flows.

    For example:
        netwatch store top dstip --filter 'class attack' --from 2019-02-01

        netwatch store top srcas dstport --order flows --engine spark://head:7077

        netwatch store top srcip4/24 --filter 'class scan'
    """
    from netwatch.store.keys import key_of
    from netwatch.store.top import COUNTERS
    from netwatch.store.top import top as ranked

    keys = [key_of(word) for word in split(by)]
    names = [key.name for key in keys]
    with _flows(config, asked or Asked()) as flows:
        groups = ranked(flows, keys, counter_typed(order), limit)
    if json:
        for group in groups:
            counters = {name: getattr(group, name) for name in COUNTERS}
            print_json({**dict(zip(names, group.key, strict=True)), **counters})
        return
    body = [(*g.key, volume(g.octets), count(g.packets), count(g.flows)) for g in groups]
    n = len(names)
    stdout().print(table((*names, "volume", "packets", "flows"), body, numbers=(n, n + 1, n + 2)))


def bins(
    width: Annotated[str, Parameter(help="Width of a bin: 30s, 5m, 1h, 1d.")],
    /,
    *,
    by: Annotated[tuple[str, ...], Parameter(help="Columns to group by: class, direction ...")] = (),
    distinct: Annotated[tuple[str, ...], Parameter(help="Columns of which different values are counted.")] = (),
    sums: Annotated[
        tuple[str, ...],
        Parameter(name="--sum", help="Counters: octets, packets, flows. All, or with --distinct none by default."),
    ] = (),
    json: Annotated[bool, Parameter(help="JSON lines on stdout.", group=OUTPUT)] = False,
    asked: Asked | None = None,
    config: Config = Path("netwatch.toml"),
) -> None:
    """Stored flows over time, each in the bin of its start.

    For example:
        netwatch store bins 1h --by class --filter 'as 131279'

        netwatch store bins 1h --distinct srcip --from 2019-02-01 --to 2019-02-08
    """
    from netwatch.store.keys import key_of
    from netwatch.store.over_time import over_time
    from netwatch.store.top import COUNTERS

    seconds, rest = divmod(parse_width(width), SECOND)
    if not seconds or rest:
        raise UsageError(f"bins of stored flows are whole seconds, not {width}")
    keys, counted = ([key_of(word) for word in split(words)] for words in (by, distinct))
    counters = tuple(map(counter_typed, split(sums))) or (() if counted else COUNTERS)
    with _flows(config, asked or Asked()) as flows:
        made = over_time(flows, seconds, keys, counted, counters)
    names, different = [key.name for key in keys], [key.name for key in counted]
    if json:
        for one in made:
            told = {"start": instant(one.start), **dict(zip(names, one.key, strict=True))}
            summed = dict(zip(counters, one.sums, strict=True))
            print_json({**told, **summed, "distinct": dict(zip(different, one.distinct, strict=True))})
        return
    shown = ["volume" if counter == "octets" else counter for counter in counters]
    heads = ("start", *names, *shown, *(f"different {name}" for name in different))
    body = [(instant(one.start), *one.key, *map(_told, counters, one.sums), *map(count, one.distinct)) for one in made]
    stdout().print(table(heads, body, numbers=tuple(range(1 + len(names), len(heads)))))


def export_flows(
    out: Annotated[Path, Parameter(help="File to write.")],
    /,
    *,
    form: Annotated[
        Literal["csv", "json", "parquet", "ipfix"] | None,
        Parameter(name="--format", help="Of the file; else by its name's end, Parquet where that says nothing."),
    ] = None,
    asked: Asked | None = None,
    config: Config = Path("netwatch.toml"),
) -> None:
    """Write stored flows to a file for other tools.

    For example:
        netwatch store export mining.csv --filter 'class mining' --from 2019-02-01 --to 2019-03-01
    """
    from netwatch.store.export import FORMATS, export

    suffix = out.suffix.removeprefix(".").lower()
    with _flows(config, asked or Asked()) as flows:
        export(flows.drop("day"), out, form or (suffix if suffix in FORMATS else "parquet"))
    stdout().print(str(out), markup=False)


def _told(counter: str, value: int) -> str:
    return volume(value) if counter == "octets" else count(value)


@contextmanager
def _flows(config: Path, asked: Asked) -> Iterator[Any]:
    """The flows asked about, as an Ibis table; they may be read while a pass runs."""
    from netwatch.config import load
    from netwatch.store.engines import open_engine
    from netwatch.store.filter import compile_filter
    from netwatch.store.lake import Lake

    options, predicate = load(config), compile_filter(asked.filter)
    since, until = (None if word is None else parse_instant(word) for word in (asked.since, asked.until))
    engine = open_engine(asked.engine or options.engine)
    try:
        lake = Lake(options.store, options.storage, engine)
        flows = lake.table(lake.days_between(since, until))
        yield _within(flows.filter(predicate(flows)), since, until)
    finally:
        engine.close()


def _within(flows: Any, since: int | None, until: int | None) -> Any:
    import ibis
    import numpy as np

    for bound, keep in ((since, flows.flow_start.__ge__), (until, flows.flow_start.__lt__)):
        if bound is not None:
            flows = flows.filter(keep(ibis.timestamp(np.datetime64(bound, "ns").astype("M8[us]").item())))
    return flows
