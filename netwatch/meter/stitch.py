"""One long flow from the records that an exporter cut it into, and the timeouts by which it cut.

An active timeout of 300 s makes twelve records an hour of one conversation; what depends on a flow's life, such as the
tests for mining, wants one. Counts stay those of the records: stitching only groups them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.model.flows import Flows

SECOND = 1_000_000_000
GAP = 300.0
"""Seconds between records of one flow at most."""
ACTIVE, IDLE = 2, 1
_KEY = (
    "source_address",
    "destination_address",
    "source_transport_port",
    "destination_transport_port",
    "protocol_identifier",
    "exporter_address",
    "observation_domain_id",
)
_SUMS = (
    "octet_delta_count",
    "packet_delta_count",
    "reverse_octet_delta_count",
    "reverse_packet_delta_count",
    "initiator_octets",
    "responder_octets",
)
_UNIONS = ("tcp_control_bits", "reverse_tcp_control_bits", "fragment_flags", "detail")


class Stitched(NamedTuple):
    """``group`` int64 (n,): for each record the row of ``flows`` that it belongs to; ``flows`` without Exchange."""

    group: np.ndarray
    flows: Flows


def stitch(flows: Flows, gap: float = GAP) -> Stitched:
    """Join records of one Flow Key and exporter that follow each other by at most ``gap`` seconds.

    A record that ended by FIN or RST (flowEndReason 3) is the last of its flow. Sums, unions, extremes and times are
    those of all records; what else a record says is taken from the first of them. Flows come in the order of their
    first records' keys in time.
    """
    n = len(flows)
    if n == 0:
        return Stitched(np.zeros(0, np.int64), Flows.empty())
    key = np.column_stack([flows[name].astype(np.uint64).reshape(n, -1) for name in _KEY])
    start, end = flows["flow_start_nanoseconds"], flows["flow_end_nanoseconds"]
    order = np.lexsort((end, start, *key.T[::-1]))
    same = (key[order][1:] == key[order][:-1]).all(axis=1)
    block = np.concatenate([[0], np.cumsum(~same)])
    reach = _running_maximum(end[order], block)
    ended = flows["flow_end_reason"][order] == 3
    near = start[order][1:] - reach[:-1] <= round(gap * SECOND)
    begins = np.concatenate([[True], ~(same & near & ~ended[:-1])])
    firsts = np.flatnonzero(begins)
    # Rows of the result in the order of their earliest record, then of place in the input.
    rank = np.empty(len(firsts), np.int64)
    rank[np.lexsort((order[firsts], start[order][firsts]))] = np.arange(len(firsts))
    group = np.empty(n, np.int64)
    group[order] = rank[np.cumsum(begins) - 1]
    return Stitched(group, _merged(flows, order, firsts, np.argsort(rank)))


def _running_maximum(values: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Largest value so far within each block of a sorted, gapless block number."""
    # Ranks instead of values: times and block numbers together do not fit 64 bits.
    levels, rank = np.unique(values, return_inverse=True)
    width = len(levels)
    highest = levels[np.maximum.accumulate(block * width + rank) - block * width]
    return np.asarray(highest)


def _merged(flows: Flows, order: np.ndarray, firsts: np.ndarray, rows: np.ndarray) -> Flows:
    columns = {name: flows[name][order[firsts]] for name in flows}
    for name in _SUMS:
        columns[name] = np.add.reduceat(flows[name][order], firsts)
    for name in _UNIONS:
        columns[name] = np.bitwise_or.reduceat(flows[name][order], firsts)
    columns["flow_end_nanoseconds"] = np.maximum.reduceat(flows["flow_end_nanoseconds"][order], firsts)
    columns["maximum_ip_total_length"] = np.maximum.reduceat(flows["maximum_ip_total_length"][order], firsts)
    smallest = flows["minimum_ip_total_length"][order].astype(np.int64)
    told = np.minimum.reduceat(np.where(smallest == 0, 1 << 16, smallest), firsts)
    columns["minimum_ip_total_length"] = np.where(told == 1 << 16, 0, told)
    lasts = np.concatenate([firsts[1:], [len(order)]]) - 1
    columns["flow_end_reason"] = flows["flow_end_reason"][order[lasts]]
    return Flows({name: column[rows] for name, column in columns.items()})


class Timeouts(NamedTuple):
    """Seconds, or None where the records do not tell; each with how sure that is, from 0 to 1."""

    active: float | None
    active_sure: float
    idle: float | None
    idle_sure: float


def infer_timeouts(flows: Flows) -> Timeouts:
    """The timeouts of who cut these records, from how long they last and how soon the next of their key follows.

    Active: the duration at which long records pile up, and which next to none exceeds. Idle: records of one key that
    are not one flow are never closer than the idle timeout; their smallest gap is it, unless the records were cut by
    the active timeout or by FIN and RST. How sure is the
    share of those gaps below twice the timeout.
    """
    start, end = flows["flow_start_nanoseconds"], flows["flow_end_nanoseconds"]
    active, active_sure = _pile(np.maximum(end - start, 0) / SECOND)
    n = len(flows)
    if n < 2:
        return Timeouts(active, active_sure, None, 0.0)
    key = np.column_stack([flows[name].astype(np.uint64).reshape(n, -1) for name in _KEY])
    order = np.lexsort((start, *key.T[::-1]))
    same = (key[order][1:] == key[order][:-1]).all(axis=1)
    gaps = (start[order][1:] - end[order][:-1])[same] / SECOND
    # TCP ends flows of its own accord; and where the next record begins within the active timeout, that did not cut.
    closed = (flows["tcp_control_bits"] | flows["reverse_tcp_control_bits"])[order][:-1][same] & 5 > 0
    until = np.diff(start[order])[same] / SECOND
    idle_gaps = np.sort(gaps[(gaps > 0) & ~closed & (until < 0.95 * (active or np.inf))])
    if len(idle_gaps) < 20:
        return Timeouts(active, active_sure, None, 0.0)
    # A few gaps come of clocks and of records out of order: one in a hundred may be smaller.
    idle = float(idle_gaps[len(idle_gaps) // 100])
    within = float(np.mean(idle_gaps < 2 * idle))
    return Timeouts(active, active_sure, round(idle) or None, within)


def _pile(durations: np.ndarray) -> tuple[float | None, float]:
    """(duration at which records pile up, how far the pile stands out: 1 - usual / pile); None where none does."""
    longest = float(np.quantile(durations, 0.9999)) if len(durations) else 0.0
    if longest < 10:
        return None, 0.0
    width = max(longest * 0.02, 1.0)
    counts, edges = np.histogram(durations, np.arange(longest / 2, longest + 2 * width, width))
    peak = int(counts.argmax())
    usual = float(np.median(counts[:peak])) if peak else float(counts[peak])
    sure = 1 - usual / counts[peak] if counts[peak] else 0.0
    if counts[peak] < 20 or sure < 0.8:
        return None, sure
    pile = durations[(durations >= edges[peak]) & (durations < edges[peak] + 2 * width)]
    return float(round(np.quantile(pile, 0.95))), sure
