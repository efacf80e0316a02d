"""What a user can set about fingerprints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FingerprintOptions:
    """Options of the stage.

    ``prior``: chance, before any evidence, that one entity (a pair of hosts, a source, a target) belongs to a class.
    ``report_from``: posterior from which a verdict is told. ``rules``: directories of further rules.
    ``knowledge``: files of further pool names, in the form of ``knowledge/pools.csv``.
    ``show_wallets``: print wallet addresses and worker names, which are personal data, in full.
    ``candidates``: flows of which payload evidence is remembered, at most; the rest are counted only.
    ``active_timeout_s``: gap up to which records of one flow are taken for one conversation.
    """

    prior: float = 1e-4
    report_from: float = 0.5
    rules: tuple[Path, ...] = ()
    knowledge: tuple[Path, ...] = ()
    show_wallets: bool = False
    candidates: int = 200_000
    active_timeout_s: float = 1800.0
