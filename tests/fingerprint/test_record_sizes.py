"""Verdicts on Flow Records alone: sessions at any port, in either form of export, and what must stay silent."""

import numpy as np
import pytest
from naive.exchanges import flows

from netwatch.fingerprint import Fingerprinter, stitched
from netwatch.fingerprint.applications import service_is_source
from netwatch.model.elements import Detail, Orientation
from netwatch.model.flows import Flows
from netwatch.store import FlowStore

HEADER = 52


def session(
    seed=1, share=183, answer=63, job=253, port=8443, own=41000, slices=40, shares=1.5, pushes=0.5, segments=1, **more
):
    """Records of a minute of one connection: everything is acknowledged on its own, nothing else is known."""
    chance = np.random.default_rng(seed)
    found, pushed = chance.poisson(shares, slices), chance.poisson(pushes, slices)
    found[0], pushed[0] = 2, 1
    rows = []
    for nth, (k, j) in enumerate(zip(found.tolist(), pushed.tolist(), strict=True)):
        up, down = (1 + segments) * k + j, segments * k + j + k // 2
        if up + down == 0:
            continue
        first = 400 if nth == 0 else 0
        rows.append({
            "start": 1000 + 60 * nth, "end": 1055 + 60 * nth, "source_port": own, "port": port, "orientation": 0,
            "packets": up, "octets": up * HEADER + k * share + first,
            "reverse_packets": down, "reverse_octets": down * HEADER + k * answer + j * job + first, **more,
        })  # fmt: skip
    return rows


def halves(rows):
    """The same as two records of one direction each."""
    up = [{**row, "reverse_packets": 0, "reverse_octets": 0} for row in rows]
    down = [{**row, "source": "198.51.100.7", "destination": "192.0.2.1", "source_port": row["port"],
             "port": row["source_port"], "packets": row["reverse_packets"], "octets": row["reverse_octets"],
             "reverse_packets": 0, "reverse_octets": 0} for row in rows if row["reverse_packets"]]  # fmt: skip
    return [*(row for row in up if row["packets"]), *down]


def judged(*rows):
    batch = flows(*rows)
    exported = Flows({**batch.columns, "detail": batch["detail"] & ~np.uint8(Detail.PACKETS)})
    stage = Fingerprinter()
    with FlowStore.scratch() as store:
        store.append(stage.observe(exported))
        store.flush()
        return stage.conclude(store.table)


@pytest.mark.parametrize("form", [list, halves])
@pytest.mark.parametrize(("share", "answer", "job"), [(183, 63, 253), (206, 85, 332), (235, 64, 363)])
def test_a_monero_session_is_told_at_a_port_that_says_nothing(form, share, answer, job):
    (verdict,) = judged(*form(session(share=share, answer=answer, job=job)))
    assert verdict.class_id == "mining.suspected"
    assert 0.5 <= verdict.posterior < 0.99
    assert "sizes from flow records" in verdict.quality
    assert {"sizes", "timing"} <= {e.group for e in verdict.evidence if e.weight > 0}


def test_equihash_is_told_by_its_solutions():
    (verdict,) = judged(*session(share=2878, answer=25, job=310, segments=2))
    assert verdict.class_id == "mining.suspected"


@pytest.mark.parametrize(("share", "answer", "job"), [(150, 210, 0), (98, 89, 90), (60, 300, 0)])
def test_what_is_asked_without_memory_and_only_answered_is_not_told(share, answer, job):
    assert judged(*session(share=share, answer=answer, job=job, pushes=0)) == []


def test_messages_of_all_sizes_are_not_told_at_a_pools_port():
    chance = np.random.default_rng(5)
    rows = session(port=3333)
    for row in rows:
        row["octets"] += int(chance.integers(0, 150))
        row["reverse_octets"] += int(chance.integers(0, 300))
    assert judged(*rows) == []


def test_conversations_in_parts_are_judged_as_those_at_once(monkeypatch):
    rows = [row for nth in range(6) for row in session(seed=nth, source=f"192.0.2.{nth + 1}", own=41000 + nth)]
    whole = judged(*rows)
    monkeypatch.setattr(stitched, "PART", 2)
    parts = judged(*rows)
    assert [(v.subject, v.class_id, v.posterior) for v in parts] == [
        (v.subject, v.class_id, v.posterior) for v in whole
    ]
    assert len(whole) >= 5


@pytest.mark.parametrize(("source", "destination", "expected"), [
    (45700, 40000, True), (40000, 45700, False), (33000, 45700, False), (45700, 51820, True), (40000, 50000, True),
    (443, 50000, True), (50000, 443, False), (0, 45700, False),
])  # fmt: skip
def test_of_two_high_ports_the_known_one_is_the_services(source, destination, expected):
    batch = flows({"source_port": source, "port": destination, "orientation": Orientation.EXPORTED})
    assert service_is_source(batch)[0] == expected
    with FlowStore.scratch() as store:
        store.append(Fingerprinter().observe(batch))
        store.flush()
        port = stitched._oriented(store.table).port.to_pyarrow().to_pylist()
    assert port == [source if expected else destination]


def test_who_opened_is_told_by_the_syn_whatever_the_ports():
    assert not service_is_source(flows({"source_port": 45700, "port": 50000, "orientation": Orientation.SYN}))[0]
