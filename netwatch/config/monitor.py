"""Options of the monitor: what it watches, where input comes from, what is kept and who is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from netwatch.alert import AlertOptions
from netwatch.config.options import Options

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


def _at_least(least: float, options: object, *names: str) -> None:
    for name in names:
        if not getattr(options, name) >= least:
            told = "1d" if least == DAY else f"{least:g}"
            raise ValueError(f"{name}: {told} or more is needed, not {getattr(options, name):g}")


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """A place where input arrives: ``path`` is a directory, taken with all below it, a glob of files, or the URL of a
    folder of an object store.

    ``settle``: seconds for which a file must not have changed before it is taken for closed.
    """

    path: str
    settle: float = 30.0

    def __post_init__(self) -> None:
        _at_least(0, self, "settle")


@dataclass(frozen=True, slots=True)
class PassOptions:
    """``inputs``: most inputs in one commit. ``context``: seconds of stored flows that are judged with the new ones.

    ``history``: seconds of fine series in which sudden changes are sought; ``lasting``: seconds of hourly series in
    which lasting ones are; ``explain``: most new changes of volume that
    a pass explains with flows. ``growth``: ratio of an ongoing finding's volume at which it is told again.
    ``ended_after``: seconds of the data's time without a trace of it after which a finding has ended.
    ``top``: entities of each open-ended kind that are kept apart in the series.
    """

    inputs: int = 288
    context: float = HOUR
    history: float = 14 * DAY
    lasting: float = 91 * DAY
    explain: int = 12
    growth: float = 2.0
    ended_after: float = DAY
    top: int = 100

    def __post_init__(self) -> None:
        _at_least(0, self, "context", "explain")
        _at_least(1, self, "inputs", "growth", "ended_after", "top")
        _at_least(DAY, self, "history", "lasting")


@dataclass(frozen=True, slots=True)
class RetentionOptions:
    """Seconds for which flows and five-minute series are kept, by the data's time; hourly series stay for ever."""

    flows: float = 90 * DAY
    bins: float = 400 * DAY

    def __post_init__(self) -> None:
        _at_least(DAY, self, "flows", "bins")


@dataclass(frozen=True, slots=True)
class HealthOptions:
    """``textfile``: a Prometheus textfile to write after each pass; none by default.

    ``stalled``: seconds without a new flow after which the monitor itself is a finding; ``loss``: share of the units of
    a pass known to be lost from which it is one.
    """

    textfile: Path | None = None
    stalled: float = 900.0
    loss: float = 0.01

    def __post_init__(self) -> None:
        _at_least(0, self, "stalled", "loss")


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """A report by the calendar of the zone of ``[detect] timezone``.

    ``every``: the period that each is about; weeks begin on Monday. ``directory``: where a directory of each is made,
    called by the schedule and the period, such as one that its readers alone can look into. ``formats``: as those of
    ``netwatch analyze``. ``sections``: what of the pages they want; all where nothing is said.
    """

    every: Literal["day", "week", "month"]
    directory: Path
    formats: tuple[str, ...] = ("pdf", "html", "json")
    sections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MonitorOptions:
    """All that ``netwatch.toml`` says.

    ``store``: directory or object-store URL of flows and series; ``storage``: the library's options for a URL, by name
    (``AWS_REGION`` ...). ``state``: directory of the state and the lock, always local. ``engine``: "duckdb", or the
    Spark master on whose executors inputs are taken in.
    """

    store: str
    state: Path
    sources: Mapping[str, SourceOptions]
    run: Options = field(default_factory=Options)
    passes: PassOptions = field(default_factory=PassOptions)
    retention: RetentionOptions = field(default_factory=RetentionOptions)
    health: HealthOptions = field(default_factory=HealthOptions)
    alerts: AlertOptions = field(default_factory=AlertOptions)
    reports: Mapping[str, ReportOptions] = field(default_factory=dict)
    storage: Mapping[str, str] = field(default_factory=dict)
    engine: str = "duckdb"
