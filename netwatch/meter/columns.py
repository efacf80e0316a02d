"""Records that a kernel ended to columns of ``Flows`` and ``Exchange``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np

from netwatch.kernels.columns import Told, tell
from netwatch.kernels.flowtable import Ended
from netwatch.model.elements import FLOW
from netwatch.model.exchange import PUSHES, Exchange
from netwatch.model.flows import ELEMENTS, Flows, filled


def flows_of(ended: Ended, state: np.void) -> Flows:
    """The ended flows as a batch of its own; ``state`` says how many rows of each array of ``ended`` count."""
    n = int(state["ended"])
    told = Told(*(np.empty((n, *e.dtype.shape), e.dtype.base) for e in map(ELEMENTS.__getitem__, Told._fields)))
    tell(ended.flows[:n], ended.origins[:n], ended.exchanges[: int(state["ended_exchanges"])], told)
    untold = {name: column[:n] for name, column in _untold(len(ended.flows)).items()}
    return Flows({**told._asdict(), **untold}, exchange_of(ended, state))


def carried(origins: np.ndarray, carriers: Mapping[int, np.ndarray]) -> dict[str, np.ndarray]:
    """Columns of the tunnels of flows: ``origins`` flowtable.ORIGIN (n,), ``carriers`` of each input CARRIER."""
    n = len(origins)
    tunnel, identifier = np.zeros(n, np.uint8), np.zeros(n, np.uint32)
    sides = np.zeros((2, n, 2), np.uint64)
    rows = np.flatnonzero(origins["carrier"])
    for input in np.unique(origins["input"][rows]).tolist():
        mine = rows[origins["input"][rows] == input]
        found = carriers[input][origins["carrier"][mine]]
        turned = origins["turned"][mine].astype(np.int64)
        tunnel[mine], identifier[mine] = found["tunnel"], found["identifier"]
        for half, part in enumerate(("high", "low")):
            sides[turned, mine, half] = found[f"source_{part}"]
            sides[1 - turned, mine, half] = found[f"destination_{part}"]
    return {
        "tunnel": tunnel,
        "tunnel_identifier": identifier,
        "outer_source_address": sides[0],
        "outer_destination_address": sides[1],
    }


@cache
def _untold(n: int) -> dict[str, np.ndarray]:
    """What packets do not tell, ``n`` rows of each: read-only, so that all batches can share them."""
    columns = {e.name: filled(e, n) for e in FLOW if e.name not in Told._fields}
    for column in columns.values():
        column.flags.writeable = False
    return columns


def exchange_of(ended: Ended, state: np.void) -> Exchange:
    """The exchanges of the ended flows."""
    row = ended.flows["exchange"][: int(state["ended"])].copy()
    talks = ended.exchanges[: int(state["ended_exchanges"])]
    length = talks["head_length"]
    ends = np.cumsum(length, dtype=np.int64).reshape(-1, 2)
    kept = np.minimum(talks["unsolicited"], PUSHES) * (talks["pushes"] >= 0)
    push_time = np.zeros((len(talks), PUSHES), np.int64)
    push_time[np.arange(PUSHES) < kept[:, None]] = ended.pushes[: int(state["ended_pushes"])]
    return Exchange(
        row=row,
        heads=ended.heads[: int(state["ended_octets"])].copy(),
        head_start=ends - length,
        head_length=length.copy(),
        push_time=push_time,
        **{name: talks[name].copy() for name in _COPIED},
    )


_COPIED = (
    "first",
    "messages",
    "large_messages",
    "size",
    "size_count",
    "interval_sum",
    "interval_squares",
    "interval_count",
    "answered",
    "unsolicited",
)
