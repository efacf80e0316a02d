"""Entities of flows."""

from __future__ import annotations

import numpy as np

from netwatch.model.address import MAPPED
from netwatch.model.elements import Direction
from netwatch.model.flows import Flows
from netwatch.series.keys import KEYS, NONE, words


def test_upstream_is_the_next_as_else_the_next_hop():
    hop = np.array([[0, 0], [0, MAPPED], [0, MAPPED | 0xC0000201], [0, 0]], np.uint64)
    flows = Flows({"next_hop_address": hop, "bgp_next_adjacent_as_number": np.array([0, 0, 0, 64496])})
    key = KEYS["upstream"](flows).forward.tolist()
    assert key[:2] == [NONE, NONE]
    assert [words("upstream", k, ()) for k in key[2:]] == ["next hop 192.0.2.1", "AS64496"]


def test_only_what_leaves_tells_of_an_upstream():
    hop = np.tile(np.array([[0, MAPPED | 0xC0000201]], np.uint64), (5, 1))
    told = KEYS["upstream"](
        Flows({"next_hop_address": hop, "bgp_next_adjacent_as_number": np.zeros(5), "direction": np.arange(5)})
    )
    assert (told.forward != NONE).tolist() == [k in (Direction.OUTBOUND, Direction.TRANSIT) for k in range(5)]
    assert (told.reverse == NONE).all()


def test_prefix_is_of_the_own_side():
    source = np.array([[0, MAPPED | 0xC0000201], [0x20010DB800010002, 1]], np.uint64)
    flows = Flows({"source_address": source})
    assert [words("prefix", k, ()) for k in KEYS["prefix"](flows).forward.tolist()] == [
        "192.0.2.0/24",
        "2001:db8:1::/48",
    ]


def test_service_port():
    columns = {
        "source_transport_port": np.array([443, 50000, 0]),
        "destination_transport_port": np.array([50000, 8333, 9]),
    }
    flows = Flows({**columns, "protocol_identifier": np.array([6, 6, 1]), "orientation": np.array([0, 1, 1])})
    assert [words("port", k, ()) for k in KEYS["port"](flows).forward.tolist()] == ["tcp/443", "tcp/8333", "icmp"]
