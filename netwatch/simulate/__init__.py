"""Labelled traffic to try netwatch on: scenarios with their truth."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from netwatch.errors import OutputError
from netwatch.registry import Registry

__all__ = ["SCENARIOS", "Scenario", "simulate"]


class Scenario(Protocol):
    """Writes its files and ``truth.toml`` into a directory that exists, and names them."""

    def __call__(self, out: Path, seed: int) -> list[Path]:
        """Same seed, same octets: no clock and no host names inside."""


SCENARIOS: Registry[Scenario] = Registry(
    "scenario",
    {
        "three-years": "netwatch.simulate.three_years:write",
        "monero-day": "netwatch.simulate.scenes:monero_day",
        "bitcoin-stratum": "netwatch.simulate.scenes:bitcoin_stratum",
        "syn-flood": "netwatch.simulate.scenes:syn_flood",
        "dns-reflection": "netwatch.simulate.scenes:dns_reflection",
        "port-scan": "netwatch.simulate.scenes:port_scan",
        "ssh-guess": "netwatch.simulate.scenes:ssh_guess",
        "ordinary-office": "netwatch.simulate.scenes:ordinary_office",
        "quiet-hours": "netwatch.simulate.scenes:quiet_hours",
        "mixed-hour": "netwatch.simulate.scenes:mixed_hour",
    },
)


def simulate(name: str, out: Path, seed: int = 1) -> list[Path]:
    """Write a scenario's files below ``out``, which is made if missing, and return their paths.

    Raises:
        UsageError: no scenario has that name.
        OutputError: the files could not be written.

    """
    scenario = SCENARIOS[name]
    try:
        out.mkdir(parents=True, exist_ok=True)
        return scenario(out, seed)
    except OSError as fault:
        raise OutputError(f"{out}: {fault.strerror or fault}") from fault
