"""Changes of the observation, not of the network: gaps and sampling."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netwatch.detect.level import mean_rate, sampling_changes
from netwatch.detect.study import Study
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Series

_WHOLE = 0.95
_NAN = float("nan")


def _scope(study: Study) -> Series | None:
    """The series that speaks for all: coverage and sampling are shared."""
    ranked = sorted(study.series.series.items(), key=lambda item: (item[0][0].kind != "scope", item[0][1] != "octets"))
    return ranked[0][1] if ranked else None


def find_gaps(study: Study) -> Iterator[Change]:
    """Gaps: bins that were not observed, or only in part (an exporter fell silent)."""
    series = _scope(study)
    if series is None:
        return
    low = series.coverage < _WHOLE
    low[[0, -1]] = False  # cut by where the data begins and ends
    edges = np.flatnonzero(np.diff(np.concatenate([[0], low.astype(np.int8), [0]])))
    times, width = series.bins.times(), series.bins.width
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        since, until = int(times[first]), int(times[end - 1]) + width
        seen = float(series.coverage[first:end].mean())
        before = mean_rate(series, since - 7 * (until - since), since)
        yield Change(
            series.entity, series.counter, ChangeKind.GAP, since, until, since - width, since + width,
            seen, seen, seen, before, _NAN, _NAN, "gap",
            facts={"coverage": round(seen, 3), "bins": int(end - first)},
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
