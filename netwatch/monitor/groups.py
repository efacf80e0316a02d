"""Watch groups as the configuration has them now: what a group was before it became so is not known, it is not nothing.

Without this a group that was renamed would seem to fall silent under one name and to appear under the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from netwatch.model.series import Entity, Series, SeriesSet
from netwatch.scope import ScopeOptions, groups_of
from netwatch.store.state import State

KEY = "groups"
Groups = Mapping[str, tuple[str, int]]
"""By name: what a group holds, and how far the data (ns) reached when it came to hold that."""


def remember(state: State, asked: ScopeOptions) -> None:
    """Note how far the data reached when each group became what it is now."""
    noted = state.get(KEY)
    known, reached = json.loads(noted or "{}"), state.totals()["last"] if noted else 0
    holds = {group.name: json.dumps([member.as_json() for member in group.members]) for group in groups_of(asked)}
    now = {name: known[name] if known.get(name, [""])[0] == what else [what, reached] for name, what in holds.items()}
    if now != known or not noted:
        with state.change():
            state.put(KEY, json.dumps(now))


def as_configured(series: SeriesSet, state: State) -> SeriesSet:
    """Without the groups that are no longer configured, and of the others what came before they became so unknown."""
    groups = configured(state)
    kept: dict[tuple[Entity, str], Series] = {}
    for (entity, counter), one in series.series.items():
        if is_gone(groups, entity.kind, entity.value):
            continue
        since = groups[entity.value][1] if entity.kind == "watch" and groups else 0
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
