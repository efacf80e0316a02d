"""``Exchange``: what the packets of a flow showed beyond its counters.

Held only for flows that carried payload, so that a SYN flood costs nothing. Index 0 of a pair axis
is the forward direction (source to destination), 1 the reverse. A *message* is a run of packets with
payload in one direction, none further than 50 ms from the one before and none of the other direction between;
its size is the sum of payload octets. TCP segments that repeat what went before count in no message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

HEAD = 512
"""Octets of payload kept per direction, at most."""
SIZES = 4
"""Message sizes counted per direction; never more of a size than there were, hardly fewer of a common one."""
PUSHES = 32
"""Times of unsolicited reverse messages kept per flow."""


@dataclass(slots=True)
class Exchange:
    """For m of the batch's n flows, in columns.

    ``row`` int32 (n,): index into the other arrays, -1 for a flow without payload.
    ``head_start`` int64 (m, 2) and ``head_length`` uint16 (m, 2): where in ``heads`` uint8 (k,) the first
    payload octets of each direction lie, in order of arrival, TCP repeats left out.
    ``first`` uint16 (m, 2): octets of each direction's first message, saturated, 0 for none.
    ``messages`` uint32 (m, 2): messages; ``large_messages`` uint32 (m, 2): those over 1,000 octets.
    ``size`` uint16 (m, 2, SIZES) and ``size_count`` uint32 (m, 2, SIZES): most frequent message sizes
    (saturated at 65,535) and how often, most frequent first.
    ``interval_sum``, ``interval_squares`` float64 (m, 2): sum and sum of squares of seconds between message starts.
    ``interval_count`` uint32 (m, 2).
    ``answered`` uint32 (m,): forward messages whose next message is a reverse one that starts within 3 s.
    ``unsolicited`` uint32 (m,): reverse messages that start with no forward packet in the 3 s before.
    ``push_time`` int64 (m, PUSHES): ns times of the first unsolicited reverse messages, 0 beyond ``unsolicited``.
    """

    row: np.ndarray
    heads: np.ndarray
    head_start: np.ndarray
    head_length: np.ndarray
    first: np.ndarray
    messages: np.ndarray
    large_messages: np.ndarray
    size: np.ndarray
    size_count: np.ndarray
    interval_sum: np.ndarray
    interval_squares: np.ndarray
    interval_count: np.ndarray
    answered: np.ndarray
    unsolicited: np.ndarray
    push_time: np.ndarray

    def __len__(self) -> int:
        return len(self.head_start)

    @classmethod
    def none(cls, n: int) -> Exchange:
        """For ``n`` flows none of which carried payload."""
        return cls(
            np.full(n, -1, np.int32), np.zeros(0, np.uint8), np.zeros((0, 2), np.int64), np.zeros((0, 2), np.uint16),
            np.zeros((0, 2), np.uint16),
            np.zeros((0, 2), np.uint32), np.zeros((0, 2), np.uint32), np.zeros((0, 2, SIZES), np.uint16),
            np.zeros((0, 2, SIZES), np.uint32), np.zeros((0, 2)), np.zeros((0, 2)), np.zeros((0, 2), np.uint32),
            np.zeros(0, np.uint32), np.zeros(0, np.uint32), np.zeros((0, PUSHES), np.int64),
        )  # fmt: skip

    def head(self, flow: int, direction: int) -> bytes:
        """First payload octets of one flow (index into the batch) and direction; empty where there are none."""
        at = self.row[flow]
        if at < 0:
            return b""
        start = int(self.head_start[at, direction])
        return self.heads[start : start + int(self.head_length[at, direction])].tobytes()

    def take(self, rows: np.ndarray) -> Exchange:
        """The exchanges of the flows at ``rows`` (index array or mask); the octets in ``heads`` are shared."""
        old = self.row[rows]
        kept = old >= 0
        row = np.full(len(old), -1, np.int32)
        row[kept] = np.arange(int(kept.sum()), dtype=np.int32)
        at = old[kept]
        rest = {f.name: getattr(self, f.name)[at] for f in fields(self) if f.name not in ("row", "heads")}
        return Exchange(row=row, heads=self.heads, **rest)

    @classmethod
    def concatenate(cls, parts: Sequence[Exchange]) -> Exchange:
        """The exchanges of batches laid end to end."""
        joined = {f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)}
        row_base = np.cumsum([0, *(len(p) for p in parts[:-1])])
        octet_base = np.cumsum([0, *(len(p.heads) for p in parts[:-1])])
        joined["row"] = np.concatenate(
            [np.where(p.row >= 0, p.row + b, -1) for p, b in zip(parts, row_base, strict=True)]
        ).astype(np.int32)
        joined["head_start"] = np.concatenate([p.head_start + b for p, b in zip(parts, octet_base, strict=True)])
        return cls(**joined)
