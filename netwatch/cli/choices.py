"""Options that several commands share, with their help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter, validators

from netwatch.config import Options
from netwatch.meter import MeterOptions
from netwatch.model.times import parse_instant
from netwatch.read import ReadOptions
from netwatch.scope import ScopeOptions

SCOPE = Group("What to watch", sort_key=1)
READING = Group("Reading", sort_key=3)
OUTPUT = Group("Output", sort_key=4)

AT_LEAST_ONE = validators.Number(gte=1)

Files = Annotated[list[str], Parameter(help="Captures, flow exports, flow files or directories of them; - is stdin.")]


@Parameter(name="*", group=SCOPE)
@dataclass(frozen=True)
class Watched:
    """Whose traffic counts, and when."""

    asn: Annotated[
        tuple[str, ...], Parameter(help="AS numbers, such as AS131279; repeat or separate by commas.", metavar="AS")
    ] = ()
    prefix: Annotated[
        tuple[str, ...], Parameter(help="Prefixes of either family, such as 175.45.176.0/22.", metavar="PREFIX")
    ] = ()
    country: Annotated[
        tuple[str, ...], Parameter(help="Countries by two letters; needs a table that tells them.", metavar="XX")
    ] = ()
    watch: Annotated[Path | None, Parameter(help="TOML file of named groups with dates.")] = None
    table: Annotated[Path | None, Parameter(help="Prefix table to use instead of the bundled one.")] = None
    since: Annotated[
        str | None, Parameter(name="--from", help="Only flows that last beyond this time (UTC).", metavar="TIME")
    ] = None
    until: Annotated[
        str | None, Parameter(name="--to", help="Only flows that begin before this time (UTC).", metavar="TIME")
    ] = None


@Parameter(name="*", group=READING)
@dataclass(frozen=True)
class Reading:
    """How packets become flows."""

    layer: Annotated[Literal["inner", "outer"], Parameter(help="Which IP header of tunnelled packets counts.")] = (
        "inner"
    )
    exports: Annotated[Literal["auto", "ignore", "only"], Parameter(help="Flow exports found inside captures.")] = (
        "auto"
    )
    active_timeout: Annotated[float, Parameter(help="After which a long flow is cut.", metavar="SECONDS")] = 1800.0
    idle_timeout: Annotated[float, Parameter(help="Of silence that end a flow.", metavar="SECONDS")] = 60.0
    dedupe: Annotated[bool, Parameter(help="Count once what was captured twice, or told by two exporters.")] = False


def split(values: tuple[str, ...]) -> tuple[str, ...]:
    """Values given by repeating an option, by commas, or both."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def counter_typed(word: str) -> str:
    """The counter that is meant: nfdump's users type ``bytes``."""
    return "octets" if word.lower() == "bytes" else word


def options(watched: Watched | None, reading: Reading | None) -> Options:
    """The run's options from what was typed.

    Raises:
        UsageError: a time that is none.
    """
    watched, reading = watched or Watched(), reading or Reading()
    return Options(
        read=ReadOptions(layer=reading.layer, exports=reading.exports),
        meter=MeterOptions(
            active_timeout=reading.active_timeout, idle_timeout=reading.idle_timeout, dedupe=reading.dedupe
        ),
        scope=ScopeOptions(
            asn=split(watched.asn),
            prefix=split(watched.prefix),
            country=split(watched.country),
            watch=watched.watch,
            table=watched.table,
        ),
        since=None if watched.since is None else parse_instant(watched.since),
        until=None if watched.until is None else parse_instant(watched.until),
    )
