"""A report to files: all of them, or none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from netwatch.errors import OutputError
from netwatch.registry import Registry
from netwatch.report.choice import SECTIONS
from netwatch.report.clock import Clock
from netwatch.report.report import Report

if TYPE_CHECKING:
    from netwatch.report.rendering import Rendering


class Writer(Protocol):
    """One form of a report."""

    def write(self, rendering: Rendering, directory: Path) -> list[Path]:
        """Write into ``directory``, which exists and is empty of this form; the files, each relative to it."""


REPORTS: Registry[type[Writer]] = Registry(
    "report",
    {
        "pdf": "netwatch.report.pdf:PdfWriter",
        "html": "netwatch.report.html:HtmlWriter",
        "png": "netwatch.report.png:PngWriter",
        "json": "netwatch.report.json:JsonWriter",
        "csv": "netwatch.report.csv:CsvWriter",
    },
)
FORMATS = ("pdf", "html", "png", "json", "csv")


def check_writable(directory: Path) -> None:
    """That a directory can be made or written to, told before a long analysis and not after it; nothing is left there.

    Raises:
        OutputError: it cannot.

    """
    place = next(p for p in (directory.absolute(), *directory.absolute().parents) if p.exists())
    try:
        Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=place)).rmdir()
    except OSError as fault:
        raise OutputError(f"{directory}: {fault.strerror or fault}") from None


def write(
    report: Report, directory: Path, formats: Sequence[str] = FORMATS, sections: Sequence[str] = ()
) -> list[Path]:
    """Write the report in these forms into ``directory``, which is made where missing; the files written.

    All is written to a hidden directory beside it first and moved when whole, so a fault leaves what was there.
    The same report gives the same octets. ``sections``: what of the pages is wanted, of
    :data:`netwatch.report.choice.SECTIONS`; all where nothing is said.

    Raises:
        UsageError: no such form or time zone.
        OutputError: it could not be written, such as on a full disk.

    """
    # The names of this module are asked for at every start, the figures with matplotlib only here.
    from netwatch.report.figures import draw_all
    from netwatch.report.pages import compose
    from netwatch.report.rendering import Rendering

    writers = [REPORTS[name]() for name in dict.fromkeys(formats)]
    clock = Clock.of(report.timezone)
    drawings = draw_all(report, clock)
    rendering = Rendering(report, clock, drawings, compose(report, drawings, clock, sections or SECTIONS).as_json())
    directory = directory.absolute()
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    except OSError as fault:
        raise OutputError(f"{directory}: {fault.strerror or fault}") from None
    try:
        files = [path for writer in writers for path in writer.write(rendering, made)]
        return _publish(made, directory, files)
    except OSError as fault:
        raise OutputError(f"{directory}: {fault.strerror or fault}") from None
    except MemoryError:
        raise OutputError(f"{directory}: not enough memory to set the report") from None
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _publish(made: Path, directory: Path, files: Sequence[Path]) -> list[Path]:
    """Move whole files into place; figures of an earlier report that this one does not have go."""
    from netwatch.report.figures import FIGURES

    directory.mkdir(exist_ok=True)
    written = []
    for path in files:
        target = directory / path
        target.parent.mkdir(exist_ok=True)
        with (made / path).open("rb") as file:
            os.fsync(file.fileno())
        (made / path).replace(target)
        written.append(target)
    if any(path.parent.name == "figures" for path in files):
        for name in FIGURES:
            stale = directory / "figures" / f"{name}.png"
            if stale not in written:
                stale.unlink(missing_ok=True)
    return written
