"""The outermost addresses of tunnels are columns of the flows inside."""

import numpy as np
import pytest
from naive import frames as make

import netwatch.kernels.carriers as carriers
from netwatch.kernels.tunnel import TUNNELS
from netwatch.meter import Meter
from netwatch.model.address import texts
from netwatch.model.elements import Tunnel
from netwatch.model.flows import Flows
from netwatch.read import ReadOptions, open_inputs

OUTER = {"IP in IPv6": ("2001:db8:f::1", "2001:db8:f::2")}
ENDS = ("outer_source_address", "outer_destination_address")


def metered(path, frames, layer="inner"):
    path.write_bytes(make.pcap(frames))
    inputs, meter = open_inputs([path], ReadOptions(layer=layer)), Meter()
    flows = [meter.add(packets) for packets in inputs]
    return Flows.concatenate([*flows, meter.finish()]), inputs.tallies[0]


def framed(packets):
    return [make.ethernet(packet, make.kind_of(packet)) for packet in packets]


def test_names_are_those_of_the_kernel():
    assert Tunnel.names == TUNNELS


@pytest.mark.parametrize("name", make.TUNNELS)
def test_carrier_of_every_tunnel(name, tmp_path):
    inside = make.conversation(6, make.ipv6 if name == "Teredo" else make.ipv4)
    frames = framed([make.TUNNELS[name](packet) for packet in inside])
    flows, _ = metered(tmp_path / "inner", frames)
    assert len(flows) == 1
    assert (texts(flows[ENDS[0]])[0], texts(flows[ENDS[1]])[0]) == OUTER.get(name, ("198.51.100.1", "198.51.100.2"))
    assert flows["tunnel"][0] > 0
    assert flows["octet_delta_count"][0] + flows["reverse_octet_delta_count"][0] == sum(map(len, inside))
    outer, _ = metered(tmp_path / "outer", frames, "outer")
    assert not outer["tunnel"].any()
    assert not outer[ENDS[0]].any()


def test_the_side_of_the_source_is_its_own(tmp_path):
    """Each direction has its own outer addresses; a flow whose first packet is an answer is turned round."""
    for first in (0, 1):
        frames = []
        for i, packet in enumerate(make.conversation(8)[first:], first):
            ends = ("198.51.100.1", "198.51.100.2") if i % 2 == 0 else ("198.51.100.2", "198.51.100.1")
            frames.append(make.ethernet(make.ipv4(packet, 4, *ends)))
        flows, _ = metered(tmp_path / "capture", frames)
        assert texts(flows["source_address"]) == ["10.1.2.3"]
        assert [texts(flows[name])[0] for name in ENDS] == ["198.51.100.1", "198.51.100.2"]


def test_many_carriers_within_bounds(tmp_path, monkeypatch):
    monkeypatch.setattr(carriers, "MOST", 31)
    packets = [make.ipv4(make.udp(b"x" * 20, 5000 + k), 17) for k in range(60)]
    frames = [make.ethernet(make.ipv4(packet, 4, f"198.51.100.{k}")) for k, packet in enumerate(packets)]
    flows, tally = metered(tmp_path / "capture", frames)
    assert len(flows) == 60
    assert (flows["tunnel"] > 0).sum() == 31
    assert tally.notes["packet whose carrier is not told (too many)"] == 29
    told = {a for a, t in zip(texts(flows[ENDS[0]]), flows["tunnel"], strict=True) if t}
    assert told == {f"198.51.100.{k}" for k in range(31)}


def test_untunnelled_flows_of_the_same_input_have_none(tmp_path):
    plain = make.ipv4(make.udp(b"y" * 9, 6000), 17)
    frames = [make.ethernet(make.TUNNELS["GRE"](packet)) for packet in make.conversation(4)] + [make.ethernet(plain)]
    flows, _ = metered(tmp_path / "capture", frames)
    assert np.flatnonzero(flows["tunnel"]).tolist() == np.flatnonzero(flows[ENDS[0]][:, 1]).tolist()
    assert (flows["tunnel"] == 0).sum() == 1
