"""What can be chosen about metering."""

from __future__ import annotations

from dataclasses import dataclass

from netwatch.errors import UsageError


@dataclass(frozen=True, slots=True)
class MeterOptions:
    """Timeouts in seconds of packet time, limits of memory, and what becomes of duplicates.

    ``active_timeout``: a flow is cut when it has lasted so long; ``idle_timeout``: it ends after so long a silence.
    ``linger``: seconds that a flow ended by FIN or RST still takes late packets, such as the last acknowledgement.
    ``max_flows``: open flows at most (160 octets each); past it those silent longest are ended early.
    ``max_exchanges``: open flows whose payload is looked at (192 octets each); ``max_head_octets``: for their heads.
    ``dedupe``: count a packet that was captured twice once. ``seed``: of the hash of Flow Keys.
    """

    active_timeout: float = 1800.0
    idle_timeout: float = 60.0
    linger: float = 15.0
    max_flows: int = 1 << 20
    max_exchanges: int = 1 << 18
    max_head_octets: int = 64 << 20
    dedupe: bool = False
    seed: int = 0x6E65_7477_6174_6368

    def __post_init__(self) -> None:
        for name in ("active_timeout", "idle_timeout"):
            if not 0 < getattr(self, name) <= 1e9:
                raise UsageError(f"{name.replace('_', ' ')} must be between 0 and 1e9 seconds: {getattr(self, name)}")
        if not 0 <= self.linger <= 1e9:
            raise UsageError(f"linger must be between 0 and 1e9 seconds: {self.linger}")
        for name in ("max_flows", "max_exchanges", "max_head_octets"):
            if not 1 <= getattr(self, name) <= 1 << 30:
                raise UsageError(f"{name.replace('_', ' ')} must be between 1 and 2^30: {getattr(self, name)}")
