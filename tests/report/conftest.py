"""The reports of ``report_stories``, made once."""

from __future__ import annotations

import pytest
from report_stories import nothing, three_years, twenty_minutes

from netwatch.report import Report


@pytest.fixture(scope="session")
def years() -> Report:
    return three_years()


@pytest.fixture(scope="session")
def minutes() -> Report:
    return twenty_minutes()


@pytest.fixture(scope="session")
def empty() -> Report:
    return nothing()
