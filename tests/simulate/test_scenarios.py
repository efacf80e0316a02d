"""Scenarios: same seed, same octets; files and truth agree with each other and with what is kept in captures/."""

import gzip
import struct
import tomllib
from pathlib import Path

import pytest

from netwatch.errors import UsageError
from netwatch.simulate import SCENARIOS, simulate

KEPT = Path(__file__).parents[2] / "captures"
SCENES = [name for name in SCENARIOS if name != "three-years"]


def unpacked(path: Path) -> bytes:
    """What is inside: builds of zlib differ in what they make of the same octets."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@pytest.mark.parametrize("name", SCENES)
def test_kept_capture_is_what_the_scenario_writes(name, tmp_path):
    for path in simulate(name, tmp_path, 1):
        assert unpacked(path) == unpacked(KEPT / name / path.name)


@pytest.mark.parametrize("name", SCENES)
def test_truth_counts_what_an_independent_reader_counts(name):
    from scapy.layers.inet import IP
    from scapy.utils import RawPcapReader

    truth = tomllib.loads((KEPT / name / "truth.toml").read_text())
    packets = octets = 0
    last = 0.0
    for number, (frame, meta) in enumerate(RawPcapReader(str(KEPT / name / f"{name}.pcap.gz"))):
        packets += 1
        octets += struct.unpack_from(">H", frame, 16)[0]
        at = meta.sec + meta.usec / 1e6
        assert at >= last
        last = at
        if number % 97 == 0:  # scapy is slow: a sample; it computes checksums of its own
            ours = IP(frame[14:])
            theirs = IP(frame[14:])
            del theirs.chksum
            if not (ours.frag or ours.flags.MF):
                del theirs.payload.chksum
            assert bytes(theirs) == bytes(ours)
    assert (packets, octets) == (truth["packets"], truth["octets"])
    assert sum(truth["packets_by_label"].values()) == packets


def test_another_seed_gives_other_octets(tmp_path):
    one, _ = simulate("port-scan", tmp_path / "a", 1)
    two, _ = simulate("port-scan", tmp_path / "b", 2)
    assert one.read_bytes() != two.read_bytes()


def test_unknown_scenario_names_the_nearest(tmp_path):
    with pytest.raises(UsageError, match="syn-flood"):
        simulate("syn-flod", tmp_path)


def _messages(octets):
    at = 0
    while at < len(octets):
        version, length, time, sequence, _ = struct.unpack_from(">HHIII", octets, at)
        assert version == 10
        sets, inner = [], at + 16
        while inner < at + length:
            number, size = struct.unpack_from(">HH", octets, inner)
            sets.append((number, octets[inner + 4 : inner + size]))
            inner += size
        assert inner == at + length
        yield time, sequence, sets
        at += length


def test_three_years_sequence_tells_the_outage_and_options_the_sampling():
    from netwatch.simulate.exporter import WIRE

    truth = tomllib.loads((KEPT / "three-years" / "truth.toml").read_text())
    octets = b"".join(gzip.decompress(p.read_bytes()) for p in sorted((KEPT / "three-years").glob("*.gz")))
    due, lost, records, intervals, gaps = 0, 0, 0, [], []
    for time, sequence, sets in _messages(octets):
        if sequence != due:
            lost += sequence - due
            gaps.append(time)
        counted = 0
        for number, body in sets:
            if number == 256:
                records += len(body) // WIRE.itemsize
                counted += len(body) // WIRE.itemsize
            elif number == 257:
                intervals.append((time, struct.unpack_from(">II", body)[1]))
                counted += 1
        due = sequence + counted
    assert len(gaps) == 1 and gaps[0] >= truth["outage"][0]["until"].timestamp()
    assert records + lost == truth["records"]["exported"]
    change = truth["sampling"][0]["since"].timestamp()
    assert {interval for time, interval in intervals if time < change} == {1}
    assert {interval for time, interval in intervals if time >= change} == {100}
    assert min(time for time, interval in intervals if interval == 100) - change < 7200


def test_three_years_noiseless_means_have_the_stated_ratio():
    import numpy as np

    from netwatch.simulate import nation

    times = nation.FROM + 3600 * np.arange(nation.HOURS) + 1800.0
    year = times.astype("M8[s]").astype("M8[Y]").astype(int) + 1970
    rate = nation.level(times) * nation.rhythm(times)
    assert rate[year == 2019].mean() / rate[year == 2017].mean() == pytest.approx(nation.TOTAL_RATIO, rel=2e-3)
    for part in ("before", "after"):
        assert sum(getattr(service, part) for service in nation.SERVICES) == pytest.approx(1)
    step = nation.level(np.array([nation.SHIFT])) / nation.level(np.array([nation.SHIFT - 1]))
    assert step[0] == pytest.approx(nation.SHIFT_RATIO, rel=1e-6)


def test_three_years_truth_is_what_the_scenario_writes(tmp_path):
    *files, truth = simulate("three-years", tmp_path, 1)
    assert truth.read_bytes() == (KEPT / "three-years" / "truth.toml").read_bytes()
    for path in files:
        assert len(unpacked(path)) == len(unpacked(KEPT / "three-years" / path.name))
