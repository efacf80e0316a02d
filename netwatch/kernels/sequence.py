"""Sequence numbers of flow export messages: what was lost, repeated, late, or restarted.

NetFlow v5, v7 and IPFIX number flow records, v9 messages (RFC 3954 section 5.1, RFC 7011 section 3.1); some
exporters mix that up, so both are followed and the one with fewer gaps is believed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.kernels.jit import kernel
from netwatch.kernels.messages import DUPLICATE, STREAMS

REMEMBERED = 16
"""Messages of a stream that are compared with the next to tell repetition."""
RECORDS, MESSAGES = range(2)
JUMP = np.array([10_000_000, 100_000], np.int64)
"""Gaps that are too large for a loss: the exporter started again."""
LATE = np.array([100_000, 1_000], np.int64)
"""How far behind a message may come late."""
HALF, WHOLE = np.int64(1 << 31), np.int64(1 << 32)


class Sequences(NamedTuple):
    """State of every stream; the second axis is what is numbered: RECORDS, MESSAGES."""

    known: np.ndarray  # bool (STREAMS, 2)
    expected: np.ndarray  # int64 (STREAMS, 2)
    lost: np.ndarray  # int64 (STREAMS, 2)
    late: np.ndarray  # int64 (STREAMS, 2)
    restarts: np.ndarray  # int64 (STREAMS, 2)
    seen: np.ndarray  # int64 (STREAMS, 2)
    uptime: np.ndarray  # int64 (STREAMS,)
    hashes: np.ndarray  # uint64 (STREAMS, REMEMBERED)

    @classmethod
    def empty(cls) -> Sequences:
        """Nothing seen."""
        expected, lost, late, restarts, seen = np.zeros((5, STREAMS, 2), np.int64)
        known, uptime = np.zeros((STREAMS, 2), np.bool_), np.zeros(STREAMS, np.int64)
        return cls(known, expected, lost, late, restarts, seen, uptime, np.zeros((STREAMS, REMEMBERED), np.uint64))


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
        uptime = np.int64(message.uptime)
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
                elif gap >= 0:
                    sequences.lost[s, unit] += gap
                    sequences.expected[s, unit] = follows
                else:
                    sequences.late[s, unit] += 1
                    sequences.lost[s, unit] -= min(step, sequences.lost[s, unit])
            if unit == RECORDS and uncertain[i]:
                sequences.known[s, unit] = False
