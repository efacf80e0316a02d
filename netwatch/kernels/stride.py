"""One field of all records of a set, into one column: each range is checked once, and no element after that."""

from __future__ import annotations

import numpy as np

from netwatch.kernels.jit import checked_before, inlined
from netwatch.kernels.load import bare16, bare32, bare64
from netwatch.kernels.moments import WIDEST

MAPPED = np.uint64(0xFFFF_0000_0000)


@inlined
def within(target, at, octets, p, step, count, length):  # type: ignore[no-untyped-def]
    """Raise unless all of ``count`` fields of ``length`` octets, ``step`` apart, and as many places are there."""
    if count < 1 or step < length or p < 0 or at < 0:
        raise IndexError("no such range")
    if at > target.shape[0] - count or p > octets.size - length - (count - 1) * step:
        raise IndexError("range ends beyond its array")


@checked_before
def spread_one(target, at, octets, p, step, count):  # type: ignore[no-untyped-def]
    """``target[at + k] = octet at p + k * step``."""
    within(target, at, octets, p, step, count, 1)
    for k in range(count):
        target[at + k] = octets[p + k * step]


@checked_before
def spread_two(target, at, octets, p, step, count):  # type: ignore[no-untyped-def]
    """Likewise for 16 bits in network order."""
    within(target, at, octets, p, step, count, 2)
    for k in range(count):
        target[at + k] = bare16(octets, p + k * step)


@checked_before
def spread_four(target, at, octets, p, step, count):  # type: ignore[no-untyped-def]
    """Likewise for 32 bits."""
    within(target, at, octets, p, step, count, 4)
    for k in range(count):
        target[at + k] = bare32(octets, p + k * step)


@checked_before
def spread_eight(target, at, octets, p, step, count):  # type: ignore[no-untyped-def]
    """Likewise for 64 bits into int64, saturated."""
    within(target, at, octets, p, step, count, 8)
    for k in range(count):
        target[at + k] = np.int64(min(bare64(octets, p + k * step), np.uint64(WIDEST)))


@checked_before
def spread_address4(target, at, octets, p, step, count, overwrites):  # type: ignore[no-untyped-def]
    """Likewise for IPv4 addresses into uint64 (n, 2), mapped to IPv6.

    0.0.0.0 leaves an address that is there already, and any place where it does not ``overwrites``.
    """
    within(target, at, octets, p, step, count, 4)
    for k in range(count):
        address = np.uint64(bare32(octets, p + k * step))
        if address or (overwrites and target[at + k, 1] == np.uint64(0)):
            target[at + k, 0] = np.uint64(0)
            target[at + k, 1] = MAPPED | address


@checked_before
def spread_address6(target, at, octets, p, step, count):  # type: ignore[no-untyped-def]
    """Likewise for IPv6 addresses; one of zeros leaves what is there."""
    within(target, at, octets, p, step, count, 16)
    for k in range(count):
        high, low = bare64(octets, p + k * step), bare64(octets, p + k * step + 8)
        if high or low:
            target[at + k, 0], target[at + k, 1] = high, low


@checked_before
def spread_uptimes(target, at, octets, p, step, count, export, uptime):  # type: ignore[no-untyped-def]
    """Likewise for times in ms of 32 bits since the exporter started, as ns since 1970.

    The count starts again every 49.7 days: the age against the header's own ``uptime`` tells.
    """
    within(target, at, octets, p, step, count, 4)
    for k in range(count):
        age = (uptime - np.int64(bare32(octets, p + k * step))) & 0xFFFFFFFF
        age -= (age >> 31) << 32
        target[at + k] = export - age * 1_000_000
