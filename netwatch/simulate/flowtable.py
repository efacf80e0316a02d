"""Flow Records as the simulated exporter meters them: one record array, in one direction each."""

from __future__ import annotations

import ipaddress

import numpy as np

RECORD = np.dtype(
    [
        ("start", "i8"),  # s since 1970
        ("end", "i8"),
        ("source", "u4"),
        ("destination", "u4"),
        ("source_port", "u2"),
        ("destination_port", "u2"),
        ("protocol", "u1"),
        ("flags", "u1"),
        ("reason", "u1"),  # flowEndReason
        ("octets", "i8"),
        ("packets", "i8"),
        ("source_as", "u4"),
        ("destination_as", "u4"),
        ("upstream", "u1"),  # index into the exporter's upstreams
    ]
)

TCP, UDP = 6, 17
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
COMPLETE = FIN | SYN | PSH | ACK
IDLE, ACTIVE, ENDED = 1, 2, 3


def records(count: int, **columns: object) -> np.ndarray:
    """A record array of ``count`` rows with the columns given (arrays or scalars); the others are zero."""
    made = np.zeros(count, RECORD)
    for name, values in columns.items():
        made[name] = values
    return made


def answers(requests: np.ndarray) -> np.ndarray:
    """The same records with their two ends swapped: what the other side's packets give; counters are kept."""
    swapped = requests.copy()
    for one, other in (
        ("source", "destination"),
        ("source_port", "destination_port"),
        ("source_as", "destination_as"),
    ):
        swapped[one], swapped[other] = requests[other], requests[one]
    return swapped


def ipv4(address: str) -> int:
    """An IPv4 address as a number."""
    return int(ipaddress.IPv4Address(address))
