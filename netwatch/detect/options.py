"""How changes are sought."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class DetectOptions:
    """Settings of the detection.

    ``false_alarms_per_month``: how many false point alarms are put up with, over all watched series together.
    ``timezone``: IANA zone of the watched network, such as ``Asia/Pyongyang``; None takes what the
    rhythm tells (``detect/zone``), else UTC.
    ``detectors``: names in ``DETECTORS``; empty means all of them.
    ``min_ratio``: smallest level shift that is told (1.2: up by a fifth, or down by a sixth).
    ``min_ramp``: smallest total ratio of a ramp, and ``min_ramp_year`` its smallest ratio a year.
    ``min_point``: smallest ratio to the baseline of a spike or drop.
    ``penalty``: least fall of the deviance (twice the log likelihood) for which a step is held to be real.
    ``least_days``: history from which changes of the level are told.
    """

    false_alarms_per_month: float = 1.0
    timezone: str | None = None
    detectors: tuple[str, ...] = ()
    min_ratio: float = 1.2
    min_ramp: float = 1.5
    min_ramp_year: float = 1.35
    min_point: float = 1.25
    penalty: float = 12.0
    least_days: float = 0.0

    def repeated(self) -> DetectOptions:
        """The settings of looks day after day at what grows: each is another chance to err, so twice the penalty,
        and none of the level in the first week, before the days of it can be compared.
        """
        return replace(self, penalty=2.0 * self.penalty, least_days=7.0)
