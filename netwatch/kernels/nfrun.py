"""A run of nfdump's records (layout 2) that have the same elements: one element of all of them at a time.

nfcapd writes the same elements for every record of a template, so that runs are long; a run of one is no exception.
"""

from __future__ import annotations

import numpy as np

from netwatch.kernels import moments as m
from netwatch.kernels import records as r
from netwatch.kernels.jit import checked_before, part
from netwatch.kernels.load import (
    bare16,
    bare32,
    bare64,
    bare_le16,
    bare_le32,
    bare_le64,
    either16,
)
from netwatch.kernels.stride import MAPPED, spread_one, within

HEADER = 12
"""Octets of a record before its elements."""
GENERIC, IPV4, IPV6, MISC, OUT, VLAN, AS, BGP4, BGP6, HOP4, HOP6, RECEIVED4, RECEIVED6 = range(1, 14)
ADJACENT, EVENT = 16, 19
"""Elements of a record."""
ENDED = 0
"""In place of a kind: MISC that is long enough to tell why a flow ended."""
KINDS = 32
NEEDED = np.full(KINDS, 1 << 30, np.int64)
"""Octets that an element must have to be read, by its kind."""
for _kind, _least in (
    (GENERIC, 48), (IPV4, 8), (IPV6, 32), (MISC, 12), (OUT, 24), (VLAN, 8), (AS, 8), (BGP4, 4), (BGP6, 16), (HOP4, 4),
    (HOP6, 16), (RECEIVED4, 4), (RECEIVED6, 16), (ADJACENT, 8), (EVENT, 8),
):  # fmt: skip
    NEEDED[_kind] = _least
_LATEST = m.LATEST // 1_000_000


@checked_before
def alike(octets, p, q, size, big):  # type: ignore[no-untyped-def]
    """Whether the records of ``size`` octets at ``p`` and ``q`` have the same elements."""
    if p < 0 or q < 0 or size < HEADER or p > octets.size - size or q > octets.size - size:
        return False
    if bare32(octets, p) != bare32(octets, q) or bare16(octets, p + 4) != bare16(octets, q + 4):
        return False
    at = np.int64(HEADER)
    while at + 4 <= size:
        if bare32(octets, p + at) != bare32(octets, q + at):
            return False
        step = np.int64(bare16(octets, p + at + 2) if big else bare_le16(octets, p + at + 2))
        if step < 4:
            return True
        at += step
    return True


@part
def elements(octets, p, size, big):  # type: ignore[no-untyped-def]
    """The kinds of elements that can be read of a record, a bit each."""
    found = np.int64(0)
    at = np.int64(HEADER)
    while at + 4 <= size:
        kind, step = either16(octets, p + at, big), either16(octets, p + at + 2, big)
        if step < 4 or at + step > size:
            break
        if kind < KINDS and step - 4 >= NEEDED[kind]:
            found |= np.int64(1) << kind
            if kind == MISC and step >= 20:
                found |= np.int64(1) << ENDED
        at += step
    return found


@checked_before
def _sixteen(target, at, octets, p, step, count, big):  # type: ignore[no-untyped-def]
    within(target, at, octets, p, step, count, 2)
    for k in range(count):
        target[at + k] = bare16(octets, p + k * step) if big else bare_le16(octets, p + k * step)


@checked_before
def _thirty_two(target, at, octets, p, step, count, big):  # type: ignore[no-untyped-def]
    within(target, at, octets, p, step, count, 4)
    for k in range(count):
        target[at + k] = bare32(octets, p + k * step) if big else bare_le32(octets, p + k * step)


@checked_before
def _sixty_four(target, at, octets, p, step, count, big, most, unit):  # type: ignore[no-untyped-def]
    """Saturated at ``most``, then times ``unit``."""
    within(target, at, octets, p, step, count, 8)
    for k in range(count):
        value = bare64(octets, p + k * step) if big else bare_le64(octets, p + k * step)
        target[at + k] = np.int64(min(value, np.uint64(most))) * unit


@checked_before
def _address4(target, at, octets, p, step, count, big, hop):  # type: ignore[no-untyped-def]
    """A next ``hop`` is written only where there is none yet, and not if it is 0.0.0.0."""
    within(target, at, octets, p, step, count, 4)
    for k in range(count):
        address = np.uint64(bare32(octets, p + k * step) if big else bare_le32(octets, p + k * step))
        if not hop or (address != np.uint64(0) and target[at + k, 1] == np.uint64(0)):
            target[at + k, 0] = np.uint64(0)
            target[at + k, 1] = MAPPED | address


@checked_before
def _address6(target, at, octets, p, step, count, big, hop):  # type: ignore[no-untyped-def]
    within(target, at, octets, p, step, count, 16)
    for k in range(count):
        if not hop or target[at + k, 1] == np.uint64(0):
            q = p + k * step
            target[at + k, 0] = bare64(octets, q) if big else bare_le64(octets, q)
            target[at + k, 1] = bare64(octets, q + 8) if big else bare_le64(octets, q + 8)


@part
def _generic(octets, q, size, count, big, columns, k):  # type: ignore[no-untyped-def]
    for row, place in ((r.START, 0), (r.END, 8)):
        _sixty_four(columns.wide[row], k, octets, q + place, size, count, big, _LATEST, np.int64(1_000_000))
    for row, place in ((r.PACKETS, 24), (r.OCTETS, 32)):
        _sixty_four(columns.wide[row], k, octets, q + place, size, count, big, m.WIDEST, np.int64(1))
    for row, place in ((r.SOURCE_PORT, 40), (r.DESTINATION_PORT, 42)):
        _sixteen(columns.two[row], k, octets, q + place, size, count, big)
    for row, place in ((r.PROTOCOL, 44), (r.CLASS, 47)):
        spread_one(columns.one[row], k, octets, q + place, size, count)
    spread_one(columns.two[r.FLAGS], k, octets, q + 45, size, count)


@part
def _numbers(octets, kind, q, size, count, big, columns, k):  # type: ignore[no-untyped-def]
    """Read an element that holds no more than numbers of 32 bits."""
    first, second = r.INGRESS, r.EGRESS
    if kind == VLAN:
        _thirty_two(columns.two[r.VLAN], k, octets, q, size, count, big)
        for i in range(k, k + count):
            columns.two[r.VLAN, i] &= np.uint16(0xFFF)
        return
    if kind == ADJACENT:
        _thirty_two(columns.four[r.NEXT_AS], k, octets, q, size, count, big)
        return
    if kind == AS:
        first, second = r.SOURCE_AS, r.DESTINATION_AS
    _thirty_two(columns.four[first], k, octets, q, size, count, big)
    _thirty_two(columns.four[second], k, octets, q + 4, size, count, big)


@part
def _addresses(octets, kind, q, size, count, big, columns, k):  # type: ignore[no-untyped-def]
    if kind == IPV4:
        _address4(columns.address[r.SOURCE], k, octets, q, size, count, big, False)
        _address4(columns.address[r.DESTINATION], k, octets, q + 4, size, count, big, False)
    elif kind == IPV6:
        _address6(columns.address[r.SOURCE], k, octets, q, size, count, big, False)
        _address6(columns.address[r.DESTINATION], k, octets, q + 16, size, count, big, False)
    elif kind in (HOP4, BGP4):
        _address4(columns.address[r.NEXT_HOP], k, octets, q, size, count, big, True)
    elif kind in (HOP6, BGP6):
        _address6(columns.address[r.NEXT_HOP], k, octets, q, size, count, big, True)
    elif kind == RECEIVED4:
        _address4(columns.address[r.EXPORTER], k, octets, q, size, count, big, False)
    elif kind == RECEIVED6:
        _address6(columns.address[r.EXPORTER], k, octets, q, size, count, big, False)


@part
def decode_run(octets, p, size, count, big, columns, k):  # type: ignore[no-untyped-def]
    """Read ``count`` records of ``size`` octets from ``p`` on, all with the same elements, into rows ``k`` and on.

    Returns:
        (place of the element OUT, of MISC if it says whether flows have both directions, of EVENT, all -1 where there
        is none; records with an element that goes beyond them).

    """
    out, both, event = np.int64(-1), np.int64(-1), np.int64(-1)
    at = np.int64(HEADER)
    while at + 4 <= size:
        kind, step = either16(octets, p + at, big), either16(octets, p + at + 2, big)
        if step < 4 or at + step > size:
            return out, both, event, count
        q = p + at + 4
        if kind >= KINDS or step - 4 < NEEDED[kind]:
            at += step
            continue
        if kind == GENERIC:
            _generic(octets, q, size, count, big, columns, k)
        elif kind in (MISC, VLAN, AS, ADJACENT):
            _numbers(octets, kind, q, size, count, big, columns, k)
            if kind == MISC and step >= 20:
                both = q + 12
                spread_one(columns.one[r.END_REASON], k, octets, q + 13, size, count)
                spread_one(columns.two[r.REVERSE_FLAGS], k, octets, q + 14, size, count)
        elif kind == OUT:
            out = q
        elif kind == EVENT:
            event = q
        else:
            _addresses(octets, kind, q, size, count, big, columns, k)
        at += step
    return out, both, event, np.int64(0)
