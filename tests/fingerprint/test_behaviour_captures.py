"""Attack verdicts on the kept captures: those of truth.toml and no others, from biflows and from one-way records."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from netwatch.fingerprint.engine import judge
from netwatch.fingerprint.features import FEATURES
from netwatch.fingerprint.load import load_rules
from netwatch.fingerprint.options import FingerprintOptions
from netwatch.meter import Meter, MeterOptions
from netwatch.model.elements import Detail, Direction, Orientation
from netwatch.model.flows import Flows
from netwatch.model.packets import Packets
from netwatch.read import ReadOptions, open_inputs
from netwatch.scope import Scope, ScopeOptions
from netwatch.store import FlowStore

KEPT = Path(__file__).parents[2] / "captures"
SCENES = ("syn-flood", "dns-reflection", "port-scan", "ssh-guess", "ordinary-office", "mixed-hour", "monero-day")
ATTACKS = ("dos.", "scan.", "bruteforce.")
RULES = load_rules()


def flows_of(path: Path) -> Flows:
    inputs, meter = open_inputs([path], ReadOptions()), Meter(MeterOptions())
    batches = [meter.add(batch) if isinstance(batch, Packets) else batch for batch in inputs]
    scope = Scope.build(ScopeOptions(prefix=("175.45.176.0/22",)))
    return scope.annotate(Flows.concatenate([*batches, meter.finish()]))


def verdicts_of(flows: Flows, tmp_path: Path):
    store = FlowStore(tmp_path)
    store.append(flows)
    store.flush()
    options = FingerprintOptions()
    found = []
    for kind in ("target", "source", "guess"):
        table = FEATURES[kind](options).table(store.table)
        found += judge([rule for rule in RULES if rule.entity == kind], table, options)
    store.close()
    return found


def split(flows: Flows) -> Flows:
    """The same traffic as an exporter of one-way records tells it."""
    one_way = {
        "reverse_packet_delta_count": np.zeros(len(flows), np.int64),
        "reverse_octet_delta_count": np.zeros(len(flows), np.int64),
        "reverse_tcp_control_bits": np.zeros(len(flows), np.uint16),
        "orientation": np.full(len(flows), Orientation.EXPORTED, np.uint8),
        "detail": flows["detail"] & np.uint8(255 - Detail.BIFLOW - Detail.PACKETS),
    }
    turned = {Direction.INBOUND: Direction.OUTBOUND, Direction.OUTBOUND: Direction.INBOUND}
    back = flows.take(flows["reverse_packet_delta_count"] > 0)
    swapped = {
        "source_address": back["destination_address"],
        "destination_address": back["source_address"],
        "source_transport_port": back["destination_transport_port"],
        "destination_transport_port": back["source_transport_port"],
        "packet_delta_count": back["reverse_packet_delta_count"],
        "octet_delta_count": back["reverse_octet_delta_count"],
        "tcp_control_bits": back["reverse_tcp_control_bits"],
        "direction": np.array([turned.get(d, d) for d in back["direction"].tolist()], np.uint8),
    }
    rest = {name: column[flows["reverse_packet_delta_count"] > 0] for name, column in one_way.items()}
    return Flows.concatenate([Flows({**flows.columns, **one_way}), Flows({**back.columns, **rest, **swapped})])


def told(verdicts):
    return sorted((v.class_id, v.role, v.subject, v.port if v.class_id != "scan.vertical" else 0) for v in verdicts)


def expected(name: str):
    truth = tomllib.loads((KEPT / name / "truth.toml").read_text())["verdict"] if name != "ordinary-office" else []
    attacks = [v for v in truth if v["class"].startswith(ATTACKS)]
    return sorted((v["class"], v["role"], v["subject"], v.get("port", 0)) for v in attacks)


@pytest.mark.parametrize("name", SCENES)
def test_attacks_of_the_truth_and_no_others(name, tmp_path):
    assert told(verdicts_of(flows_of(KEPT / name / f"{name}.pcap.gz"), tmp_path)) == expected(name)


@pytest.mark.parametrize("name", SCENES)
def test_one_way_records_give_the_same_verdicts(name, tmp_path):
    flows = split(flows_of(KEPT / name / f"{name}.pcap.gz"))
    assert told(verdicts_of(flows, tmp_path)) == expected(name)


def test_order_of_records_does_not_matter(tmp_path):
    flows = flows_of(KEPT / "mixed-hour" / "mixed-hour.pcap.gz")
    shuffled = flows.take(np.random.default_rng(7).permutation(len(flows)))
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = verdicts_of(flows, tmp_path / "a"), verdicts_of(shuffled, tmp_path / "b")
    assert [(v.class_id, v.subject, v.posterior, v.packets, v.peers) for v in one] == [
        (v.class_id, v.subject, v.posterior, v.packets, v.peers) for v in two
    ]


def test_every_verdict_says_where_to_look(tmp_path):
    for verdict in verdicts_of(flows_of(KEPT / "mixed-hour" / "mixed-hour.pcap.gz"), tmp_path):
        grounds = [e for e in verdict.evidence if e.stand == "for"]
        assert grounds and all(e.references for e in grounds)
        assert verdict.posterior <= 0.989 and verdict.basis == "behaviour"
        assert verdict.attack_techniques and verdict.packets > 0 and verdict.until > verdict.since


def test_three_years_floods_have_their_directions(tmp_path):
    month = {"2017-08": "dos.reflection.dns", "2018-01": "dos.flood.syn", "2019-02": "dos.reflection.ntp",
             "2019-06": "dos.flood.udp"}  # fmt: skip
    truth = tomllib.loads((KEPT / "three-years" / "truth.toml").read_text())["attack"]
    for name, class_id in month.items():
        (tmp_path / name).mkdir()
        found = verdicts_of(flows_of(KEPT / "three-years" / f"{name}.ipfix.gz"), tmp_path / name)
        floods = {(v.class_id, v.role, v.subject) for v in found if v.class_id.startswith("dos.")}
        assert floods == {(a["class"], a["role"], a["subject"]) for a in truth if a["class"] == class_id}
