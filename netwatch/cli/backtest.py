"""``netwatch backtest``: what would have been told, and when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NamedTuple

from cyclopts import Group, Parameter

from netwatch.cli.choices import OUTPUT, Reading, Watched, options, split
from netwatch.cli.console import print_json, print_tallies, progress, stderr, write_csv
from netwatch.cli.monitor import Config
from netwatch.cli.tellings import COLUMNS, rows, show, summary
from netwatch.detect import DetectOptions
from netwatch.errors import UsageError
from netwatch.model.series import Bins, SeriesSet
from netwatch.model.tally import Tally
from netwatch.model.times import parse_width
from netwatch.series import KINDS, SeriesOptions

REPLAY = Group("Replay", sort_key=2)
SECOND, DAY = 10**9, 86_400 * 10**9
FINE = 300 * SECOND


def backtest(
    files: Annotated[
        tuple[str, ...],
        Parameter(help="Series (CSV, as 'netwatch series --csv' writes), captures or flow exports; else the store."),
    ] = (),
    /,
    *,
    bin: Annotated[str | None, Parameter(help="Width of a bin, 5m to 6h.", group=REPLAY)] = None,
    by: Annotated[tuple[str, ...], Parameter(help=f"Kinds of entity: {', '.join(KINDS)}.", group=REPLAY)] = (),
    top: Annotated[int, Parameter(help="Most entities of a kind.", group=REPLAY)] = 10,
    timezone: Annotated[str | None, Parameter(help="Zone of the network; else as configured.", group=REPLAY)] = None,
    false_alarms: Annotated[
        float | None, Parameter(help="False point alarms a month to put up with, over all series.", group=REPLAY)
    ] = None,
    detectors: Annotated[
        tuple[str, ...], Parameter(help="Of points, level, rhythm, spread, upstream.", group=REPLAY)
    ] = (),
    every: Annotated[str, Parameter(help="Between two lessons.", group=REPLAY)] = "7d",
    lasting: Annotated[str, Parameter(help="History in which lasting changes are sought.", group=REPLAY)] = "91d",
    csv: Annotated[Path | None, Parameter(help="Write what was told to this file.", group=OUTPUT)] = None,
    json: Annotated[bool, Parameter(help="JSON lines on stdout, the last one a summary.", group=OUTPUT)] = False,
    quiet: Annotated[bool, Parameter(help="Nothing on stderr.", group=OUTPUT)] = False,
    config: Config = Path("netwatch.toml"),
    watched: Watched | None = None,
    reading: Reading | None = None,
) -> int:
    """What would have been told, and when, had the history come in as it happened.

    Every bin is judged by the days before it, as the monitor does. What was told is then held against what the
    detectors say of the whole history: it is confirmed, part of another change (a spike that began a level shift),
    or withdrawn, a false alarm; "not told" is what only the whole history shows. Delay is from where the change began.

    For example:
        netwatch backtest series.csv --timezone Europe/Berlin

        netwatch backtest exports/ --bin 5m --by scope,class --false-alarms 2 --json

        netwatch backtest --config /etc/netwatch/netwatch.toml
    """
    from netwatch.detect import Replay
    from netwatch.detect import backtest as replayed

    kinds = split(by)
    for name in kinds:
        if name not in KINDS:
            raise UsageError.unknown("kind of entity", name, KINDS)
    how = Replay(every=max(DAY, parse_width(every)), lasting=parse_width(lasting))
    asked = _Asked(None if bin is None else parse_width(bin), kinds, top, config, watched, reading, quiet)
    with _read(files, asked) as (series, configured, tallies):
        detect = replace(
            configured,
            detectors=split(detectors) or configured.detectors,
            timezone=timezone or configured.timezone,
            false_alarms_per_month=configured.false_alarms_per_month if false_alarms is None else false_alarms,
        )
        result = replayed(series, detect, how)
    if csv is not None:
        write_csv(COLUMNS, rows(result), csv)
    if json:
        for row in rows(result):
            print_json(dict(zip(COLUMNS, row, strict=True)))
        print_json({"summary": summary(result)})
    elif csv is None:
        show(result)
    if not quiet:
        print_tallies(tallies, stderr())
    return 4 if any(tally.incomplete for tally in tallies) else 0


class _Asked(NamedTuple):
    """What the series are made of; ``width`` in ns."""

    width: int | None
    kinds: tuple[str, ...]
    top: int
    config: Path
    watched: Watched | None
    reading: Reading | None
    quiet: bool


@contextmanager
def _read(files: Sequence[str], asked: _Asked) -> Iterator[tuple[SeriesSet, DetectOptions, Sequence[Tally]]]:
    """The series of a table, of inputs, or of the configured store, and how the latter detects."""
    from netwatch.series import is_series_csv, read_series

    tables = [file for file in files if is_series_csv(file)]
    if tables and len(files) > 1:
        raise UsageError(f"{tables[0]} is a table of series: replay it alone")
    if tables:
        yield read_series(tables[0]), DetectOptions(), ()
    elif files:
        from netwatch.pipeline import judged

        seconds = None if asked.width is None else asked.width / SECOND
        chosen = SeriesOptions(bin=seconds, by=asked.kinds or ("scope",), top=asked.top)
        run = replace(options(asked.watched, asked.reading), series=chosen)
        with progress(quiet=asked.quiet) as advance, judged(files, run, advance) as result:
            yield result.series or SeriesSet(Bins(0, FINE, 0)), DetectOptions(), result.tallies
    else:
        from netwatch.config import load
        from netwatch.monitor.kept import kept_series
        from netwatch.monitor.steps import SUDDEN_KINDS
        from netwatch.monitor.verify import opened

        configured = load(asked.config)
        width = asked.width or FINE
        if width % FINE:
            raise UsageError("--bin of kept series is a multiple of 5m")
        with opened(configured) as journal:
            yield kept_series(journal, width, asked.kinds or SUDDEN_KINDS), configured.run.detect, ()
