"""``collect``: flow export messages from a UDP socket to Parquet files, one for each interval of time."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from netwatch.errors import OutputError, UsageError
from netwatch.model.flows import Flows
from netwatch.model.tally import Tally
from netwatch.read import ReadOptions
from netwatch.read.datagrams import Datagrams
from netwatch.read.exports import COLUMNS, ExportDecoder, arrived
from netwatch.store.flowfile import FlowFile

TURN = 250_000_000
"""Ns after which what came is decoded, and the wish to stop is heard."""
MOST = 4096
"""Datagrams that are decoded at once."""
HELD = 1 << 16
"""Flows that make a row group."""
MEMORY, LOCK = ".templates.json", ".lock"
_KEPT = [name for name in COLUMNS if name not in ("input", "first_frame")]


@dataclass(frozen=True, slots=True)
class Collecting:
    """Where from, where to. ``rotate``: ns of a file; ``lasting``: ns after which it ends by itself, None never."""

    host: str
    port: int
    into: Path
    rotate: int
    lasting: int | None = None


@dataclass(slots=True)
class Collected:
    """``files`` written, ``flows`` in them, and the account: of datagrams, and of the messages in them."""

    files: list[Path]
    flows: int
    tallies: list[Tally]


def collect(
    options: Collecting, stop: Callable[[], bool], ready: Callable[[Datagrams], None] = lambda _socket: None
) -> Collected:
    """Receive until ``stop`` says so; ``ready`` is told once the socket is bound.

    Raises:
        UsageError: the address cannot be listened on, or another collector writes to the directory.
        OutputError: a file cannot be written.

    """
    with _directory(options.into):
        decoder = ExportDecoder(ReadOptions(), 0)
        tally = Tally("collect", "datagram", f"{options.host} port {options.port}")
        _recall(decoder, options.into / MEMORY, tally)
        socket = Datagrams(options.host, options.port, time.time_ns)
        try:
            ready(socket)
            return _Collector(options, socket, decoder, tally).run(stop)
        finally:
            socket.close()


class _Collector:
    def __init__(self, options: Collecting, socket: Datagrams, decoder: ExportDecoder, tally: Tally) -> None:
        self._options = options
        self._socket = socket
        self._decoder = decoder
        self._tally = tally
        self._done = Collected([], 0, [tally, decoder.tally])
        decoder.tally.input = tally.input

    def run(self, stop: Callable[[], bool]) -> Collected:
        lasting = self._options.lasting
        end = None if lasting is None else time.time_ns() + lasting

        def over() -> bool:
            return stop() or (end is not None and time.time_ns() >= end)

        while not over():
            begin = time.time_ns() // self._options.rotate * self._options.rotate
            self._interval(begin, begin + self._options.rotate, over)
        self._decoder.finish()
        return self._done

    def _interval(self, begin: int, end: int, over: Callable[[], bool]) -> None:
        """Write the file of one interval, and then what exporters told."""
        hidden = self._options.into / f".flows.{begin}.parquet"
        with FlowFile(hidden, _KEPT) as file:
            held: list[Flows] = []
            while time.time_ns() < end and not over():
                held += [flows for flows in self._receive(end) if len(flows)]
                if sum(map(len, held)) >= HELD:
                    file.append(Flows.concatenate(held))
                    held = []
            file.append(Flows.concatenate(held))
        if file.rows:
            self._done.files.append(_named(hidden, begin))
            self._done.flows += file.rows
        else:
            hidden.unlink()
        self._tally.lost = self._socket.dropped
        _write(self._options.into / MEMORY, json.dumps(self._decoder.remembered()))

    def _receive(self, end: int) -> Iterator[Flows]:
        came = self._socket.receive(min(end, time.time_ns() + TURN), MOST)
        if len(came.start):
            frame = self._tally.seen + 1 + np.arange(len(came.start))
            self._tally.keep(len(came.start), int(came.length.sum()))
            messages = arrived(came.sender, came.time, frame)
            yield from self._decoder.batches(came.octets, came.start, came.length, messages)


@contextlib.contextmanager
def _directory(into: Path) -> Iterator[None]:
    """The directory, for one collector at a time; what one that was killed left half done is taken away."""
    try:
        into.mkdir(parents=True, exist_ok=True)
        with (into / LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(f"another collector writes to {into}") from None
            for left in into.glob(".flows.*.parquet*"):
                left.unlink()
            yield
    except OSError as fault:
        raise OutputError(f"cannot write to {into}: {fault}") from fault


def _recall(decoder: ExportDecoder, path: Path, tally: Tally) -> None:
    """Take in what exporters told an earlier collector; a file that is damaged is noted and left alone."""
    if not path.exists():
        return
    try:
        decoder.recall(json.loads(path.read_text("ascii")))
    except (ValueError, RecursionError):
        tally.notes["templates of earlier could not be read"] += 1


def _named(hidden: Path, begin: int) -> Path:
    """Give a finished file the name of its interval; one that is there already is never replaced."""
    stem = f"flows.{time.strftime('%Y%m%d%H%M', time.gmtime(begin // 1_000_000_000))}"
    number = 1
    while True:
        name = hidden.with_name(f"{stem}.parquet" if number == 1 else f"{stem}.{number}.parquet")
        try:
            os.link(hidden, name)
        except FileExistsError:
            number += 1
            continue
        hidden.unlink()
        return name


def _write(path: Path, content: str) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="ascii") as file:
        file.write(content)
    part.replace(path)
