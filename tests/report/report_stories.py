"""Reports to draw, by name: three years, twenty minutes, and nothing at all."""

from __future__ import annotations

from story_minutes import twenty_minutes
from story_pieces import at
from story_years import three_years

from netwatch.report import Report


def nothing() -> Report:
    return Report("Nothing", "all addresses", at(2020, 1, 1), at(2020, 1, 2))


REPORTS = {"three-years": three_years, "twenty-minutes": twenty_minutes, "nothing": nothing}
