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
    columns["flow_start_nanoseconds"] = records["first"]
    columns["flow_end_nanoseconds"] = records["last"]
    for side in ("source", "destination"):
        columns[f"{side}_address"][:, 0] = records[f"{side}_high"]
        columns[f"{side}_address"][:, 1] = records[f"{side}_low"]
        columns[f"{side}_transport_port"] = records[f"{side}_port"]
    columns["protocol_identifier"] = records["protocol"]
    columns["octet_delta_count"], columns["reverse_octet_delta_count"] = records["octets"].T
    columns["packet_delta_count"], columns["reverse_packet_delta_count"] = records["packets"].T
    columns["tcp_control_bits"], columns["reverse_tcp_control_bits"] = records["flags"].T
    columns["initiator_octets"], columns["responder_octets"] = records["payload"].T
    forward = records["packets"][:, 0] > 0
    columns["minimum_ip_total_length"] = np.where(forward, records["smallest"], 0)
    columns["maximum_ip_total_length"] = records["largest"]
    columns["fragment_flags"] = records["fragments"]
    columns["flow_end_reason"] = origins["reason"]
    columns["ip_class_of_service"] = origins["class_of_service"]
    columns["vlan_id"] = origins["vlan"]
    columns["orientation"] = origins["orientation"]
    columns["input"] = origins["input"]
    columns["first_frame"] = origins["frame"]
    columns["sampling_packet_interval"] = np.ones(n, np.uint32)
    both = forward & (records["packets"][:, 1] > 0)
    exchange = exchange_of(ended, filled)
    held = exchange.row >= 0
    held[held] = exchange.head_length[exchange.row[held]].any(axis=1)
    columns["detail"] = records["detail"] | PACKETS | both * np.uint8(BIFLOW) | held * np.uint8(PAYLOAD)
    return Flows(columns, exchange)


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
