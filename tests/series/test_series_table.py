"""A table of series read back, and tables that are none."""

from __future__ import annotations

import numpy as np
import pytest
from naive.volume import hourly, one

from netwatch.cli.console import write_csv
from netwatch.cli.series import series_rows
from netwatch.errors import UnreadableInput
from netwatch.series import COLUMNS, is_series_csv, read_series


def test_what_was_written_is_read_back(tmp_path):
    values = hourly(3, 1)
    values[5:8] = np.nan
    made = one(values, variance=np.where(np.isnan(values), 0.0, 4.0))
    path = tmp_path / "series.csv"
    write_csv(COLUMNS, series_rows(made.series.values()), path)
    assert is_series_csv(path)
    (key, series), *rest = read_series(path).series.items()
    assert (key, rest) == (next(iter(made.series)), [])
    written = made.series[key]
    assert series.bins == written.bins
    for name in ("values", "coverage", "variance", "sampling"):
        np.testing.assert_allclose(getattr(series, name), getattr(written, name), rtol=1e-12)


def test_times_and_values_are_enough(tmp_path):
    path = tmp_path / "plain.csv"
    path.write_text("bin_start,value\n2017-01-01T00:00:00Z,5\n2017-01-01T02:00:00Z,\n2017-01-01T01:00:00Z,7\n")
    (series,) = read_series(path).series.values()
    np.testing.assert_array_equal(series.values, [5, 7, np.nan])
    np.testing.assert_array_equal(series.coverage, [1, 1, 0])
    assert (str(series.entity), series.counter) == ("all", "octets")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("bin_start,value\n", "needs rows"),
        ("bin_start,value\nyesterday,1\n", "not a time"),
        ("bin_start,value\n2017-01-01,many\n", "not a number"),
        ("bin_start,value\n2017-01-01,-1\n", "negative"),
        ("bin_start,value\n2017-01-01,inf\n", "infinite"),
        ("bin_start,value\n2017-01-01,1\n2017-01-01,2\n", "two rows"),
        ("bin_start,value\n2017-01-01,1\n2017-01-02,2\n2017-01-03T01:00:00,2\n", "more than one width"),
        ("bin_start,counter,value\n2017-01-01,frogs,1\n", "frogs"),
        ("bin_start,value\n1900-01-01,1\n", "before 1970"),
        ("bin_start,value\n2017-01-01T00:00:00.000000001Z,1\n2017-01-01T00:00:00Z,1\n2200-01-01,1\n", "laid out"),
        ("bin_start,value\n2017-01-01,1,2,3\n\x00", "not a"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, text, why):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(UnreadableInput, match=why):
        read_series(path)


def test_other_files_are_none(tmp_path):
    for octets in (b"", b"\xff\xfe" * 90, b"a,b\n", b"bin_start,value,colour\n"):
        (tmp_path / "x").write_bytes(octets)
        assert not is_series_csv(tmp_path / "x")
    assert not is_series_csv(tmp_path / "missing")
