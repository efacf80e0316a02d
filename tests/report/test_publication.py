"""All forms of a report: whole or not at all, and always the same octets."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from netwatch.errors import OutputError, UsageError
from netwatch.model.series import Bins, Entity, Series, SeriesSet
from netwatch.report import FORMATS, REPORTS, Report, draw_series, write

HERE = Path(__file__).parent
_RENDER = """
import runpy, sys
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[1]).parent))
from netwatch.report import write
story = runpy.run_path(sys.argv[1])
write(story["REPORTS"]["twenty-minutes"](), Path(sys.argv[2]))
"""


def digests(directory: Path) -> dict[str, str]:
    files = sorted(p for p in directory.rglob("*") if p.is_file())
    return {str(p.relative_to(directory)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_every_form_is_written_and_registered(years: Report, tmp_path: Path) -> None:
    files = write(years, tmp_path / "out")
    assert tuple(REPORTS) == FORMATS
    assert {f.suffix for f in files} == {".pdf", ".html", ".png", ".json", ".csv"}
    assert all(f.stat().st_size for f in files)
    assert len([f for f in files if f.suffix == ".png"]) == 7
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out"], "nothing is left beside the report"


def test_two_processes_give_the_same_octets(tmp_path: Path) -> None:
    rc = tmp_path / "matplotlibrc"
    rc.write_text("font.size: 30\nsvg.fonttype: none\nlines.linewidth: 9\n")
    for seed, more in (("1", {}), ("2", {"MATPLOTLIBRC": str(rc), "TZ": "America/New_York", "LC_ALL": "C"})):
        subprocess.run(
            [sys.executable, "-c", _RENDER, str(HERE / "report_stories.py"), str(tmp_path / seed)],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, **more},
        )
    assert digests(tmp_path / "1") == digests(tmp_path / "2")


def test_source_date_epoch_dates_the_pdf(empty: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    (dated,) = write(empty, tmp_path / "a", ["pdf"])
    assert b"D:20010909" in dated.read_bytes()
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    (windowed,) = write(empty, tmp_path / "b", ["pdf"])
    assert b"D:20200102" in windowed.read_bytes()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        write(empty, tmp_path / "c", ["pdf"])


def test_full_disk_leaves_what_was_there(minutes: Report, empty: Report, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(empty, out)
    before = digests(out)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OutputError, match="out: "):
            write(minutes, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert digests(out) == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_figures_that_are_gone_go_and_other_files_stay(minutes: Report, empty: Report, tmp_path: Path) -> None:
    write(minutes, tmp_path / "out", ["png"])
    (tmp_path / "out" / "notes.txt").write_text("mine")
    (tmp_path / "out" / "figures" / "photo.png").write_bytes(b"mine")
    assert write(empty, tmp_path / "out", ["png"]) == []
    assert {p.name for p in (tmp_path / "out" / "figures").iterdir()} <= {
        "photo.png",
        "volume.png",
        "counters.png",
        "episodes.png",
    }
    write(dataclasses.replace(minutes, verdicts=()), tmp_path / "out", ["png"])
    left = {p.name for p in (tmp_path / "out" / "figures").iterdir()}
    assert left == {"photo.png", "volume.png", "counters.png"}
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


def test_bad_requests(empty: Report, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'html'"):
        write(empty, tmp_path, ["htm"])
    with pytest.raises(UsageError, match="time zone"):
        write(dataclasses.replace(empty, timezone="Mars/Olympus"), tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write(empty, tmp_path / "file")
    with pytest.raises(OutputError):
        write(empty, Path("/proc/nowhere/report"))


@pytest.mark.parametrize("count", [1, 2, 5_000])
@pytest.mark.parametrize("values", ["numbers", "zeros", "unseen"])
def test_odd_series_are_drawn(count: int, values: str, tmp_path: Path) -> None:
    import numpy as np

    bins = Bins(1_500_000_000 * 10**9, 7 * 10**8, count)
    numbers = {"numbers": np.arange(count, dtype=float), "zeros": np.zeros(count), "unseen": np.full(count, np.nan)}
    coverage = np.full(count, 0.0 if values == "unseen" else 1.0)
    entity = Entity("scope", "all")
    series = Series(entity, "octets", bins, numbers[values], coverage, np.zeros(count), np.ones(count))
    draw_series([series], tmp_path / "series.png")
    assert (tmp_path / "series.png").read_bytes().startswith(b"\x89PNG")
    report = Report("t", "s", bins.start, bins.end, series=SeriesSet(bins, {(entity, "octets"): series}))
    assert len(write(report, tmp_path / "out", ["html", "pdf", "json"])) == 3


def test_no_series_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no series"):
        draw_series([], tmp_path / "series.png")
