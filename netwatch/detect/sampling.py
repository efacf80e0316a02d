"""Where another mean packet interval comes into force."""

from __future__ import annotations

import numpy as np

from netwatch.model.series import Series


def sampling_changes(series: Series) -> np.ndarray:
    """Bins in which another mean packet interval comes into force and stays; int64 (k,)."""
    known = np.flatnonzero(~np.isnan(series.sampling))
    if len(known) < 2:
        return np.zeros(0, np.int64)
    logs = np.log2(series.sampling[known])
    if np.ptp(logs) < 0.5:
        return np.zeros(0, np.int64)
    reach = min(12, len(known) // 2)
    padded = np.concatenate([np.full(reach, logs[0]), logs, np.full(reach, logs[-1])])
    windows = np.lib.stride_tricks.sliding_window_view(padded, reach)
    before, after = np.median(windows[: len(logs)], axis=1), np.median(windows[reach : reach + len(logs)], axis=1)
    jump = np.abs(after - before)
    picked: list[int] = []
    for i in np.argsort(-jump, kind="stable"):
        if jump[i] < 0.5:
            break
        if all(abs(int(i) - p) > reach for p in picked):
            picked.append(int(i))
    places = sorted(_nearest(logs, i, reach, (before[i], after[i])) for i in picked)
    return known[np.array(places, np.int64)]


def _nearest(logs: np.ndarray, place: int, reach: int, sides: tuple[float, float]) -> int:
    """The place from which values are nearer to the later side; medians alone leave it open by half their reach."""
    first = max(0, place - reach)
    window = logs[first : place + reach]
    apart = np.abs(window - sides[0]) - np.abs(window - sides[1])
    return first + int(np.argmin(np.concatenate([[0.0], np.cumsum(apart)])))
