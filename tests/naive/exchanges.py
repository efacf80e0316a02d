"""Flows with payload heads and rhythms, made by hand."""

import numpy as np

from netwatch.model.address import pack
from netwatch.model.elements import Detail, Orientation
from netwatch.model.exchange import Exchange
from netwatch.model.flows import Flows


def flows(*rows, **columns):
    """Each row: dict with source, destination, ports, heads (client, server) and whatever column it sets."""
    n = len(rows)
    filled = {
        "source_address": np.array([pack(r.get("source", "192.0.2.1")) for r in rows], np.uint64),
        "destination_address": np.array([pack(r.get("destination", "198.51.100.7")) for r in rows], np.uint64),
        "source_transport_port": np.array([r.get("source_port", 50000 + i) for i, r in enumerate(rows)]),
        "destination_transport_port": np.array([r.get("port", 3333) for r in rows]),
        "protocol_identifier": np.array([r.get("protocol", 6) for r in rows]),
        "flow_start_nanoseconds": np.array([r.get("start", 1000) * 10**9 for r in rows]),
        "flow_end_nanoseconds": np.array([r.get("end", 1600) * 10**9 for r in rows]),
        "octet_delta_count": np.array([r.get("octets", 6000) for r in rows]),
        "packet_delta_count": np.array([r.get("packets", 50) for r in rows]),
        "reverse_octet_delta_count": np.array([r.get("reverse_octets", 6000) for r in rows]),
        "reverse_packet_delta_count": np.array([r.get("reverse_packets", 50) for r in rows]),
        "orientation": np.array([r.get("orientation", Orientation.SYN) for r in rows]),
        "detail": np.full(n, Detail.PACKETS | Detail.BIFLOW | Detail.PAYLOAD),
        "first_frame": np.arange(1, n + 1),
        "direction": np.array([r.get("direction", 0) for r in rows]),
    }
    heads = [side for r in rows for side in r.get("heads", (b"", b""))]
    exchange = Exchange.none(n)
    exchange.row = np.arange(n, dtype=np.int32)
    lengths = np.array([len(h) for h in heads], np.int64)
    exchange.heads = np.frombuffer(b"".join(heads), np.uint8)
    exchange.head_start = (np.cumsum(lengths) - lengths).reshape(n, 2)
    exchange.head_length = lengths.astype(np.uint16).reshape(n, 2)
    exchange.first = np.array([r.get("first", (0, 0)) for r in rows], np.uint16).reshape(n, 2)
    for name in ("messages", "large_messages", "interval_count"):
        setattr(exchange, name, np.zeros((n, 2), np.uint32))
    for name in ("interval_sum", "interval_squares"):
        setattr(exchange, name, np.zeros((n, 2)))
    exchange.size, exchange.size_count = np.zeros((n, 2, 4), np.uint16), np.zeros((n, 2, 4), np.uint32)
    exchange.answered, exchange.unsolicited = np.zeros(n, np.uint32), np.zeros(n, np.uint32)
    exchange.push_time = np.zeros((n, 32), np.int64)
    for i, r in enumerate(rows):
        for side, sizes in enumerate(r.get("sizes", ((), ()))):
            for k, (size, count) in enumerate(sizes):
                exchange.size[i, side, k], exchange.size_count[i, side, k] = size, count
            exchange.messages[i, side] = sum(count for _, count in sizes)
        exchange.answered[i], exchange.unsolicited[i] = r.get("answered", 0), r.get("unsolicited", 0)
        for side, intervals in enumerate(r.get("intervals", ((), ()))):
            exchange.interval_sum[i, side] = sum(intervals)
            exchange.interval_squares[i, side] = sum(x * x for x in intervals)
            exchange.interval_count[i, side] = len(intervals)
    return Flows(filled | {k: np.asarray(v) for k, v in columns.items()}, exchange)
