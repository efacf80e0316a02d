"""What people read is exact, and harmless."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch.model import text


@given(st.text())
def test_printable_leaves_nothing_that_acts(raw: str) -> None:
    shown = text.printable(raw, limit=10_000)
    assert all(c == " " or unicodedata.category(c)[0] not in "CZ" for c in shown)


def test_printable_shows_escapes() -> None:
    assert text.printable("a\x1b[31mb\u202ec") == "a\\x1b[31mb\\u202ec"
    assert text.printable("x" * 300, limit=5) == "xxxxx…"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0 B"), (999, "999 B"), (999.6, "1.00 kB"), (1234, "1.23 kB"), (12_345_678, "12.3 MB"), (5e20, "500 EB"),
     (1.5, "1.50 B"), (-2500, "-2.50 kB"), (float("nan"), "unknown")],
)  # fmt: skip
def test_volume(value: float, shown: str) -> None:
    assert text.volume(value) == shown


def test_times() -> None:
    assert text.instant(1_546_300_800_000_000_000) == "2019-01-01T00:00:00Z"
    assert text.instant(1_546_300_800_250_000_000, fraction=True) == "2019-01-01T00:00:00.25Z"
    assert text.instant(2**62) == "2116-02-20T23:53:38Z"
    assert text.duration(90e9) == "1.5 min"
    assert text.percent(0.5) == "50 %"
    assert text.percent(0.0012) == "0.12 %"
    assert text.bit_rate(30) == "240 bit/s"
