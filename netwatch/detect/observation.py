"""Changes of the observation, not of the network: gaps and sampling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from netwatch.detect.clock import SECOND
from netwatch.detect.rates import mean_rate
from netwatch.detect.sampling import sampling_changes
from netwatch.detect.study import Study
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Series

_WHOLE = 0.95
_HABIT, _UNUSUAL = 10, 2.0
"""So many gaps that hide most bins are a habit; one this many times the usual length is told apart from it."""
_NAN = float("nan")


def _scope(study: Study) -> Series | None:
    """The series that speaks for all: coverage and sampling are shared."""
    ranked = sorted(study.series.series.items(), key=lambda item: (item[0][0].kind != "scope", item[0][1] != "octets"))
    return ranked[0][1] if ranked else None


def find_gaps(study: Study) -> Iterator[Change]:
    """Gaps: bins that were not observed, or only in part (an exporter fell silent). Where captures run now and then
    that is one change, and only the longer gaps are others.
    """
    series = _scope(study)
    if series is None:
        return
    low = series.coverage < _WHOLE
    low[[0, -1]] = False  # cut by where the data begins and ends
    gaps = _runs(low)
    lengths = gaps[:, 1] - gaps[:, 0]
    if len(gaps) >= _HABIT and low.mean() > 0.5:
        usual = float(np.median(lengths))
        runs = _runs(series.coverage > 0)
        told = {"captures": len(runs), "run": float(np.median(runs[:, 1] - runs[:, 0])) * series.bins.width / SECOND}
        yield _gap(series, ChangeKind.INTERMITTENT, 0, series.bins.count, told)
        gaps = gaps[lengths > _UNUSUAL * usual]
    for first, end in gaps.tolist():
        yield _gap(series, ChangeKind.GAP, first, end, {"bins": end - first})


def _runs(where: np.ndarray) -> np.ndarray:
    """First and end of each run of true places, int64 (runs, 2)."""
    return np.flatnonzero(np.diff(np.concatenate([[0], where.astype(np.int8), [0]]))).reshape(-1, 2)


def _gap(series: Series, kind: ChangeKind, first: int, end: int, facts: Mapping[str, object]) -> Change:
    """That bins from ``first`` to ``end`` were observed only in part."""
    times, width = series.bins.times(), series.bins.width
    since, until = int(times[first]), int(times[end - 1]) + width
    seen = float(series.coverage[first:end].mean())
    before = mean_rate(series, since - 7 * (until - since), since)
    return Change(
        series.entity, series.counter, kind, since, until, since - width, since + width,
        seen, seen, seen, before, _NAN, _NAN, "gap", facts={"coverage": round(seen, 3), **facts},
    )  # fmt: skip


def find_sampling(study: Study) -> Iterator[Change]:
    """Sampling changes: another packet interval came into force; volumes are corrected for it."""
    series = _scope(study)
    if series is None:
        return
    times, width = series.bins.times(), series.bins.width
    for at in sampling_changes(series):
        since = int(times[at])
        before, after = (
            float(np.nanmedian(series.sampling[s])) for s in (slice(max(0, at - 12), at), slice(at, at + 12))
        )
        yield Change(
            series.entity, series.counter, ChangeKind.SAMPLING, since, None, since - width, since + width,
            after / before, after / before, after / before, _NAN, _NAN, _NAN, "sampling",
            facts={"interval_before": before, "interval_after": after},
        )  # fmt: skip
