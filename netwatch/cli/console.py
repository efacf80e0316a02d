"""What the commands print: tables for people on a terminal, lines for machines, progress on stderr."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from netwatch.errors import OutputError
from netwatch.model.tally import Tally
from netwatch.model.text import count, printable
from netwatch.places import whole

PIPED_WIDTH = 160
"""Columns of a table that does not go to a terminal."""
WIDEST = 1_000
"""Columns of a table at most, so that none of its numbers is cut."""
NAME_WIDTH = 32
"""Characters of an input's name in the tally."""


class Output(Console):
    """A console that cuts no number, and leaves a reader who went away (``| head``) to :func:`netwatch.cli.app.run`."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; a table that does not fit is wider than the terminal, as a number cut short is another number."""
        for thing in objects:
            if isinstance(thing, Table):
                unbounded = self.options.update(width=WIDEST)
                self.width = max(self.width, self.measure(thing, options=unbounded).minimum)
        super().print(*objects, **options)

    def on_broken_pipe(self) -> None:
        """Pass it on."""
        raise BrokenPipeError


def stdout() -> Console:
    """Where results go."""
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Output(file=sys.stdout, width=width, highlight=False, soft_wrap=False)


def print_prose(words: str) -> None:
    """Sentences on stdout: wrapped on a terminal, else a paragraph a line."""
    stdout().print(words, markup=False, soft_wrap=not sys.stdout.isatty())


def stderr() -> Console:
    """Where everything else goes."""
    return Console(file=sys.stderr, highlight=False)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = (), title: str = ""
) -> Table:
    """A table; ``numbers`` are the columns set flush right. Cells are taken literally and made harmless."""
    right, rows = set(numbers), list(rows)
    made = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for at, name in enumerate(columns):
        whole = max((len(cells[at]) for cells in rows), default=0) if at in right else None
        made.add_column(
            name, justify="right" if at in right else "left", overflow="fold", no_wrap=at in right, min_width=whole
        )
    for row in rows:
        made.add_row(*(Text(printable(cell)) for cell in row))
    return made


def print_json(value: Any) -> None:
    """One JSON value on one line of stdout; what is no number (NaN) is null."""
    sys.stdout.write(json.dumps(_finite(value), ensure_ascii=True, allow_nan=False) + "\n")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[object]], out: Path) -> None:
    """Rows under their names, as CSV, to a file or, for ``-``, to stdout.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        with whole(out) as file:
            text = io.TextIOWrapper(file, "utf-8", newline="")
            lines = csv.writer(text)
            lines.writerow(columns)
            lines.writerows(rows)
            text.detach()
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise OutputError(f"cannot write {out}: {fault.strerror}") from fault


def print_tallies(tallies: Iterable[Tally], console: Console) -> None:
    """What was seen, kept, dropped and lost, and where it went wrong first.

    Inputs of which all was kept share a line; so do those that were left out for the same reason.
    """
    rows = []
    for (stage, unit, why), group in _alike(tallies).items():
        seen, kept, lost = (sum(getattr(tally, name) for tally in group) for name in ("seen", "kept", "lost"))
        named = _end(group[0].input) if len(group) == 1 else f"{len(group)} inputs"
        rows.append((f"{stage} {named}".strip(), unit, count(seen), count(kept), count(seen - kept), count(lost), why))
    if rows:
        console.print(table(("stage", "unit", "seen", "kept", "dropped", "lost", "why"), rows, numbers=(2, 3, 4, 5)))


def _end(path: str) -> str:
    """The end of a long path, which tells files apart."""
    return path if len(path) <= NAME_WIDTH else f"…{path[1 - NAME_WIDTH :]}"


def _alike(tallies: Iterable[Tally]) -> dict[tuple[str, str, str], list[Tally]]:
    groups: dict[tuple[str, str, str], list[Tally]] = {}
    for tally in tallies:
        if tally.seen or tally.incomplete or tally.lost:
            groups.setdefault((tally.stage, tally.unit, _why(tally)), []).append(tally)
    return groups


def _why(tally: Tally) -> str:
    told = [
        reason
        if tally.unit == "file"
        else f"{reason}: {count(drop.units)}" + (f" (first at octet {drop.offsets[0]:,})" if drop.offsets else "")
        for reason, drop in sorted(tally.dropped.items(), key=lambda item: -item[1].units)
    ]
    return "; ".join(dict.fromkeys([*([tally.incomplete] if tally.incomplete else []), *told]))


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Callable[[Any], None]]:
    """A bar on stderr for a long read, drawn only on a terminal; yields what is told how far the inputs are."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _inputs: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr(), transient=True) as bar:
        task = bar.add_task("read", total=None)
        yield lambda inputs: bar.update(task, completed=inputs.octets_read, total=inputs.octets or None)
