"""Quirks of exporters, a file each, by ``quirks/make.py``."""

from pathlib import Path

import pytest
from naive import frames
from read.quirks.make import NOW, files

from netwatch.model.address import texts
from netwatch.model.flows import Flows
from netwatch.read import open_inputs

HERE = Path(__file__).parent / "quirks"
OCTETS, SAMPLING = "octet_delta_count", "sampling_packet_interval"
START, END = "flow_start_nanoseconds", "flow_end_nanoseconds"
ENDED = {START: [(NOW - 10) * 10**9], END: [NOW * 10**9]}
EXPECTED: dict[str, tuple[dict[str, list[int]], dict[str, int]]] = {
    "uptime-rollover": ({START: [(NOW - 7) * 10**9], END: [(NOW - 1) * 10**9]}, {}),
    "clock-ahead-of-export": (
        {START: [NOW * 10**9], END: [NOW * 10**9]},
        {"record over a day later than its export (time of export used)": 1},
    ),
    "clock-never-set": (
        {START: [(frames.BEGIN - 1) * 10**9], END: [frames.BEGIN * 10**9]},
        {"message of an exporter whose clock was never set (time of capture used)": 1},
    ),
    "start-after-end": (
        {START: [(NOW - 60) * 10**9], END: [(NOW - 60) * 10**9]},
        {"record that starts after its end (its end used for both)": 1},
    ),
    "sampling-interval-zero": ({SAMPLING: [1]}, {"sampling interval 0 told (taken as unsampled)": 1}),
    "sampling-missing": ({SAMPLING: [1], OCTETS: [1000]}, {}),
    "sampling-in-another-domain": ({SAMPLING: [128], OCTETS: [1000]}, {}),
    "samplers-deterministic-and-random": ({SAMPLING: [10, 100], OCTETS: [1, 2]}, {"options record": 2}),
    "template-after-data": ({OCTETS: [1000], **ENDED}, {"record that came before its template": 1}),
    "template-never": ({OCTETS: []}, {}),
    "multiple-observation-domains": ({OCTETS: [1, 2, 3], "observation_domain_id": [1, 2, 1]}, {}),
    "reduced-size-encoding": ({OCTETS: [0x010203], "packet_delta_count": [7], **ENDED}, {}),
    "out-of-order": ({OCTETS: [1, 3, 2, 4]}, {"message out of order": 1}),
    "duplicated": ({OCTETS: [1000]}, {}),
    "lost": ({OCTETS: [1, 2, 3]}, {"flow records lost": 4}),
    "silk-flags-of-first-packets": (
        {"packet_delta_count": [1, 2, 3], "tcp_control_bits": [0x1B, 0x1B, 0x1A],
         "reverse_tcp_control_bits": [0, 0, 0x13], "source_transport_port": [1234] * 3},
        {},
    ),
    "biflow-reverse-elements": (
        {OCTETS: [1000], "reverse_octet_delta_count": [50], "reverse_packet_delta_count": [2],
         "reverse_tcp_control_bits": [0x12]},
        {},
    ),
}  # fmt: skip
DROPPED = {"template-never": {"template never seen (data sets)": 1}, "duplicated": {"message exported twice": 1}}


FILES = {Path(name).stem: HERE / name for name in files()}


@pytest.mark.parametrize("name", FILES)
def test_file_is_what_its_script_makes(name):
    assert FILES[name].read_bytes() == files()[FILES[name].name]


def test_every_file_has_its_expectation():
    assert set(EXPECTED) == set(FILES) == {path.stem for path in HERE.iterdir() if path.suffix in (".export", ".pcap")}


@pytest.mark.parametrize("name", EXPECTED)
def test_quirk(name):
    columns, notes = EXPECTED[name]
    inputs = open_inputs([FILES[name]])
    flows = Flows.concatenate(list(inputs))
    tally = inputs.tallies[-1]
    assert {column: flows[column].tolist() for column in columns} == columns
    assert {note: tally.notes[note] for note in notes} == notes
    assert {reason: drop.units for reason, drop in tally.dropped.items()} == DROPPED.get(name, {})
    assert tally.lost == (4 if name == "lost" else 0)
    assert tally.balanced
    if FILES[name].suffix == ".export":
        assert tally.seen_octets == FILES[name].stat().st_size
    assert set(texts(flows["source_address"])) <= {"10.0.0.1"}
