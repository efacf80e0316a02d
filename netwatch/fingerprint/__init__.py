"""Flows to verdicts: rules weigh payload, names and behaviour into a class of the taxonomy, with the grounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch.fingerprint.options import FingerprintOptions

if TYPE_CHECKING:
    from netwatch.fingerprint.fingerprinter import Fingerprinter

__all__ = ["FingerprintOptions", "Fingerprinter"]


def __getattr__(name: str) -> object:
    """Load the stage itself, which needs Numba and re2, only when it is used."""
    if name == "Fingerprinter":
        from netwatch.fingerprint.fingerprinter import Fingerprinter

        return Fingerprinter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
