"""Generated captures for ``long_flows.py``: mining sessions of many kinds, their look-alikes, series in tunnels."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from lookalikes import LOOKALIKES, Span
from pool_sessions import PORTS, TALKS, mine, tunnel
from service_kinds import SERVICES
from services import serve

from netwatch.simulate.frames import Capture, Endpoint
from netwatch.simulate.sessions import Wire

START = 1_700_000_000.0
EACH = 12
"""Sessions of a kind for each seed."""
TUNNELS = (53, 56, 73, 41, 61)
"""Octets that a tunnel adds to a frame: two measured VPNs, and what WireGuard and OpenVPN with other ciphers add."""


class Made(NamedTuple):
    """A capture, (ends, port) of its mining flows, what each session is by its ends, and whether it is held apart."""

    path: Path
    mines: set[tuple[frozenset[str], int]]
    labels: dict[frozenset[str], str]
    held: bool


def made(seeds: Sequence[int]) -> Iterator[Made]:
    """Captures of ``seeds``, each there until the next one is asked for; even seeds are held apart."""
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            capture = Capture()
            mines: set[tuple[frozenset[str], int]] = set()
            labels: dict[frozenset[str], str] = {}
            for number, kind in enumerate((*LOOKALIKES, *TALKS)):
                chance = np.random.Generator(np.random.PCG64([seed, number]))
                for nth in range(EACH):
                    span, wire = _span(chance, seed, number, nth), Wire(capture, kind, chance)
                    if kind in LOOKALIKES:
                        LOOKALIKES[kind](wire, span)
                    else:
                        mines.add(_mine(wire, span, kind, nth))
                    family = "look-alikes" if kind in LOOKALIKES else "mining"
                    labels[frozenset((span.client, span.server))] = f"generated {family}: {kind}"
            path = capture.write(Path(folder) / f"sessions-{seed}.pcap.gz")
            yield Made(path, mines, labels, seed % 2 == 0)
            path.unlink()


def served(seeds: Sequence[int]) -> Iterator[Made]:
    """Captures of ordinary services alone, where they usually are; seeds as in :func:`made`, drawn apart."""
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            capture = Capture()
            labels: dict[frozenset[str], str] = {}
            for number, kind in enumerate(SERVICES):
                chance = np.random.Generator(np.random.PCG64([seed, 1000 + number]))
                for nth in range(EACH):
                    span = _span(chance, seed, number, nth)
                    serve(Wire(capture, kind, chance), span, SERVICES[kind])
                    labels[frozenset((span.client, span.server))] = f"generated service: {kind}"
            path = capture.write(Path(folder) / f"services-{seed}.pcap.gz")
            yield Made(path, set(), labels, seed % 2 == 0)
            path.unlink()


def _span(chance: np.random.Generator, seed: int, number: int, nth: int) -> Span:
    since = START + 7200.0 * seed + float(chance.uniform(0, 600))
    lasts = float(np.exp(chance.uniform(np.log(300), np.log(7200))))
    return Span(f"10.{seed}.{number}.{nth + 1}", f"203.0.{number}.{nth + 1}", since, since + lasts)


def _mine(wire: Wire, span: Span, kind: str, nth: int) -> tuple[frozenset[str], int]:
    """One session: in the clear, in TLS, or in a tunnel by turns."""
    port = int(wire.chance.choice(PORTS))
    if nth % 4 < 2 or kind == "stratum2":
        mine(wire, span, kind, port)
    elif nth % 4 == 2:
        mine(wire, span, kind, port, int(wire.chance.choice([21, 22, 29])))
    else:
        inner = Capture()
        mine(Wire(inner, wire.label, wire.chance), span, kind, port)
        port = int(wire.chance.choice([1194, 51820, 443, 1195]))
        ends = Endpoint(span.client, wire.port()), Endpoint(span.server, port)
        tunnel(inner, wire.capture, ends, wire.label, int(wire.chance.choice(TUNNELS)))
    return frozenset((span.client, span.server)), port
