"""Flow Records written by hand: who sent what to whom, as an exporter or the meter would tell it."""

import numpy as np

from netwatch.model.address import pack
from netwatch.model.elements import Detail, Direction, Orientation
from netwatch.model.flows import Flows

INSIDE = "10."
TCP, UDP, ICMP = 6, 17, 1
SYN, DONE = 2, 27  # SYN; SYN, ACK, PSH, FIN


def flow(at, source, destination, port, **more):
    """One biflow beginning at ``at`` seconds: a TCP connection of ten packets each way unless told otherwise."""
    filled = {"protocol": TCP, "source_port": 40_000, "packets": 10, "octets": 1_000, "back": 10, "back_octets": 4_000,
              "flags": DONE, "back_flags": DONE, "seconds": 1.0, "smallest": 0, "largest": 0}  # fmt: skip
    return filled | {"at": at, "source": source, "destination": destination, "port": port} | more


def probe(at, source, destination, port, **more):
    """What nobody answers: one SYN unless told otherwise."""
    nothing = {"packets": 1, "octets": 44, "back": 0, "back_octets": 0, "flags": SYN, "back_flags": 0, "seconds": 0.0}
    return flow(at, source, destination, port, **(nothing | more))


def datagrams(at, source, destination, port, **more):
    """A biflow of UDP."""
    return flow(at, source, destination, port, **({"protocol": UDP, "flags": 0, "back_flags": 0} | more))


def records(rows):
    """The flows in order of time, with directions against 10.0.0.0/8."""
    rows = sorted(rows, key=lambda row: row["at"])

    def column(name, factor=1):
        return np.array([int(row[name] * factor) for row in rows])

    def addresses(name):
        return np.array([pack(row[name]) for row in rows], np.uint64).reshape(-1, 2)

    inside = [(r["source"].startswith(INSIDE), r["destination"].startswith(INSIDE)) for r in rows]
    told = {(True, True): Direction.INTERNAL, (True, False): Direction.OUTBOUND, (False, True): Direction.INBOUND,
            (False, False): Direction.TRANSIT}  # fmt: skip
    start = column("at", 10**9) + 1_500_000_000 * 10**9
    return Flows({
        "source_address": addresses("source"), "destination_address": addresses("destination"),
        "source_transport_port": column("source_port"), "destination_transport_port": column("port"),
        "protocol_identifier": column("protocol"), "packet_delta_count": column("packets"),
        "octet_delta_count": column("octets"), "reverse_packet_delta_count": column("back"),
        "reverse_octet_delta_count": column("back_octets"), "tcp_control_bits": column("flags"),
        "reverse_tcp_control_bits": column("back_flags"), "flow_start_nanoseconds": start,
        "flow_end_nanoseconds": start + column("seconds", 10**9), "first_frame": np.arange(1, len(rows) + 1),
        "minimum_ip_total_length": column("smallest"), "maximum_ip_total_length": column("largest"),
        "orientation": np.full(len(rows), Orientation.SYN),
        "detail": np.full(len(rows), Detail.PACKETS | Detail.BIFLOW),
        "direction": np.array([told[pair] for pair in inside]),
    })  # fmt: skip


def one_way(flows):
    """The same traffic as an exporter of one-way records tells it."""
    back = flows.take(flows["reverse_packet_delta_count"] > 0)
    swapped = {}
    for one, other in (("source_address", "destination_address"),
                       ("source_transport_port", "destination_transport_port"),
                       ("packet_delta_count", "reverse_packet_delta_count"),
                       ("octet_delta_count", "reverse_octet_delta_count"),
                       ("tcp_control_bits", "reverse_tcp_control_bits")):  # fmt: skip
        swapped |= {one: back[other], other: back[one]}
    turned = {Direction.INBOUND: Direction.OUTBOUND, Direction.OUTBOUND: Direction.INBOUND}
    swapped["direction"] = np.array([turned.get(d, d) for d in back["direction"].tolist()], np.uint8)
    both = Flows.concatenate([Flows(dict(flows.columns)), Flows(dict(back.columns) | swapped)])
    nothing = np.zeros(len(both), np.int64)
    lost = ("reverse_packet_delta_count", "reverse_octet_delta_count", "reverse_tcp_control_bits", "orientation",
            "detail", "minimum_ip_total_length", "maximum_ip_total_length")  # fmt: skip
    both = Flows(dict(both.columns) | dict.fromkeys(lost, nothing))
    return both.take(np.argsort(both["flow_start_nanoseconds"], kind="stable"))
