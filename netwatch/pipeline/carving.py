"""Carving: the packets behind chosen flows, as a capture that can be handed on as evidence."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from pathlib import Path

import numpy as np

from netwatch.config import Options
from netwatch.model.flows import Flows
from netwatch.model.packets import Packets
from netwatch.read import Inputs, open_inputs
from netwatch.read.frame import among, write_frames

LATER_FRAGMENT = 2


def carve(inputs: Inputs, flows: Flows, out: Path, options: Options) -> int:
    """Write the frames of the flows to ``out`` (pcap) and return their number.

    A frame belongs to a flow that has its addresses, ports and protocol in either direction and was alive at its time;
    a later fragment has no ports and is told by the rest. Flows that were exported have no frames here.

    Raises:
        OutputError: the file cannot be written.
        UnreadableInput: a chosen flow was metered from a file of another form than pcap or pcapng.
    """
    wanted = _Wanted(flows)
    numbers: dict[str, set[int]] = defaultdict(set)
    paths = [file.path for file in inputs.files]
    for batch in open_inputs(paths, options.read):
        if isinstance(batch, Packets) and len(batch):
            numbers[paths[batch.input]].update(batch.rows["frame"][wanted.holds(batch)].tolist())
    found = chain.from_iterable(among(path, chosen) for path, chosen in numbers.items() if chosen)
    return write_frames(found, out)


class _Wanted:
    """Flow Keys of either direction, each with the times at which a chosen flow of it lived."""

    def __init__(self, flows: Flows) -> None:
        fragments = np.flatnonzero(flows["fragment_flags"])
        rows = np.concatenate([np.arange(len(flows)), fragments])
        ports = np.column_stack([flows[f"{side}_transport_port"] for side in ("source", "destination")])[rows]
        ports[len(flows) :] = 0
        source, destination = flows["source_address"][rows], flows["destination_address"][rows]
        key = _key(source, destination, ports, flows["protocol_identifier"][rows])
        order = np.argsort(key, kind="stable")
        self.keys, first = np.unique(key[order], return_index=True)
        since, until = flows["flow_start_nanoseconds"][rows], flows["flow_end_nanoseconds"][rows]
        self.since = np.minimum.reduceat(since[order], first) if len(first) else since
        self.until = np.maximum.reduceat(until[order], first) if len(first) else until

    def holds(self, packets: Packets) -> np.ndarray:
        """Boolean (n,): which packets belong to a chosen flow."""
        rows = packets.rows
        if not len(self.keys):
            return np.zeros(len(rows), bool)
        whole = rows["fragment"] != LATER_FRAGMENT
        source = np.column_stack([rows["source_high"], rows["source_low"]])
        destination = np.column_stack([rows["destination_high"], rows["destination_low"]])
        ports = np.column_stack([rows["source_port"], rows["destination_port"]]) * whole[:, None]
        key = _key(source, destination, ports, rows["protocol"])
        at = np.minimum(np.searchsorted(self.keys, key), len(self.keys) - 1)
        alive = (rows["time"] >= self.since[at]) & (rows["time"] <= self.until[at])
        held: np.ndarray = (self.keys[at] == key) & alive
        return held


def _key(source: np.ndarray, destination: np.ndarray, ports: np.ndarray, protocol: np.ndarray) -> np.ndarray:
    """The same 64 bits for both directions; two Flow Keys share them by chance once in 2^64."""
    ends = (
        _mixed(_mixed(_mixed(address[:, 0]) ^ address[:, 1]) ^ _mixed(ports[:, side].astype(np.uint64)))
        for side, address in enumerate((source, destination))
    )
    return _mixed(sum(ends, np.uint64(0)) + protocol.astype(np.uint64))


def _mixed(value: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014)."""
    mixed = value + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
