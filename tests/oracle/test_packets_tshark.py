"""Every frame's IP header and ports, against tshark's dissectors; frames of every file, against capinfos.

A sample of the shared data in the ordinary run; all of it with ``NETWATCH_ORACLE=all``.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from netwatch.model.address import pack, text
from netwatch.read import ReadOptions
from netwatch.read.base import recognise
from netwatch.read.source import open_source

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
ALL = os.environ.get("NETWATCH_ORACLE") == "all"
CAPTURES = ("pcap", "pcapng", "snoop")
FIELDS = ("frame.number", "frame.protocols", "ip.src", "ip.dst", "ip.len", "ip.proto", "ipv6.src", "ipv6.dst")
FIELDS += ("ipv6.plen", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport", "ip.frag_offset", "ip.hdr_len")
QUIET = ("ip.defragment:FALSE", "ipv6.defragment:FALSE", "tcp.desegment_tcp_streams:FALSE", "ip.use_geoip:FALSE")

EXPLAINED = {
    "malformed/LibtraceTeam_libtrace/complex.pcapng": "tshark numbers blocks that hold no packet",
    "malformed/hadrielk_pcapng-test-generator/1_test202.pcapng": "tshark numbers blocks that hold no packet",
    "malformed/hadrielk_pcapng-test-generator/test202.pcapng": "tshark numbers blocks that hold no packet",
    "malformed/seladb_PcapPlusPlus/1_pcapng-example.pcapng": "times of the year 584554: left out here",
    "malformed/the-tcpdump-group_tcpdump/mobility_opt_asan_6.pcap": "lengths corrupt: another record header is guessed",
    "malformed/the-tcpdump-group_tcpdump/mobility_opt_asan_7.pcap": "lengths corrupt: another record header is guessed",
    "malformed/the-tcpdump-group_tcpdump/pim_header_asan-4.pcap": "lengths corrupt: another record header is guessed",
    "malformed/the-tcpdump-group_tcpdump/rsvp-rsvp_obj_print-oobr.pcap": "lengths corrupt: another record header",
    "protocols/OISF_suricata-verify/54_input.pcap": "source route: tshark shows the last hop, the header the next",
    "protocols/seladb_PcapPlusPlus/ipv4-options.pcap": "source route: tshark shows the last hop, the header the next",
}
"""Files in which tshark's answer differs, and why; the same table as in docs/formats.md."""

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="no data set beside the project"),
    pytest.mark.skipif(not shutil.which("tshark") or not shutil.which("capinfos"), reason="no tshark"),
]


def files() -> list[Path]:
    if not SHARED.is_dir():
        return []
    with (SHARED / "manifest.csv").open() as table:
        names = [row["file"] for row in csv.DictReader(table)]
    found = [SHARED / name for name in names if (SHARED / name).stat().st_size < 3_000_000]
    captures = [path for path in found if path.stat().st_size and reader_name(path) in CAPTURES]
    return captures if ALL else captures[::90]


def reader_name(path: Path) -> str:
    source = open_source(path, 300)
    try:
        found = recognise(source.head)
        return found[0] if found else ""
    finally:
        source.close()


def read(path: Path, layer: str = "outer"):
    source = open_source(path, 300)
    reader = recognise(source.head)[1](source, ReadOptions(layer=layer, exports="ignore"), 0)
    rows = [row for batch in reader for row in batch.rows]
    source.close()
    return rows, reader.tally


def dissect(path: Path) -> dict[int, dict[str, str]]:
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=f"]
    for preference in QUIET:
        command += ["-o", preference]
    for field in FIELDS:
        command += ["-e", field]
    out = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout
    rows = (dict(zip(FIELDS, line.split("\t"), strict=False)) for line in out.splitlines())
    return {int(row["frame.number"]): row for row in rows if row.get("frame.number", "").isdigit()}


def expected(row: dict[str, str]) -> tuple[str, str, int] | None:
    """Addresses and length of the outermost IP header; None where tshark shows none, or not all of it."""
    layers = row.get("frame.protocols", "").split(":")
    first = next((layer for layer in layers if layer in ("ip", "ipv6")), None)
    if first == "ip" and row["ip.len"] and row["ip.dst"]:
        return row["ip.src"], row["ip.dst"], int(row["ip.len"])
    if first == "ipv6" and row["ipv6.plen"] and row["ipv6.dst"]:
        return text(*pack(row["ipv6.src"])), text(*pack(row["ipv6.dst"])), int(row["ipv6.plen"]) + 40
    return None


def differences(path: Path) -> list[str]:
    rows, _ = read(path)
    ours = {int(row["frame"]): row for row in rows}
    found = []
    for number, theirs in dissect(path).items():
        want, row = expected(theirs), ours.get(number)
        if want is None:
            continue
        if row is None:
            found.append(f"frame {number}: not decoded, tshark has {want}")
            continue
        have = (
            text(int(row["source_high"]), int(row["source_low"])),
            text(int(row["destination_high"]), int(row["destination_low"])),
            int(row["ip_length"]),
        )
        offloaded = want[2] in (0, 40)
        if have[:2] != want[:2] or (have[2] != want[2] and not offloaded):
            found.append(f"frame {number}: {have}, tshark has {want}")
        protocol = {6: "tcp", 17: "udp"}.get(int(row["protocol"]), "")
        layers = theirs["frame.protocols"].split(":")
        plain = layers.count("ip") + layers.count("ipv6") == 1 and "icmp" not in layers and "icmpv6" not in layers
        if protocol and plain and theirs[f"{protocol}.srcport"] and row["fragment"] != 2:
            ports = (int(row["source_port"]), int(row["destination_port"]))
            theirs_ports = (int(theirs[f"{protocol}.srcport"]), int(theirs[f"{protocol}.dstport"]))
            if ports != theirs_ports:
                found.append(f"frame {number}: ports {ports}, tshark has {theirs_ports}")
    return found


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(SHARED)))
def test_headers_are_those_of_tshark(path: Path) -> None:
    if str(path.relative_to(SHARED)) in EXPLAINED:
        pytest.skip(EXPLAINED[str(path.relative_to(SHARED))])
    assert differences(path)[:5] == []
