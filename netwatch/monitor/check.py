"""The state of the monitor as a Nagios or Icinga plug-in tells it (Monitoring Plugins Development Guidelines)."""

from __future__ import annotations

from dataclasses import dataclass

from netwatch.model.text import count, duration, percent, printable
from netwatch.monitor.summary import PassSummary

OK, WARNING, CRITICAL, UNKNOWN = range(4)
_NAMES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
SECOND = 1_000_000_000
_SKEW = 60 * SECOND
"""Clocks of a pass and of a check may differ by this much."""


@dataclass(frozen=True, slots=True)
class CheckLimits:
    """From where on it is a warning, and critical: (warning, critical); a value at the limit counts.

    ``age``: seconds since the last pass that ran through. ``lag``: seconds from the newest flow to the end of the last
    pass. ``loss``: share of units lost, 0 to 1. ``quarantined``: inputs set aside.
    """

    age: tuple[float, float] = (900.0, 3600.0)
    lag: tuple[float, float] = (3600.0, 21_600.0)
    loss: tuple[float, float] = (0.01, 0.1)
    quarantined: tuple[int, int] = (1, 100)


def check(summary: PassSummary | None, limits: CheckLimits, now: int) -> tuple[int, str]:
    """(exit status, one line with performance data); ``summary`` is None where no pass ever ended; ``now`` in ns UTC.

    0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN: the worst of age, lag, loss and quarantined inputs.
    """
    if summary is None:
        return UNKNOWN, "NETWATCH UNKNOWN - no pass has ended yet"
    if summary.last_success > now + _SKEW:
        ahead = duration(summary.last_success - now)
        return UNKNOWN, f"NETWATCH UNKNOWN - the last success lies {ahead} ahead of this clock"
    age = max(0, now - summary.last_success) / SECOND if summary.last_success else None
    lag = max(0, summary.ended - summary.newest) / SECOND if summary.newest else None
    measured = (
        (CRITICAL, "no pass ever ran through")
        if age is None
        else (_state(age, limits.age), f"last success {duration(age * SECOND)} ago"),
        (OK, "no flows yet") if lag is None else (_state(lag, limits.lag), f"newest flow {duration(lag * SECOND)} old"),
        (_state(summary.loss, limits.loss), f"{percent(summary.loss)} lost"),
        (_state(summary.inputs_quarantined, limits.quarantined), f"{count(summary.inputs_quarantined)} quarantined"),
    )
    worst = max(state for state, _ in measured)
    # What is worst stands first: pagers cut lines.
    told = [words for _, words in sorted(measured, key=lambda m: -m[0])]
    faults = f"; {_plain(summary.faults[0])}" if summary.faults else ""
    data = " ".join((
        _performance("age", age, "s", limits.age),
        _performance("lag", lag, "s", limits.lag),
        _performance("loss", summary.loss * 100, "%", (limits.loss[0] * 100, limits.loss[1] * 100)),
        _performance("quarantined", summary.inputs_quarantined, "", limits.quarantined),
    ))  # fmt: skip
    return worst, f"NETWATCH {_NAMES[worst]} - {', '.join(told)}{faults} | {data}"


def _state(value: float, limits: tuple[float, float]) -> int:
    warning, critical = limits
    return CRITICAL if value >= critical else WARNING if value >= warning else OK


def _performance(name: str, value: float | None, unit: str, limits: tuple[float, float]) -> str:
    """One label of performance data; ``U`` is the guidelines' word for a value that is not known."""
    shown = "U" if value is None else f"{value:.6g}{unit}"
    return f"{name}={shown};{limits[0]:.6g};{limits[1]:.6g};0"


def _plain(fault: str) -> str:
    """A fault on the status line, where a bar would begin the performance data."""
    return printable(fault).replace("|", "/")
