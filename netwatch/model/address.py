"""Addresses of both families in one 128-bit form: IPv4 is mapped to ``::ffff:0:0/96`` (RFC 4291 section 2.5.5.2)."""

from __future__ import annotations

import ipaddress

import numpy as np

MAPPED = 0xFFFF << 32
"""Low half of ``::ffff:0.0.0.0``; a mapped address has high half 0 and these bits above its 32 own."""


def pack(address: str) -> tuple[int, int]:
    """(high, low) halves of an address written as text.

    Raises:
        ValueError: not an IPv4 or IPv6 address.

    """
    ip = ipaddress.ip_address(address)
    number = int(ip) if ip.version == 6 else MAPPED | int(ip)
    return number >> 64, number & 0xFFFF_FFFF_FFFF_FFFF


def text(high: int, low: int) -> str:
    """Text of one address; a mapped one as dotted IPv4."""
    if high == 0 and low >> 32 == 0xFFFF:
        return str(ipaddress.IPv4Address(int(low) & 0xFFFF_FFFF))
    return str(ipaddress.IPv6Address((int(high) << 64) | int(low)))


def texts(addresses: np.ndarray) -> list[str]:
    """Text of each row of an (n, 2) uint64 array."""
    return [text(int(high), int(low)) for high, low in addresses]


def is_ipv4(addresses: np.ndarray) -> np.ndarray:
    """Boolean (n,): which rows of an (n, 2) uint64 array are IPv4-mapped."""
    mapped: np.ndarray = (addresses[:, 0] == 0) & (addresses[:, 1] >> np.uint64(32) == 0xFFFF)
    return mapped


def to_octets(addresses: np.ndarray) -> np.ndarray:
    """(n, 2) uint64 → (n, 16) uint8 in network order, the form at rest."""
    return np.ascontiguousarray(addresses).astype(">u8").view(np.uint8).reshape(len(addresses), 16)


def from_octets(octets: np.ndarray) -> np.ndarray:
    """(n, 16) uint8 in network order → (n, 2) uint64."""
    return np.ascontiguousarray(octets).view(">u8").reshape(-1, 2).astype(np.uint64)
