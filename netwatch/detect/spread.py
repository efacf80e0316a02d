"""Spread: how many peers a network talks to, and a different number of them."""

from __future__ import annotations

from collections.abc import Iterator

from netwatch.detect.level import changes_of
from netwatch.detect.study import Study
from netwatch.model.change import Change, ChangeKind


def find_spread(study: Study) -> Iterator[Change]:
    """Spread changes: another number of distinct peers, by the same method as level shifts."""
    for series in study.watched():
        if series.counter == "peers":
            yield from changes_of(series, study, ChangeKind.SPREAD, "spread")
