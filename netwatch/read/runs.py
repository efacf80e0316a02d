"""When a capture ran: once, or several times that were joined into one file (mergecap of ten minutes of each day)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

DENSE, PAUSES, SHORTEST_RUN = 100, 10, 10**10
"""A capture tells when it ran by as many frames, over so many times the longest pause between two, and so many ns; by
fewer, a burst cannot be told from a run."""
LONG = 60 * 10**9
"""ns of a pause that may lie between two runs, and of a run among several."""
MOST = 4096
"""Long pauses that are kept, the longest."""
MOSTLY = 0.95
"""Share of the frames that runs of such density hold, where a capture is taken for several."""


class Run(NamedTuple):
    """Times of the first and the last frame, ns UTC."""

    first: int
    last: int


class Pauses:
    """The pauses between the frames of a capture, those that are long one by one."""

    def __init__(self) -> None:
        self.longest = 0  # of all that are not kept
        self._kept = np.zeros((0, 3), np.int64)  # length, time after it, frames before it

    def add(self, times: np.ndarray, latest: int, frames: int, pause: int) -> None:
        """Take in a batch: ``times`` int64 (n,) after ``latest``, ``frames`` before it, ``pause`` its longest."""
        if pause < LONG:
            self.longest = max(self.longest, pause)
            return
        reached = np.maximum.accumulate(np.concatenate([[latest] if frames else times[:1], times]))
        pauses = np.diff(reached)
        long = np.flatnonzero(pauses >= LONG)
        self.longest = max(self.longest, int(pauses[pauses < LONG].max(initial=0)))
        found = np.stack([pauses[long], times[long], frames + long], axis=1)
        self._kept = np.concatenate([self._kept, found])
        if len(self._kept) > MOST:
            order = np.argsort(-self._kept[:, 0], kind="stable")
            self.longest = max(self.longest, int(self._kept[order[MOST], 0]))
            self._kept = self._kept[np.sort(order[:MOST])]

    def runs(self, first: int, last: int, frames: int) -> tuple[list[Run], int]:
        """(runs of a capture, the longest pause within one); no runs where its frames do not tell when it ran.

        Several are told where pauses part it that are ten times as long as all others, into runs that are dense and
        together less than half of its span: what was silent for most of the time was hardly captured then.
        """
        lengths = np.sort(self._kept[:, 0])[::-1]
        after = np.append(lengths[1:], self.longest)
        for cuts in (np.flatnonzero(lengths >= PAUSES * after) + 1)[::-1].tolist():
            pause = int(after[cuts - 1])
            found = self._parted(first, last, frames, int(lengths[cuts - 1]), pause)
            if found:
                return found, pause
        pause = int(lengths[0]) if len(lengths) else self.longest
        whole = frames >= DENSE and last - first >= max(SHORTEST_RUN, PAUSES * pause)
        return ([Run(first, last)] if whole else []), pause

    def _parted(self, first: int, last: int, frames: int, least: int, pause: int) -> list[Run]:
        cut = self._kept[self._kept[:, 0] >= least]
        begin = np.append(first, cut[:, 1])
        end = np.append(cut[:, 1] - cut[:, 0], last)
        held = np.diff(np.concatenate([[0], cut[:, 2], [frames]]))
        dense = (held >= DENSE) & (end - begin >= max(LONG, PAUSES * pause))
        apart = 2 * int((end - begin).sum()) < last - first
        if not apart or dense.sum() < 2 or held[dense].sum() < MOSTLY * frames:
            return []
        return [Run(*run) for run in zip(begin.tolist(), end.tolist(), strict=True)]
