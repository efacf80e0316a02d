"""Options of a whole run: those of the stages, composed."""

from __future__ import annotations

from dataclasses import dataclass, field

from netwatch.detect import DetectOptions
from netwatch.explain import ExplainOptions
from netwatch.fingerprint import FingerprintOptions
from netwatch.meter import MeterOptions
from netwatch.read import ReadOptions
from netwatch.scope import ScopeOptions
from netwatch.series import SeriesOptions


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is told; ``since`` and ``until`` (ns UTC, half-open, None open) limit the flows that count."""

    read: ReadOptions = field(default_factory=ReadOptions)
    meter: MeterOptions = field(default_factory=MeterOptions)
    scope: ScopeOptions = field(default_factory=ScopeOptions)
    fingerprint: FingerprintOptions = field(default_factory=FingerprintOptions)
    series: SeriesOptions = field(default_factory=SeriesOptions)
    detect: DetectOptions = field(default_factory=DetectOptions)
    explain: ExplainOptions = field(default_factory=ExplainOptions)
    since: int | None = None
    until: int | None = None
