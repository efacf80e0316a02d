"""The public names for use from Python: reports, and flows and series as pandas DataFrames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from netwatch.config import Options
from netwatch.model.series import COUNTERS
from netwatch.pipeline import analyze, judged
from netwatch.series import SeriesOptions
from netwatch.store.export import readable
from netwatch.store.filter import compile_filter

if TYPE_CHECKING:
    import pandas as pd

    from netwatch.report import Report

__all__ = ["Options", "Report", "analyze_files", "read_flows", "read_series"]

Paths = str | Path | Sequence[str | Path]


def read_flows(paths: Paths, filter: str = "", options: Options | None = None) -> pd.DataFrame:
    """Flow Records of captures and flow exports, scoped and classified, as a frame with a row per record.

    Columns are those of :mod:`netwatch.model.elements`, addresses and classes as text; ``flow_start`` and ``flow_end``
    are UTC timestamps. ``filter`` uses the words of ``netwatch flows --filter``.

    Raises:
        NetwatchError: as ``netwatch flows`` does.
    """
    import pandas as pd

    predicate = compile_filter(filter)
    with judged(_listed(paths), options or Options()) as result:
        table = result.store.table
        chosen = table.filter(predicate(table)).order_by(["flow_start", "input", "first_frame"])
        frame: pd.DataFrame = readable(chosen.to_pyarrow()).to_pandas()
    for name in ("flow_start", "flow_end"):
        frame[name] = pd.to_datetime(frame[name], format="ISO8601", utc=True)
    return frame


def read_series(
    paths: Paths, by: Sequence[str] = ("scope",), bin: float | None = None, options: Options | None = None
) -> pd.DataFrame:
    """Counters over time: a row per bin (index: its start, UTC), columns (kind of entity, entity, counter).

    A bin that was not observed is NaN. ``bin`` is the width in seconds, chosen by the span where it is None.

    Raises:
        NetwatchError: as ``netwatch series`` does.
    """
    import pandas as pd

    chosen = replace(options or Options(), series=SeriesOptions(bin=bin, by=tuple(by)))
    with judged(_listed(paths), chosen) as result:
        series = result.series
    if series is None:
        return pd.DataFrame(index=pd.DatetimeIndex([], tz="UTC"))
    columns = {
        (one.entity.kind, one.entity.value, one.counter): one.values
        for kind in by
        for counter in COUNTERS
        for one in series.of(kind, counter)
    }
    index = pd.to_datetime(series.bins.times(), utc=True).rename("bin_start")
    frame = pd.DataFrame(columns, index=index)
    frame.columns = frame.columns.set_names(["kind", "entity", "counter"])
    return frame


def analyze_files(paths: Paths, options: Options | None = None) -> Report:
    """All that a report over these inputs says; ``netwatch.report.write`` gives it a form.

    Raises:
        NetwatchError: as ``netwatch analyze`` does.
    """
    return analyze(_listed(paths), options or Options())


def _listed(paths: Paths) -> list[str | Path]:
    return [paths] if isinstance(paths, str | Path) else list(paths)


def __getattr__(name: str) -> object:
    if name == "Report":
        from netwatch.report import Report

        return Report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
