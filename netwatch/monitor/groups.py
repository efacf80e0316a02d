"""Watch groups as the configuration has them now: what a group was before it became so is not known, it is not nothing.

Without this a group that was renamed would seem to fall silent under one name and to appear under the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from netwatch.model.series import Entity, Series, SeriesSet
from netwatch.scope import ScopeOptions, groups_of
from netwatch.store.state import State

KEY, KINDS = "groups", "kinds"
Groups = Mapping[str, tuple[str, int]]
"""By name: what a group holds, and how far the data (ns) reached when it came to hold that."""


def remember(state: State, asked: ScopeOptions, kinds: Sequence[str] = ()) -> None:
    """Note how far the data reached when each group became what it is now, and when each kind of series was first
    asked for.
    """
    _note(state, KEY, {g.name: json.dumps([member.as_json() for member in g.members]) for g in groups_of(asked)})
    _note(state, KINDS, dict.fromkeys(kinds, ""))


def _note(state: State, key: str, holds: Mapping[str, str]) -> None:
    noted = state.get(key)
    known, reached = json.loads(noted or "{}"), state.totals()["last"] if noted else 0
    kept = {name: since for name, since in known.items() if holds.get(name) == since[0]}
    now = {name: kept.get(name, [what, reached]) for name, what in holds.items()}
    if now != known or not noted:
        with state.change():
            state.put(key, json.dumps(now))


def as_configured(series: SeriesSet, state: State) -> SeriesSet:
    """Without the groups that are no longer configured, and of the others what came before they became so unknown.

    Of a kind of series likewise what came before it was asked for, or asked for again.
    """
    groups = configured(state)
    kinds: Groups = json.loads(state.get(KINDS, "{}"))
    kept: dict[tuple[Entity, str], Series] = {}
    for (entity, counter), one in series.series.items():
        if is_gone(groups, entity.kind, entity.value):
            continue
        since = groups[entity.value][1] if entity.kind == "watch" and groups else kinds.get(entity.kind, ("", 0))[1]
        kept[entity, counter] = _since(one, since) if since > series.bins.start else one
    return replace(series, series=kept)


def is_gone(groups: Groups, kind: str, value: str) -> bool:
    """Whether an entity is a group that is no longer configured."""
    return kind == "watch" and bool(groups) and value not in groups


def configured(state: State) -> Groups:
    """What :func:`remember` noted; nothing where nothing is configured, so that what is watched is inferred."""
    noted: Groups = json.loads(state.get(KEY, "{}"))
    return noted


def _since(one: Series, since: int) -> Series:
    """The series, unknown in the bins that began before an instant (ns)."""
    before = one.bins.times() < since
    values, sampling = (np.where(before, np.nan, column) for column in (one.values, one.sampling))
    coverage, variance = (np.where(before, 0.0, column) for column in (one.coverage, one.variance))
    return replace(one, values=values, coverage=coverage, variance=variance, sampling=sampling)
