"""``Copies``: packets that several captures of one time hold, such as those of both sides of a router."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netwatch.model.packets import PACKET, Packets
from netwatch.model.tally import Tally

SMALLEST, LARGEST = 1 << 14, 1 << 22
"""Entries of the table: 40 octets for each packet that may have a copy in a later capture."""
COPY = "packet that another capture holds too"
_NEVER = np.iinfo(np.int64).max


class Copies:
    """Packets of captures one after the other; ``begins``: when each begins, ns, None where that is not known.

    Only captures that overlap are compared, within the span that a later one may share.
    """

    def __init__(self, begins: Sequence[int | None], *, dedupe: bool) -> None:
        self._begins = begins
        self._dedupe = dedupe
        self._latest = 0  # of what is remembered
        self._table: np.ndarray | None = None
        self._state = np.zeros(3, np.int64)
        self._seen = [0, 0]
        self._found = 0

    def once(self, packets: Packets) -> Packets:
        """The packets without those that another capture held, if they are to count once; else all, and a count."""
        from netwatch.kernels.copies import NEAR, mark_copies

        rows = packets.rows
        if len(self._begins) < 2 or not len(rows):
            return packets
        later = [begin for begin in self._begins[packets.input + 1 :] if begin is not None]
        since = min(later) - NEAR if later else _NEVER
        first, last = int(rows["time"].min()), int(rows["time"].max())
        self._seen[0] += len(rows)
        self._seen[1] += int(rows["ip_length"].sum(dtype=np.int64))
        if last < since and (self._table is None or first > self._latest + NEAR):
            return packets
        if last >= since:
            self._latest = max(self._latest, last)
        rows = np.ascontiguousarray(rows, PACKET).view()
        rows.flags.writeable = False
        copy = np.zeros(len(rows), np.bool_)
        found = mark_copies(rows, packets.input, since, self._room(len(rows)), self._state, copy)
        self._found += found
        if not (found and self._dedupe):
            return packets
        return Packets(packets.rows[~copy], packets.octets, packets.input, packets.carriers)

    def _room(self, count: int) -> np.ndarray:
        """The table, with room for so many more as far as it may grow."""
        from netwatch.kernels.copies import ENTRY, USED, move

        table = np.zeros(SMALLEST, ENTRY) if self._table is None else self._table
        while (int(self._state[USED]) + count) * 4 > len(table) * 3 and len(table) < LARGEST:
            larger = np.zeros(2 * len(table), ENTRY)
            move(table, larger)
            table = larger
        self._table = table
        return table

    @property
    def tallies(self) -> list[Tally]:
        """One where captures were found to overlap, else none."""
        from netwatch.kernels.copies import CROWDED, OCTETS

        if self._table is None:
            return []
        tally, octets = Tally("captures", "packet"), int(self._state[OCTETS])
        if self._dedupe and self._found:
            tally.drop(COPY, self._found, octets)
        elif self._found:
            tally.notes[COPY + " (counted each time without --dedupe)"] = self._found
        if self._state[CROWDED]:
            tally.notes["packet not compared with other captures (too many at once)"] = int(self._state[CROWDED])
        dropped = sum(drop.units for drop in tally.dropped.values())
        tally.keep(self._seen[0] - dropped, self._seen[1] - (octets if dropped else 0))
        return [tally]
