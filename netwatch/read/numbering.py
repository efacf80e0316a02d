"""``Numbering``: what the sequence numbers of exporters tell: losses, and what was heard without any."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netwatch.kernels.machine import Arguments
from netwatch.kernels.messages import SFLOW, Streams
from netwatch.kernels.sequence import MESSAGES, RECORDS, Sequences, follow, repeated
from netwatch.model.heard import Heard
from netwatch.model.tally import Tally

MOST_ODD = 0.1
"""Share of messages out of order or after a restart beyond which an exporter's numbers tell nothing."""


class Numbering:
    """The sequence numbers of all streams of an input."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._state = Sequences.empty()
        self._given = Arguments([self._state])  # taken apart once for all calls

    def repeated(self, messages: np.ndarray) -> None:
        """Mark messages that came before as duplicates."""
        repeated(messages, self._given)

    def follow(self, messages: np.ndarray, records: np.ndarray, uncertain: np.ndarray) -> None:
        """Go on with messages; ``records`` int64 (n,) of each, ``uncertain`` bool (n,): some could not be counted."""
        follow(messages, records, uncertain, self._given)

    def tell(self, tally: Tally) -> None:
        """Bring the tally's losses and their notes up to date."""
        state, count = self._state, int(self._streams.used[0])
        every, unit = np.arange(count), self._unit()
        lost, seen = state.lost[:count], np.maximum(state.seen[:count], 1)
        estimate = lost[every, MESSAGES] * seen[:, RECORDS] // seen[:, MESSAGES]
        records = np.where(
            unit == RECORDS,
            lost[every, RECORDS],
            np.maximum(estimate, lost[every, MESSAGES]),
        )
        tally.lost = int(records.sum())
        for text, value in (
            ("export messages lost", int(lost[every, unit][unit == MESSAGES].sum())),
            ("flow records lost", int(lost[every, unit][unit == RECORDS].sum())),
            ("message out of order", int(state.late[every, unit].sum())),
            ("exporter started again", int(state.restarts[every, unit].sum())),
        ):
            if value:
                tally.notes[text] = value

    def _unit(self) -> np.ndarray:
        """What each stream numbers: as its RFC says, unless the other way runs on more often."""
        count = int(self._streams.used[0])
        version = (self._streams.keys[:count, 2] >> np.uint64(32)).astype(np.int64)
        usual = np.where((version == 9) | (version == SFLOW), MESSAGES, RECORDS)
        other = np.where(usual == MESSAGES, RECORDS, MESSAGES)
        state, every = self._state, np.arange(count)
        odd = state.gaps[:count] + state.late[:count] + state.restarts[:count]
        return np.where(odd[every, other] < odd[every, usual], other, usual)

    def heard(self) -> Iterator[Heard]:
        """Spans of which the share of records that came is known, by stream, in order of time.

        Streams without sequence numbers (NetFlow v1) or with such that make no sense tell of none.
        """
        state, count = self._state, int(self._streams.used[0])
        unit, messages = self._unit(), np.maximum(state.seen[:count, MESSAGES], 1)
        every = np.arange(count)
        odd = (state.late[:count] + state.restarts[:count])[every, unit] / messages
        breaks = state.breaks[: int(state.used[0])]
        mine = breaks[breaks["unit"] == unit[breaks["stream"]]]
        mine = mine[np.argsort(mine["stream"], kind="stable")]
        bounds = np.searchsorted(mine["stream"], np.arange(count + 1))
        for stream in np.flatnonzero((odd <= MOST_ODD) & ~state.crowded[:count] & (state.first[:count] > 0)).tolist():
            high, low, about = self._streams.keys[stream].tolist()
            whole = int(state.first[stream]), int(state.latest[stream])
            for since, until, share in _spans(whole, mine[bounds[stream] : bounds[stream + 1]]):
                yield Heard((high, low), about & 0xFFFF_FFFF, since, until, share)


def _spans(whole: tuple[int, int], breaks: np.ndarray) -> Iterator[tuple[int, int, float]]:
    """(since, until, share that came) of a stream between its first and its last export."""
    place, last = whole
    for row in breaks:
        since, until, lost = int(row["since"]), int(row["until"]), int(row["lost"])
        if since > place:
            yield place, since, 1.0
        if lost >= 0 and until > max(since, place):
            came = int(row["after"] - row["before"])
            yield max(since, place), until, came / (came + lost) if came else 0.0
        place = max(place, until)
    if last > place:
        yield place, last, 1.0
