"""PDF, HTML and CSV: the same content, and text from the wire that can do nothing."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from story_pieces import HOSTILE
from story_years import three_years

from netwatch.model.finding import Severity
from netwatch.report import InputFile, Report, write
from netwatch.report.clock import Clock
from netwatch.report.csv import CsvWriter, cell
from netwatch.report.figures.canvas import drawable
from netwatch.report.figures.volume import draw as draw_volume
from netwatch.report.html import inline
from netwatch.report.pages.method import inputs
from netwatch.report.pages.summary import first_findings, key_numbers
from netwatch.report.pages.verdicts import _places
from netwatch.report.rows import tables
from netwatch.report.words import harmless, shortened

SECTIONS = (
    "Volume over time", "What the change is made of", "Traffic by class", "Rhythm of the week", "Mining", "Attacks",
    "Networks, hosts and ports", "Findings", "Method", "Inputs", "What this answer does not rest on", "Attribution",
)  # fmt: skip
VOID = {"meta", "link", "br", "hr", "img", "col"}


class Page(HTMLParser):
    """Tags in balance, every id once, and the text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src"):
                self.links.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)


def parsed(report: Report, directory: Path) -> Page:
    (path,) = write(report, directory, ["html"])
    page = Page()
    page.feed(path.read_text())
    page.close()
    assert page.open == []
    return page


def pdf_text(report: Report, directory: Path) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not installed")
    (path,) = write(report, directory, ["pdf"])
    shown = subprocess.run(["pdftotext", "-layout", path, "-"], check=True, capture_output=True).stdout.decode()
    return shown.replace("\u200b", "")


def test_html_stands_alone(years: Report, tmp_path: Path) -> None:
    page = parsed(years, tmp_path)
    assert not page.tags & {"script", "img", "iframe", "object", "embed", "link", "form"}
    assert not [a for a in page.attributes if a.startswith("on")]
    assert len(page.ids) == len(set(page.ids))
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    text = " ".join(page.words)
    assert all(section in text for section in SECTIONS)


def test_pdf_and_html_say_the_same(years: Report, tmp_path: Path) -> None:
    html = re.sub(r"\s", "", "".join(parsed(years, tmp_path / "h").words))
    pdf = re.sub(r"\s", "", pdf_text(years, tmp_path / "p"))
    for words in (*SECTIONS, *(f.title for f in years.findings), "mining.pool.dns", "notavailable", "71.1 %", "1,204"):
        squeezed = re.sub(r"\s", "", words)
        assert squeezed in html, words
        assert squeezed in pdf, words


def test_evidence_is_attached(minutes: Report, tmp_path: Path) -> None:
    if not shutil.which("pdfdetach"):
        pytest.skip("pdfdetach is not installed")
    write(minutes, tmp_path, ["pdf", "json"])
    subprocess.run(["pdfdetach", "-save", "1", "-o", tmp_path / "out.json", tmp_path / "report.pdf"], check=True)
    assert (tmp_path / "out.json").read_bytes() == (tmp_path / "report.json").read_bytes()


def test_hostile_text_is_only_text(minutes: Report, tmp_path: Path) -> None:
    page = parsed(minutes, tmp_path / "h")
    text = "".join(page.words)
    assert "<script>alert(1)</script>" in text, "shown as text"
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b]", text)
    shown = pdf_text(minutes, tmp_path / "p")
    assert "\\x1b[31m" in shown
    assert '#import "x" $x$' in shown
    assert "\u202e" not in shown


def test_empty_sections_say_so(empty: Report, tmp_path: Path) -> None:
    text = "".join(parsed(empty, tmp_path).words)
    for words in (
        "nothing was observed",
        "No traffic was held to be mining.",
        "No input was read.",
        "There is no finding.",
        "No change was split into its parts",
    ):
        assert words in text
    assert "Rhythm of the week" not in text
    assert "What the change is made of" not in text


def test_the_first_page_has_the_gravest_findings_first(years: Report) -> None:
    (shown,) = first_findings(years, Clock.of("UTC"))
    order = [*Severity]
    grave = [order.index(Severity(row[0])) for row in shown.rows]
    assert grave == sorted(grave, reverse=True)
    assert grave == sorted((order.index(f.severity) for f in years.findings), reverse=True)[: len(grave)]


def test_inputs_are_named_below_their_folder(years: Report) -> None:
    files = [
        InputFile("/data/2019/notes.txt", 10, "ab" * 32, ""),
        InputFile("/data/2019/feb/1.pcap", 10, "cd" * 32, "pcap", 0, 1),
    ]
    table = inputs(replace(years, inputs=tuple(files)), Clock.of("UTC"))[0]
    assert table.text == "Inputs with their SHA-256. Names are below /data/2019/"
    assert [row[:2] for row in table.rows] == [("feb/1.pcap", "pcap"), ("notes.txt", "not read")]
    (number,) = [value for name, value in key_numbers(replace(years, inputs=tuple(files)), Clock.of("UTC")).rows
                 if name == "Counted"]  # fmt: skip
    assert number.endswith("from 1 input (10 B); 1 of another format left out")


def test_csv_has_fixed_headers_and_no_formulas(minutes: Report, empty: Report, tmp_path: Path) -> None:
    for report, name in ((minutes, "full"), (empty, "empty")):
        for path in write(report, tmp_path / name, ["csv"]):
            rows = list(csv.reader(path.open(newline="")))
            assert {len(row) for row in rows} == {len(rows[0])}
            assert rows[0] == tables(empty, Clock.of("UTC"))[path.stem][0]
            assert not [c for row in rows for c in row if re.match(r"[=+@\t\r\n]|-[^0-9]", c)]


@given(st.text())
def test_cells_never_act(text: str) -> None:
    shown = cell(text)
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert "\x1b" not in shown
    shown.encode()


def test_equal_values_of_other_kinds_are_other_cells(tmp_path: Path, monkeypatch) -> None:
    values = [True, 1, 1.0, np.True_, False, 0, -0.0, np.nan, None, 0.1, np.float64(0.1), "=1", "=1", "1", "a,b"]
    monkeypatch.setattr("netwatch.report.csv.tables", lambda *_: {"values": (["v"], [[v, 7] for v in values])})
    CsvWriter().write(SimpleNamespace(report=None, clock=None), tmp_path)
    expected = ["true", "1", "1", "true", "false", "0", "0", "", "", "0.1", "0.1", "'=1", "'=1", "1", '"a,b"']
    written = (tmp_path / "tables" / "values.csv").read_bytes().decode()
    assert written == "".join(f"{line}\r\n" for line in ["v", *(f"{cell},7" for cell in expected)])


@given(st.text(alphabet=st.characters()))
def test_harmless_text_can_be_set(text: str) -> None:
    shown = drawable(harmless(text))
    assert len(harmless(text)) <= 4_001 * 10
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", shown)
    shown.encode()


@given(st.text(min_size=1), st.integers(3, 60))
def test_shortened_keeps_both_ends(name: str, limit: int) -> None:
    short = shortened(name, limit)
    assert len(short) <= max(limit, 1)
    assert short[0] == name[0]
    assert short[-1] == name[-1]


def test_svg_is_xml_with_names_of_its_own(years: Report) -> None:
    from netwatch.report.figures import draw_all

    drawings = draw_all(three_years(), Clock.of("UTC"))
    assert drawings["volume"].svg() == drawings["volume"].svg()
    for name in ("volume", "rhythm"):
        svg = inline(drawings[name].svg(), name)
        root = ET.fromstring(svg)
        assert all(i.startswith(f"{name}-") for i in (e.get("id") for e in root.iter()) if i)
        assert "<text" not in svg, "text is drawn as paths: no font is needed"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Pyongyang", "America/New_York"])
def test_clock_is_rfc3339_at_any_time(zone: str) -> None:
    clock = Clock.of(zone)
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)"
    for nanoseconds in (-(2**63), 0, 1_540_000_000 * 10**9, 2**63 - 1):
        assert re.fullmatch(pattern, clock.instant(nanoseconds)), clock.instant(nanoseconds)


def test_hostile_sample_is_hostile() -> None:
    assert {"\x1b", "\u202e", "<", "=", "#"} <= set(HOSTILE)


def test_places_name_each_input_once() -> None:
    assert _places(["a.pcap#5", "a.pcap#9", "b.pcap#1", "b.pcap#2"]) == "a.pcap #5 #9, b.pcap #1 and 1 more"
    assert _places(["2#7"]) == "2 #7"
    assert _places(["a-very-long-name-of-a-file.pcap.gz#5"]) == "a-very-lo….pcap.gz #5"
    assert _places([]) == ""


def test_no_baseline_is_drawn_through_days_that_a_level_shift_divides() -> None:
    report = three_years()
    whole = draw_volume(report, Clock.of("UTC"))
    assert whole is not None
    assert "Dashed with grey band: baseline" in whole.caption
    divided = tuple(replace(change, facts={"levels_per_day": 96.0}) for change in report.changes)
    part = draw_volume(replace(report, changes=divided), Clock.of("UTC"))
    assert part is not None
    assert "No baseline is drawn" in part.caption
