"""One conversation in every link, tunnel, container, compression and byte order gives the same packets."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
from pathlib import Path

import lz4.frame
import numpy as np
import pytest
import zstandard
from naive import frames as make
from naive.reading import packets_only, read, read_octets

PACKETS = make.conversation()
PACKETS6 = make.conversation(wrap=make.ipv6)
PLAIN = [make.ethernet(p) for p in PACKETS]
CONTAINERS = {
    "pcap": make.pcap(PLAIN),
    "pcap ns": make.pcap(PLAIN, magic=0xA1B23C4D),
    "pcap big-endian": make.pcap(PLAIN, order=">"),
    "pcap ns big-endian": make.pcap(PLAIN, order=">", magic=0xA1B23C4D),
    "pcap Kuznetzov": make.pcap(PLAIN, magic=0xA1B2CD34, extra=8),
    "pcap IXIA": make.pcap(PLAIN, magic=0x1C0001AC),
    "pcap IXIA software": make.pcap(PLAIN, magic=0x1C0001AB, order=">"),
    "pcap Nokia": make.pcap(PLAIN, extra=4),
    "pcap SUSE 6.3": make.pcap(PLAIN, magic=0xA1B2CD34, extra=12),
    "pcapng": make.pcapng(PLAIN),
    "pcapng big-endian": make.pcapng(PLAIN, order=">"),
    "pcapng sections": make.pcapng(PLAIN[:9]) + make.pcapng(PLAIN[9:], order=">"),
    "snoop": make.snoop(PLAIN),
    "erf": make.erf(PLAIN),
}
COMPRESSIONS = {
    "gzip": gzip.compress,
    "gzip members": lambda octets: gzip.compress(octets[:999]) + gzip.compress(octets[999:]) + bytes(512),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": lambda octets: zstandard.ZstdCompressor().compress(octets),
    "zstd frames": lambda o: b"".join(zstandard.ZstdCompressor().compress(p) for p in (o[:77], o[77:])),
    "lz4": lz4.frame.compress,
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    rows, tally, _ = read_octets(make.pcap(PLAIN), tmp_path_factory.mktemp("plain"))
    assert len(rows) == len(PACKETS) and tally.balanced and not tally.dropped
    assert rows["ip_length"].tolist() == [len(p) for p in PACKETS]
    assert rows["payload_length"].tolist() == [7 * i for i in range(34)]
    assert rows["time"].tolist() == make.times(PLAIN)
    assert rows["tcp_flags"].tolist() == [2] + [0x18] * 33
    assert rows["frame"].tolist() == list(range(1, 35))
    return rows


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers(name: str, plain: np.ndarray, tmp_path: Path) -> None:
    rows, tally, _ = read_octets(CONTAINERS[name], tmp_path)
    assert packets_only(rows) == packets_only(plain)
    late = rows["time"][9:] - rows["time"][9] if "sections" in name else rows["time"]
    want = plain["time"][: len(late)] - plain["time"][0] if "sections" in name else plain["time"]
    assert late.tolist() == want.tolist()
    assert tally.balanced and not tally.incomplete and tally.seen == 34


@pytest.mark.parametrize("name", COMPRESSIONS)
def test_compressions(name: str, plain: np.ndarray, tmp_path: Path) -> None:
    rows, tally, _ = read_octets(COMPRESSIONS[name](CONTAINERS["pcap"]), tmp_path)
    assert packets_only(rows) == packets_only(plain)
    assert tally.balanced and not tally.incomplete


@pytest.mark.parametrize("name", make.LINKS)
def test_links(name: str, plain: np.ndarray, tmp_path: Path) -> None:
    link, wrap = make.LINKS[name]
    rows, tally, details = read_octets(make.pcap([wrap(p) for p in PACKETS], link), tmp_path)
    assert packets_only(rows) == packets_only(plain)
    assert tally.balanced and not tally.dropped and not tally.incomplete
    assert details["link_types"]
    assert set(rows["vlan"].tolist()) == {5 if name.startswith(("802.1Q", "QinQ")) else 0}
    if link != 228:
        rows, _, _ = read_octets(make.pcap([wrap(p) for p in PACKETS6], link), tmp_path)
        assert rows["ip_length"].tolist() == [len(p) for p in PACKETS6]
        assert set(rows["source_low"].tolist()) == {1, 2}


@pytest.mark.parametrize("name", make.TUNNELS)
def test_tunnels(name: str, plain: np.ndarray, tmp_path: Path) -> None:
    packets = PACKETS6 if name == "Teredo" else PACKETS
    wrapped = [make.TUNNELS[name](p) for p in packets]
    octets = make.pcap([make.ethernet(p, make.kind_of(p)) for p in wrapped])
    rows, tally, _ = read_octets(octets, tmp_path)
    assert tally.balanced and not tally.dropped
    assert rows["ip_length"].tolist() == [len(p) for p in packets]
    assert (rows["tunnel"] > 0).all()
    assert "Teredo" in name or packets_only(rows) == packets_only(plain)
    outer, tally, _ = read_octets(octets, tmp_path, layer="outer")
    assert outer["ip_length"].tolist() == [len(p) for p in wrapped]
    assert not outer["tunnel"].any() and tally.balanced


def test_the_key_of_a_tunnel_is_kept(tmp_path: Path) -> None:
    for name, key in (("VXLAN", 42), ("GTP-U", 77), ("GRE key, checksum, sequence", 9), ("Geneve", 42)):
        frame = make.ethernet(make.TUNNELS[name](PACKETS[3]))
        rows, _, _ = read_octets(make.pcap([frame]), tmp_path)
        assert rows["tunnel_identifier"].tolist() == [key]


def test_interfaces_of_different_links_and_resolutions(plain: np.ndarray, tmp_path: Path) -> None:
    out = make.section()
    out += make.interface(1, options=make.option(9, b"\x09"))
    out += make.interface(101, options=make.option(9, bytes([0x80 | 20])) + make.option(14, struct.pack("<q", 3600)))
    for i, (time, packet) in enumerate(zip(make.times(PLAIN), PACKETS, strict=True)):
        if i % 2:
            ticks = -(-((time - 3600 * 10**9) << 20) // 10**9)
            out += make.enhanced(packet, ticks, 1)
        else:
            out += make.enhanced(make.ethernet(packet), time, 0)
    rows, tally, details = read_octets(out, tmp_path)
    assert packets_only(rows) == packets_only(plain)
    assert np.abs(rows["time"] - plain["time"]).max() < 1000
    assert details["link_types"] == ["Ethernet", "raw IP"] and details["interfaces"] == 2
    assert tally.balanced


def test_fragments_keep_every_octet(tmp_path: Path) -> None:
    datagram = make.udp(bytes(3000))
    pieces = [datagram[i : i + 1000] for i in range(0, len(datagram), 1000)]
    last = len(pieces) - 1
    packets = [
        make.ipv4(piece, 17, ident=99, place=i * 125 | (0x2000 if i < last else 0)) for i, piece in enumerate(pieces)
    ]
    rows, tally, _ = read_octets(make.pcap([make.ethernet(p) for p in packets]), tmp_path)
    assert rows["ip_length"].tolist() == [len(p) for p in packets]
    assert rows["fragment"].tolist() == [1, 2, 2, 2]
    assert rows["destination_port"].tolist() == [53, 0, 0, 0]
    assert rows["fragment_identification"].tolist() == [99] * 4
    assert tally.notes["IP fragment"] == 4


def test_ipv6_extension_headers(tmp_path: Path) -> None:
    segment = make.tcp(b"x" * 10)
    hops = bytes([60, 0]) + bytes(6)
    routing = bytes([51, 0]) + bytes(6)
    authentication = bytes([6, 4]) + bytes(22)
    whole = make.ipv6(hops + bytes([43, 1]) + bytes(14) + routing + authentication + segment, 0)
    fragmented = make.ipv6(bytes([17, 0]) + struct.pack(">HI", 1, 77) + make.udp(bytes(8)), 44)
    later = make.ipv6(bytes([17, 0]) + struct.pack(">HI", 8 * 9 | 1, 77) + bytes(64), 44)
    rows, _, _ = read_octets(make.pcap([make.ethernet(p, 0x86DD) for p in (whole, fragmented, later)]), tmp_path)
    assert rows["protocol"].tolist() == [6, 17, 17]
    assert rows["payload_length"].tolist() == [10, 8, 64]
    assert rows["destination_port"].tolist() == [3333, 53, 0]
    assert rows["fragment"].tolist() == [0, 1, 2]
    assert rows["fragment_identification"].tolist() == [0, 77, 77]
    assert rows["ip_length"].tolist() == [len(whole), len(fragmented), len(later)]


def test_sizes_come_from_ip_where_the_capture_is_cut(plain: np.ndarray, tmp_path: Path) -> None:
    rows, tally, _ = read_octets(make.pcap(PLAIN, snaplen=60), tmp_path)
    assert rows["ip_length"].tolist() == plain["ip_length"].tolist()
    assert rows["payload_length"].tolist() == plain["payload_length"].tolist()
    assert rows["payload_captured"].tolist() == [min(7 * i, 6) for i in range(34)]
    assert tally.notes["cut by snaplen"] == 33


def test_offloaded_and_jumbo_frames(tmp_path: Path) -> None:
    offloaded = bytearray(make.ipv4(make.tcp(bytes(60_000)), 6))
    offloaded[2:4] = b"\0\0"
    body = b"\x06\x00\xc2\x04" + struct.pack(">I", 70_028) + make.tcp(bytes(70_000))
    jumbo = struct.pack(">IHBB", 0x6000_0000, 0, 0, 61) + bytes(32) + body
    rows, tally, _ = read_octets(make.pcap([bytes(offloaded), jumbo], 101), tmp_path)
    assert rows["ip_length"].tolist() == [60_040, 70_068]
    assert rows["payload_length"].tolist() == [60_000, 70_000]
    assert tally.notes["without IP length (segmentation offload)"] == 1


def test_a_fragmented_carrier_is_not_unwrapped(tmp_path: Path) -> None:
    inner = make.TUNNELS["GRE"](PACKETS[20])
    carrier = bytearray(inner)
    carrier[6:8] = struct.pack(">H", 0x2000)
    rows, _, _ = read_octets(make.pcap([make.ethernet(bytes(carrier))]), tmp_path)
    assert rows["protocol"].tolist() == [47] and rows["fragment"].tolist() == [1]


def test_endless_nesting_ends(tmp_path: Path) -> None:
    packet = PACKETS[0]
    for _ in range(200):
        packet = make.by(4, packet)
    tagged = make.ethernet(b"\0\1\x81\0" * 500, 0x8100)
    rows, tally, _ = read_octets(make.pcap([make.ethernet(packet), tagged]), tmp_path)
    assert len(rows) == 1 and rows["protocol"].tolist() == [4]
    assert tally.dropped["nested too deeply"].units == 1 and tally.balanced


def test_read_from_windows_of_a_stream_is_the_same(tmp_path: Path) -> None:
    import netwatch.read.source as source

    frames = PLAIN * 50
    whole, _, _ = read_octets(make.pcap(frames), tmp_path)
    size, source.STREAM_WINDOW = source.STREAM_WINDOW, 1000
    try:
        (tmp_path / "z").write_bytes(gzip.compress(make.pcap(frames)))
        parts, tally, _ = read(tmp_path / "z")
    finally:
        source.STREAM_WINDOW = size
    assert packets_only(parts) == packets_only(whole)
    assert parts["frame"].tolist() == whole["frame"].tolist() and tally.balanced


@pytest.mark.parametrize("unset", [(0,), (1,), (0, 1, 2), (5, 20)])
@pytest.mark.parametrize("name", ["pcap", "pcap ns big-endian", "pcap Kuznetzov", "pcap Nokia", "pcap SUSE 6.3"])
def test_records_of_a_clock_that_was_not_set_hide_no_packet(
    name: str, unset: tuple[int, ...], plain: np.ndarray, tmp_path: Path
) -> None:
    octets = bytearray(CONTAINERS[name])
    header = {"Nokia": 20, "Kuznetzov": 24, "6.3": 28}.get(name.split()[-1], 16)
    place = 24
    for number, frame in enumerate(PLAIN):
        if number in unset:
            octets[place : place + 8] = bytes(8)
        place += header + len(frame)
    assert place == len(octets)
    rows, tally, _ = read_octets(bytes(octets), tmp_path)
    assert not tally.incomplete
    assert packets_only(rows) == packets_only(plain)
    assert np.flatnonzero(rows["time"] == 0).tolist() == list(unset)
