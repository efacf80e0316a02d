"""Columns of single flows that a rule's ``flows`` condition compares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

import numpy as np

from netwatch.fingerprint.features import Feature
from netwatch.model.flows import Flows

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class _Columns(Protocol):
    def __getitem__(self, name: str) -> np.ndarray: ...


def _octets(columns: _Columns) -> np.ndarray:
    total: np.ndarray = columns["octet_delta_count"] + columns["reverse_octet_delta_count"]
    return total


def _packets(columns: _Columns) -> np.ndarray:
    total: np.ndarray = columns["packet_delta_count"] + columns["reverse_packet_delta_count"]
    return total


def _flag(name: str, bit: int) -> Callable[[_Columns], np.ndarray]:
    return lambda flows: flows[name] & bit > 0


_COLUMNS: dict[str, tuple[Feature, Callable[[_Columns], np.ndarray]]] = {
    "octets": (Feature("octets of both directions", "octets"), _octets),
    "packets": (Feature("packets of both directions", "packets"), _packets),
    "forward_packets": (Feature("packets from the source", "packets"), lambda f: f["packet_delta_count"]),
    "reverse_packets": (Feature("packets from the destination", "packets"), lambda f: f["reverse_packet_delta_count"]),
    "forward_octets": (Feature("octets from the source", "octets"), lambda f: f["octet_delta_count"]),
    "reverse_octets": (Feature("octets from the destination", "octets"), lambda f: f["reverse_octet_delta_count"]),
    "octets_per_packet": (
        Feature("octets per packet", "octets"),
        lambda f: _octets(f) / np.maximum(_packets(f), 1),
    ),
    "seconds": (
        Feature("duration", "s"),
        lambda f: (f["flow_end_nanoseconds"] - f["flow_start_nanoseconds"]) / 1e9,
    ),
    "source_port": (Feature("source port"), lambda f: f["source_transport_port"]),
    "destination_port": (Feature("destination port"), lambda f: f["destination_transport_port"]),
    "from_subject": (Feature("the verdict's subject is the flow's source", "yes/no"), lambda f: f["from_subject"]),
    "protocol": (Feature("IP protocol"), lambda f: f["protocol_identifier"]),
    "fragments": (Feature("fragments seen", "yes/no"), lambda f: f["fragment_flags"] > 0),
    "direction": (Feature("direction against the scope: a code of model.elements.Direction"), lambda f: f["direction"]),
    "application": (Feature("application protocol, a code of model.application"), lambda f: f["application"]),
    "syn": (Feature("SYN from the source", "yes/no"), _flag("tcp_control_bits", SYN)),
    "ack": (Feature("ACK from the source", "yes/no"), _flag("tcp_control_bits", ACK)),
    "rst": (Feature("RST from the source", "yes/no"), _flag("tcp_control_bits", RST)),
    "fin": (Feature("FIN from the source", "yes/no"), _flag("tcp_control_bits", FIN)),
    "psh": (Feature("PSH from the source", "yes/no"), _flag("tcp_control_bits", PSH)),
    "reverse_syn": (Feature("SYN from the destination", "yes/no"), _flag("reverse_tcp_control_bits", SYN)),
    "reverse_ack": (Feature("ACK from the destination", "yes/no"), _flag("reverse_tcp_control_bits", ACK)),
    "reverse_rst": (Feature("RST from the destination", "yes/no"), _flag("reverse_tcp_control_bits", RST)),
}

FLOW_FEATURES: dict[str, Feature] = {name: feature for name, (feature, _) in _COLUMNS.items()}


class FlowView(Mapping[str, np.ndarray]):
    """The columns above of the flows at ``rows`` of a batch, computed when first asked for, as float64.

    ``from_subject`` bool: of these flows, which come from the verdict's subject.
    """

    def __init__(self, flows: Flows, rows: np.ndarray, from_subject: np.ndarray) -> None:
        self._taken = _Taken(flows, rows, from_subject)
        self._made: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._made:
            self._made[name] = np.asarray(_COLUMNS[name][1](self._taken), np.float64)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_COLUMNS)

    def __len__(self) -> int:
        return len(_COLUMNS)


class _Taken:
    """Columns of a batch at some rows; only those that are asked for are copied."""

    def __init__(self, flows: Flows, rows: np.ndarray, from_subject: np.ndarray) -> None:
        self._flows, self._rows, self._from_subject = flows, rows, from_subject

    def __getitem__(self, name: str) -> np.ndarray:
        return self._from_subject if name == "from_subject" else self._flows[name][self._rows]
