"""``Carried``: what is carried of a series from one bin to the next, and the alarms that its bins raise."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from netwatch.detect.channels import Channel
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Series

_ARRAYS = ("profile", "levels", "today", "scale", "empty", "tail")


class Limit(NamedTuple):
    """A channel, and the score beyond which it alarms, up and down."""

    channel: Channel
    up: float
    down: float


class Alarm(NamedTuple):
    """Bins that left what was expected. ns UTC: ``since``, ``until`` (half-open), ``told`` (end of the bin that raised
    it), ``last`` (start of the last bin beyond a threshold). ``actual`` and ``expected``: sums over the known bins;
    ``spread``: deviation of the log of one bin.
    """

    sign: int
    since: int
    until: int
    told: int
    last: int
    channel: str
    excess: float
    actual: float
    expected: float
    spread: float

    @property
    def ratio(self) -> float:
        """Actual to expected."""
        return self.actual / self.expected


@dataclass(frozen=True)
class Carried:
    """What is carried of one series up to ``at`` (ns, the next bin's start).

    ``profile`` float64 (7, slots) by weekday; ``levels`` float64 (7,): log levels of the last days, ``day`` the number
    of the local day that goes on and ``today`` its log values less the profile; ``scale`` and ``empty`` float64 (24,):
    deviation and usual share of empty bins by local hour. ``tail`` float64 (4, width): standardised residual, what of
    the residual no holiday explains, value and expected value of the last bins. ``open``: the last alarm of each sign.
    """

    at: int
    width: int
    timezone: str | None
    floor: float
    least: float
    profile: np.ndarray
    levels: np.ndarray
    day: int
    today: np.ndarray
    scale: np.ndarray
    empty: np.ndarray
    bins: int
    limits: tuple[Limit, ...]
    tail: np.ndarray
    open: dict[int, Alarm] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values; :meth:`from_json` gives the same back."""
        plain = {name: value.tolist() for name in _ARRAYS if isinstance(value := getattr(self, name), np.ndarray)}
        limits = [[*limit.channel, limit.up, limit.down] for limit in self.limits]
        return self.__dict__ | plain | {"limits": limits, "open": [list(alarm) for alarm in self.open.values()]}

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Carried:
        """What :meth:`as_json` made."""
        arrays = {name: np.array(body[name], float) for name in _ARRAYS}
        limits = tuple(Limit(Channel(one[0], one[1], one[2], tuple(one[3])), one[4], one[5]) for one in body["limits"])
        alarms = {one[0]: Alarm(*one) for one in body["open"]}
        return cls(**(body | arrays | {"limits": limits, "open": alarms}))


def change_of(alarm: Alarm, series: Series) -> Change:
    """An alarm as a change of its series; the interval is that of one bin: neighbouring bins err together."""
    reach = math.exp(1.96 * alarm.spread)
    seconds = (alarm.until - alarm.since) / 1e9
    width = series.bins.width
    return Change(
        series.entity, series.counter, ChangeKind.SPIKE if alarm.sign > 0 else ChangeKind.DROP,
        alarm.since, alarm.until, alarm.since - width, alarm.since + width,
        alarm.ratio, alarm.ratio / reach, alarm.ratio * reach,
        alarm.expected / seconds, alarm.actual / seconds, float("nan"), "points", provisional=True,
        facts={"channel": alarm.channel, "score_over_threshold": round(alarm.excess, 2), "mode": "online"},
    )  # fmt: skip
