"""A home for tests that do not make their own."""

import pytest


@pytest.fixture
def home(tmp_path):
    from spooled import CONFIG  # needs what is not installed everywhere

    (tmp_path / "spool").mkdir()
    (tmp_path / "netwatch.toml").write_text(CONFIG.format(tmp_path))
    return tmp_path
