"""``Prefix``: a block of addresses."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from netwatch.errors import UsageError
from netwatch.model.address import MAPPED


@dataclass(frozen=True, slots=True, order=True)
class Prefix:
    """All addresses from ``first`` to ``last`` inclusive, as 128-bit integers.

    ``length`` counts bits of the mapped form: that of an IPv4 prefix plus 96.
    """

    first: int
    length: int

    @property
    def last(self) -> int:
        """Highest address of the block."""
        return self.first | ((1 << (128 - self.length)) - 1)

    @classmethod
    def parse(cls, written: str) -> Prefix:
        """A prefix or a single address as people write it; host bits may be set.

        Raises:
            UsageError: not an address or prefix.

        """
        try:
            network = ipaddress.ip_network(written.strip(), strict=False)
        except ValueError as fault:
            raise UsageError(f"not a prefix: {written!r} ({fault})") from None
        if network.version == 4:
            return cls(MAPPED | int(network.network_address), network.prefixlen + 96)
        return cls(int(network.network_address), network.prefixlen)

    def __str__(self) -> str:
        if self.length >= 96 and self.first >> 32 == 0xFFFF:
            return f"{ipaddress.IPv4Address(self.first & 0xFFFF_FFFF)}/{self.length - 96}"
        return f"{ipaddress.IPv6Address(self.first)}/{self.length}"
