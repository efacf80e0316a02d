"""When people are told: digest, rate limit, quiet hours and cool-down, as functions of notices, state and time.

The state of a sink is JSON-ready: ``{"sent": [ns of each message of the last hour], "told": {finding id: [ns,
severity]}}``. Digests need none: a notice is due at the first time of digest after it was said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from netwatch.alert.options import SEVERITIES, Pacing
from netwatch.model.finding import Severity
from netwatch.model.notice import Notice

SECOND = 1_000_000_000
HOUR = 3600 * SECOND


class Plan(NamedTuple):
    """``messages``: notices that are told together; ``held``: why the others wait, by key."""

    messages: list[tuple[Notice, ...]]
    held: dict[str, str]


def plan(notices: Sequence[Notice], pacing: Pacing, state: Mapping[str, Any], now: int) -> Plan:
    """Which notices are told now, and in which messages: each notice is in one message or held, never both.

    What is told of one finding goes together. Where the rate leaves no room for a message each, the most severe have
    their own and the rest share one. Of a rate above 1 the last message of an hour is kept for what is urgent.
    """
    urgent: list[tuple[Notice, ...]] = []
    digest: list[Notice] = []
    single: list[tuple[Notice, ...]] = []
    held: dict[str, str] = {}
    for group in _by_finding(notices):
        presses = pacing.urgent is not None and _loudness(group) >= SEVERITIES.index(pacing.urgent)
        if why := _cooling(group, pacing, state, now) or ("" if presses else _waiting(group, pacing, now)):
            held.update({notice.key: why for notice in group})
        elif presses:
            urgent.append(group)
        elif pacing.digest:
            digest.extend(group)
        else:
            single.append(group)
    messages: list[tuple[Notice, ...]] = []
    used = len(_recent(state, now))
    rest = ([tuple(digest)] if digest else []) + sorted(single, key=_by_severity)
    for groups, kept in ((sorted(urgent, key=_by_severity), 0), (rest, 1 if pacing.rate > 1 else 0)):
        room = pacing.rate - kept - used - len(messages) if pacing.rate else len(groups)
        fitting, beyond = _fit(groups, room)
        messages += fitting
        held.update({notice.key: f"more than {pacing.rate} messages an hour" for notice in beyond})
    return Plan(messages, held)


def after(message: Sequence[Notice], pacing: Pacing, state: Mapping[str, Any], now: int) -> dict[str, Any]:
    """The state once a message was sent at ``now``; what no longer matters is left out."""
    told = {id_: entry for id_, entry in _told(state).items() if abs(now - entry[0]) < pacing.cool_down * SECOND}
    for group in _by_finding(message):
        told[group[0].id] = (now, SEVERITIES[_loudness(group)])
    return {
        "sent": [*_recent(state, now), now],
        "told": {id_: [at, str(severity)] for id_, (at, severity) in sorted(told.items())},
    }


def _by_finding(notices: Sequence[Notice]) -> list[tuple[Notice, ...]]:
    groups: dict[str, list[Notice]] = {}
    for notice in sorted(notices, key=lambda n: (n.said, n.key)):
        groups.setdefault(notice.id, []).append(notice)
    return [tuple(group) for group in groups.values()]


def _loudness(group: Sequence[Notice]) -> int:
    return max(SEVERITIES.index(notice.severity) for notice in group)


def _by_severity(group: Sequence[Notice]) -> int:
    return -_loudness(group)


def _fit(groups: list[tuple[Notice, ...]], room: int) -> tuple[list[tuple[Notice, ...]], list[Notice]]:
    """(messages, what must wait): one a group while there is room, the last takes all that remain."""
    if len(groups) <= room:
        return groups, []
    if room < 1:
        return [], [notice for group in groups for notice in group]
    return [*groups[: room - 1], tuple(notice for group in groups[room - 1 :] for notice in group)], []


def _recent(state: Mapping[str, Any], now: int) -> list[int]:
    """Messages of the last hour. A clock that stepped back must not silence: what is hours ahead is forgotten."""
    sent = state.get("sent", ())
    return [at for at in sent if isinstance(at, int) and now - HOUR < at < now + HOUR]


def _told(state: Mapping[str, Any]) -> dict[str, tuple[int, Severity]]:
    return {id_: (int(at), Severity(severity)) for id_, (at, severity) in state.get("told", {}).items()}


def _cooling(group: Sequence[Notice], pacing: Pacing, state: Mapping[str, Any], now: int) -> str:
    entry = _told(state).get(group[0].id)
    if entry is None or _loudness(group) > SEVERITIES.index(entry[1]):
        return ""
    return "told a short while ago (cool-down)" if abs(now - entry[0]) < pacing.cool_down * SECOND else ""


def _waiting(group: Sequence[Notice], pacing: Pacing, now: int) -> str:
    zone = ZoneInfo(pacing.zone)
    if pacing.quiet is not None and is_quiet(now, pacing.quiet, zone):
        return "quiet hours"
    # One notice of a finding that is due takes the later ones along.
    if pacing.digest and not any(notice.said < last_digest(now, pacing.digest, zone) for notice in group):
        return "waits for the digest"
    return ""


def is_quiet(now: int, quiet: tuple[dt.time, dt.time], zone: ZoneInfo) -> bool:
    """Whether an instant (ns UTC) falls within hours of the day in a zone, on its wall clock."""
    clock = _moment(now).astimezone(zone).time()
    since, until = quiet
    return since <= clock < until if since < until else clock >= since or clock < until


def last_digest(now: int, times: Sequence[dt.time], zone: ZoneInfo) -> int:
    """The last time of digest at or before an instant, ns UTC; one that a day's clock change skips comes right after.

    On a day that has the hour twice, the first counts (PEP 495, ``fold`` 0).
    """
    today = _moment(now).astimezone(zone).date()
    candidates = (
        round(dt.datetime.combine(today - dt.timedelta(days=ago), at, zone).timestamp()) * SECOND
        for ago in (0, 1, 2)
        for at in times
    )
    return max(at for at in candidates if at <= now)


def _moment(nanoseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(nanoseconds // SECOND, dt.UTC)
