"""Which columns the elements of nfcapd's records fill: what need not be zeroed before, and what is not there at all."""

from __future__ import annotations

import functools

from netwatch.kernels import nfrun as n
from netwatch.kernels import records as r

Place = tuple[str, int]

FILLED: frozenset[Place] = frozenset({("wide", r.FRAME), ("four", r.INPUT)})
"""By the reader, for every record."""
_NEEDED: frozenset[Place] = frozenset(
    {("wide", r.START), ("wide", r.END), ("address", r.EXPORTER), ("four", r.DOMAIN), ("address", r.SOURCE),
     ("address", r.DESTINATION)}
)  # fmt: skip
"""Read, or told, whatever the elements."""
_HOP: frozenset[Place] = frozenset({("address", r.NEXT_HOP)})
_ENDS: frozenset[Place] = frozenset({("address", r.SOURCE), ("address", r.DESTINATION)})
_PLACES: dict[int, frozenset[Place]] = {
    n.GENERIC: frozenset(
        {("wide", row) for row in (r.START, r.END, r.PACKETS, r.OCTETS)}
        | {("two", row) for row in (r.SOURCE_PORT, r.DESTINATION_PORT, r.FLAGS)}
        | {("one", row) for row in (r.PROTOCOL, r.CLASS)}
    ),
    n.IPV4: _ENDS,
    n.IPV6: _ENDS,
    n.MISC: frozenset({("four", r.INGRESS), ("four", r.EGRESS)}),
    n.ENDED: frozenset({("one", r.END_REASON), ("two", r.REVERSE_FLAGS)}),
    n.VLAN: frozenset({("two", r.VLAN)}),
    n.AS: frozenset({("four", r.SOURCE_AS), ("four", r.DESTINATION_AS)}),
    n.ADJACENT: frozenset({("four", r.NEXT_AS)}),
    n.RECEIVED4: frozenset({("address", r.EXPORTER)}),
    n.RECEIVED6: frozenset({("address", r.EXPORTER)}),
}
_SOMETIMES: dict[int, frozenset[Place]] = {
    **dict.fromkeys((n.HOP4, n.HOP6, n.BGP4, n.BGP6), _HOP),
    n.OUT: frozenset(
        {("wide", r.PACKETS), ("wide", r.OCTETS), ("wide", r.REVERSE_PACKETS), ("wide", r.REVERSE_OCTETS),
         ("two", r.REVERSE_FLAGS), ("one", r.DETAIL)}
    ),
}  # fmt: skip
"""Of elements that read these, or write them only under a condition."""
_ALL: frozenset[Place] = _NEEDED.union(*_PLACES.values(), *_SOMETIMES.values())


@functools.lru_cache(1024)
def use(some: int, every: int) -> tuple[frozenset[Place], frozenset[Place]]:
    """(columns that records may fill, those of them that must be zeros before).

    Args:
        some: kinds of elements that some record has, a bit each; 0: any.
        every: kinds that all have.

    """
    if not some:
        return _ALL, _ALL
    written = _NEEDED.union(*(places for kind, places in (_PLACES | _SOMETIMES).items() if some >> kind & 1))
    sure = {("four", r.DOMAIN)}.union(*(places for kind, places in _PLACES.items() if every >> kind & 1))
    return written, written - sure
