"""Sequence numbers of exporters: what was lost and when, what came twice, and when an exporter started again.

An exporter numbers flow records (NetFlow v5, IPFIX) or messages (v9, sFlow); some number the other way than
their RFC says. Both are followed, and what makes sense is chosen afterwards.
"""

from __future__ import annotations

import mmap
from typing import NamedTuple

import numpy as np

from netwatch.kernels.jit import kernel, part
from netwatch.kernels.messages import DUPLICATE, STREAMS

REMEMBERED = 16
"""Messages of a stream that are compared with the next to tell repetition."""
RECORDS, MESSAGES = range(2)
JUMP = np.array([10_000_000, 100_000], np.int64)
"""Gaps that are too large for a loss: the exporter started again."""
LATE = np.array([100_000, 1_000], np.int64)
"""How far behind a message may come late."""
HALF, WHOLE = np.int64(1 << 31), np.int64(1 << 32)
BREAK = np.dtype(
    [
        ("since", "i8"),  # export of the last message before it, ns
        ("until", "i8"),  # export of the first after it
        ("before", "i8"),  # records or messages that had come before it
        ("after", "i8"),  # that had come after it, itself and the message that showed it included
        ("lost", "i8"),  # -1 unknown: the exporter started again
        ("stream", "i4"),
        ("unit", "u1"),
    ],
    align=True,
)
"""A stretch in which numbers did not run on."""
BREAKS = 1 << 18
NEAR = np.int64(60_000_000_000)
"""Losses no further apart (ns) are one stretch."""


class Sequences(NamedTuple):
    """State of every stream; the second axis is what is numbered: RECORDS, MESSAGES.

    ``last``: row of ``breaks`` that a stream wrote last, -1 none; ``crowded``: there was no room for one of its breaks.
    ``first`` and ``latest``: earliest and latest export so far, ns; 0 none.
    """

    known: np.ndarray  # bool (STREAMS, 2)
    expected: np.ndarray  # int64 (STREAMS, 2)
    lost: np.ndarray  # int64 (STREAMS, 2)
    gaps: np.ndarray  # int64 (STREAMS, 2), messages before which some were missing
    late: np.ndarray  # int64 (STREAMS, 2)
    restarts: np.ndarray  # int64 (STREAMS, 2)
    seen: np.ndarray  # int64 (STREAMS, 2)
    uptime: np.ndarray  # int64 (STREAMS,)
    hashes: np.ndarray  # uint64 (STREAMS, REMEMBERED)
    first: np.ndarray  # int64 (STREAMS,)
    latest: np.ndarray  # int64 (STREAMS,)
    followed: np.ndarray  # int64 (STREAMS, 2)
    breaks: np.ndarray  # BREAK (BREAKS,)
    last: np.ndarray  # int64 (STREAMS, 2)
    used: np.ndarray  # int64 (1,)
    crowded: np.ndarray  # bool (STREAMS,)

    @classmethod
    def empty(cls) -> Sequences:
        """Nothing seen."""
        expected, lost, gaps, late, restarts, seen, followed = _untouched(14 * STREAMS, np.int64).reshape(7, STREAMS, 2)
        uptime, first, latest = _untouched(3 * STREAMS, np.int64).reshape(3, STREAMS)
        return cls(
            np.zeros((STREAMS, 2), np.bool_), expected, lost, gaps, late, restarts, seen, uptime,
            _untouched(STREAMS * REMEMBERED, np.uint64).reshape(STREAMS, REMEMBERED), first, latest, followed,
            _untouched(BREAKS, BREAK), np.full((STREAMS, 2), -1, np.int64), np.zeros(1, np.int64),
            np.zeros(STREAMS, np.bool_),
        )  # fmt: skip


def _untouched(count: int, dtype: type | np.dtype) -> np.ndarray:
    """Zeros that are real memory only once they are written; an allocator that has memory left would clear it all."""
    kind = np.dtype(dtype)
    return np.frombuffer(mmap.mmap(-1, count * kind.itemsize), kind)


@kernel
def repeated(messages, sequences):  # type: ignore[no-untyped-def]
    """Mark messages whose octets are those of one shortly before as DUPLICATE; gives how many."""
    found = 0
    for i in range(len(messages)):
        message = messages[i]
        s = message.stream
        if s < 0:
            continue
        same = False
        for k in range(REMEMBERED):
            same = same or sequences.hashes[s, k] == message.hash
        if same:
            message.status = DUPLICATE
            found += 1
        else:
            sequences.hashes[s, sequences.seen[s, MESSAGES] % REMEMBERED] = message.hash
            sequences.seen[s, MESSAGES] += 1
    return found


@part
def _break(sequences, s, unit, export, step, lost):  # type: ignore[no-untyped-def]
    """Remember that before the message of ``export``, which brings ``step``, ``lost`` are missing (-1 unknown)."""
    since, until = min(sequences.latest[s], export), max(sequences.latest[s], export)
    came = sequences.followed[s, unit] + step
    at = sequences.last[s, unit]
    if at >= 0:
        former = sequences.breaks[at]
        if since - former.until <= NEAR and (former.lost >= 0) == (lost >= 0):
            former.until, former.after = max(former.until, until), came
            former.lost += max(lost, np.int64(0))
            return
    at = sequences.used[0]
    if at >= len(sequences.breaks):
        sequences.crowded[s] = True
        return
    sequences.used[0] += 1
    sequences.last[s, unit] = at
    row = sequences.breaks[at]
    row.stream, row.unit, row.since, row.until = s, unit, since, until
    row.before, row.after, row.lost = came - step, came, lost


@part
def _found_again(sequences, s, unit, step):  # type: ignore[no-untyped-def]
    """Take back what was counted as lost: a message came late."""
    sequences.late[s, unit] += 1
    sequences.lost[s, unit] -= min(step, sequences.lost[s, unit])
    at = sequences.last[s, unit]
    if at >= 0 and sequences.breaks[at].lost > 0:
        sequences.breaks[at].lost -= min(step, sequences.breaks[at].lost)


@kernel
def follow(messages, records, uncertain, sequences):  # type: ignore[no-untyped-def]
    """Compare the sequence number of each message with what was expected.

    Args:
        messages: array of MESSAGE.
        records: int64 (n,), data records in each.
        uncertain: bool (n,), where some of its records could not be counted.
        sequences: :class:`Sequences`, added to.

    """
    for i in range(len(messages)):
        message = messages[i]
        s = message.stream
        if s < 0 or message.status == DUPLICATE or message.version == 1:
            continue
        sequences.seen[s, RECORDS] += records[i]
        uptime, export = np.int64(message.uptime), np.int64(message.export)
        restarted = uptime + 60_000 < sequences.uptime[s] and sequences.uptime[s] - uptime < HALF
        sequences.uptime[s] = uptime
        for unit in (RECORDS, MESSAGES):
            step = records[i] if unit == RECORDS else np.int64(1)
            number = np.int64(message.sequence)
            follows = (number + step) % WHOLE
            if not sequences.known[s, unit]:
                sequences.known[s, unit] = True
                sequences.expected[s, unit] = follows
            else:
                gap = (number - sequences.expected[s, unit]) % WHOLE
                gap -= WHOLE if gap >= HALF else np.int64(0)
                if restarted or gap > JUMP[unit] or gap < -LATE[unit]:
                    sequences.restarts[s, unit] += 1
                    sequences.expected[s, unit] = follows
                    _break(sequences, s, unit, export, step, np.int64(-1))
                elif gap >= 0:
                    sequences.lost[s, unit] += gap
                    sequences.expected[s, unit] = follows
                    if gap > 0:
                        sequences.gaps[s, unit] += 1
                        _break(sequences, s, unit, export, step, gap)
                else:
                    _found_again(sequences, s, unit, step)
            sequences.followed[s, unit] += step
            if unit == RECORDS and uncertain[i]:
                sequences.known[s, unit] = False
        sequences.first[s] = min(sequences.first[s], export) if sequences.first[s] else export
        sequences.latest[s] = max(sequences.latest[s], export)
