"""``netwatch collect``: flow exports from the network to files."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from netwatch.cli.choices import OUTPUT
from netwatch.cli.console import print_tallies, stderr
from netwatch.errors import UsageError
from netwatch.model.text import count, volume
from netwatch.model.times import parse_width


def collect(
    *,
    into: Annotated[Path, Parameter(help="Directory to write to.", group=OUTPUT)],
    listen: Annotated[str, Parameter(help="Address and UDP port to listen on; IPv6 as [::1]:2055.")] = "127.0.0.1:2055",
    rotate: Annotated[str, Parameter(help="How much time a file holds: 30s, 5m, 1h.", group=OUTPUT)] = "5m",
    seconds: Annotated[float | None, Parameter(help="End after so many seconds; otherwise when interrupted.")] = None,
    quiet: Annotated[bool, Parameter(help="Nothing on stderr.", group=OUTPUT)] = False,
) -> int:
    """Collect NetFlow, IPFIX and sFlow from a UDP socket into Parquet files that every other command reads.

    Any number of exporters, told apart by their addresses, may send to one port. A file takes its name, such as
    flows.202603010905.parquet after the UTC minute in which it begins, once it is whole. Templates are kept across
    restarts. SIGINT and SIGTERM end it: what came is written first.

    For example:
        netwatch collect --into flows/

        netwatch collect --listen 192.0.2.1:9995 --into flows/ --rotate 1m

        netwatch analyze flows/ --asn AS64500
    """
    from netwatch.pipeline.collecting import Collecting
    from netwatch.pipeline.collecting import collect as collect_flows

    host, port = _endpoint(listen)
    if seconds is not None and not 0 < seconds < 10**9:
        raise UsageError(f"--seconds takes a number above 0, not {seconds}")
    lasting = None if seconds is None else int(seconds * 1e9)
    chosen = Collecting(host, port, into, parse_width(rotate), lasting)

    def ready(socket: object) -> None:
        if not quiet:
            port, room = getattr(socket, "port", 0), getattr(socket, "kernel_room", 0)
            stderr().print(f"listening on {host} port {port}; the kernel holds {volume(room)}", markup=False)

    with _interrupted() as stop:
        done = collect_flows(chosen, lambda: bool(stop), ready)
    if not quiet:
        stderr().print(f"{count(done.flows)} flows in {count(len(done.files))} files in {into}", markup=False)
        print_tallies(done.tallies, stderr())
    return 4 if any(tally.lost for tally in done.tallies) else 0


@contextmanager
def _interrupted() -> Iterator[list[int]]:
    """A list that has an entry once the process was asked to end."""
    asked: list[int] = []
    kinds = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(kind, lambda number, _frame: asked.append(number)) for kind in kinds]
    try:
        yield asked
    finally:
        for kind, handler in zip(kinds, before, strict=True):
            signal.signal(kind, handler)


def _endpoint(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise UsageError(f"not an address with a port: {listen!r} (write 127.0.0.1:2055 or [::1]:2055)")
    return host.removeprefix("[").removesuffix("]"), int(port)
