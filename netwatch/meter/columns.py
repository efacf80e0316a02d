"""Records that a kernel ended to columns of ``Flows`` and ``Exchange``."""

from __future__ import annotations

import numpy as np

from netwatch.kernels.flowtable import Ended
from netwatch.kernels.meter import BIFLOW, PACKETS, PAYLOAD
from netwatch.model.elements import FLOW
from netwatch.model.exchange import PUSHES, Exchange
from netwatch.model.flows import Flows


def flows_of(ended: Ended, filled: np.void) -> Flows:
    """The ended flows as a batch of its own; ``filled`` says how many rows of each array of ``ended`` count."""
    n = int(filled["ended"])
    records, origins = ended.flows[:n], ended.origins[:n]
    columns = {e.name: np.zeros((n, *e.dtype.shape), e.dtype.base) for e in FLOW}
    for name, column in _told(records, origins).items():
        columns[name][:] = column
    both = (records["packets"] > 0).all(axis=1)
    exchange = exchange_of(ended, filled)
    held = exchange.row >= 0
    held[held] = exchange.head_length[exchange.row[held]].any(axis=1)
    columns["detail"][:] = records["detail"] | PACKETS | both * np.uint8(BIFLOW) | held * np.uint8(PAYLOAD)
    return Flows(columns, exchange)


def _told(records: np.ndarray, origins: np.ndarray) -> dict[str, np.ndarray | int]:
    """The columns that records tell, still as views of them."""
    told: dict[str, np.ndarray | int] = {
        "flow_start_nanoseconds": records["first"],
        "flow_end_nanoseconds": records["last"],
        "source_transport_port": records["source_port"],
        "destination_transport_port": records["destination_port"],
        "protocol_identifier": records["protocol"],
        "minimum_ip_total_length": np.where(records["packets"][:, 0] > 0, records["smallest"], 0),
        "maximum_ip_total_length": records["largest"],
        "fragment_flags": records["fragments"],
        "flow_end_reason": origins["reason"],
        "ip_class_of_service": origins["class_of_service"],
        "vlan_id": origins["vlan"],
        "orientation": origins["orientation"],
        "input": origins["input"],
        "first_frame": origins["frame"],
        "sampling_packet_interval": 1,
    }
    for side in ("source", "destination"):
        halves = records[f"{side}_high"], records[f"{side}_low"]
        told[f"{side}_address"] = np.stack(halves, axis=1)
    for direction, prefix in enumerate(("", "reverse_")):
        told[prefix + "octet_delta_count"] = records["octets"][:, direction]
        told[prefix + "packet_delta_count"] = records["packets"][:, direction]
        told[prefix + "tcp_control_bits"] = records["flags"][:, direction]
    told["initiator_octets"], told["responder_octets"] = records["payload"].T
    return told


def exchange_of(ended: Ended, filled: np.void) -> Exchange:
    """The exchanges of the ended flows."""
    row = ended.flows["exchange"][: int(filled["ended"])].copy()
    talks = ended.exchanges[: int(filled["ended_exchanges"])]
    length = talks["head_length"]
    ends = np.cumsum(length, dtype=np.int64).reshape(-1, 2)
    kept = np.minimum(talks["unsolicited"], PUSHES) * (talks["pushes"] >= 0)
    push_time = np.zeros((len(talks), PUSHES), np.int64)
    push_time[np.arange(PUSHES) < kept[:, None]] = ended.pushes[: int(filled["ended_pushes"])]
    return Exchange(
        row=row,
        heads=ended.heads[: int(filled["ended_octets"])].copy(),
        head_start=ends - length,
        head_length=length.copy(),
        push_time=push_time,
        **{name: talks[name].copy() for name in _COPIED},
    )


_COPIED = (
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
