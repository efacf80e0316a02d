"""Flows to verdicts: rules weigh payload, names and behaviour into a class of the taxonomy, with the grounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch.fingerprint.options import FingerprintOptions
from netwatch.lazy import lazily

if TYPE_CHECKING:
    from netwatch.fingerprint.fingerprinter import Fingerprinter

__all__ = ["FingerprintOptions", "Fingerprinter"]


__getattr__ = lazily(__name__, {"Fingerprinter": "fingerprinter"})
