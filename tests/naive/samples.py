"""Small whole files of every format, in parts: what stands before a part must not suffer from damage in it."""

import bz2
import gzip
import io
import json
import lzma
import struct
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import lz4.block
import lz4.frame
import zstandard
from naive import frames as make
from naive import messages as exports
from read import test_flow_files as flow_files
from read import test_nfcapd as nfcapd
from read import test_sflow as sflow
from read import test_tables as tables

FRAMES = [make.ethernet(packet) for packet in make.conversation(4)]


class Sample(NamedTuple):
    """A file: ``parts`` in order, and the ``packets`` and ``flows`` that are in it."""

    parts: list[bytes]
    packets: int
    flows: int

    @property
    def octets(self) -> bytes:
        """The whole file."""
        return b"".join(self.parts)


def capture(build: Callable[[list[bytes]], bytes], frames: list[bytes], flows: int = 0) -> Sample:
    """What ``build`` makes of frames: its header, then a part a frame. All are exports where there are ``flows``."""
    whole = build(frames)
    ends = [0, *(len(build(frames[:n])) for n in range(len(frames) + 1))]
    if whole[:4] == b"\n\r\r\n":
        ends.insert(1, 28)  # pcapng: the Section Header Block stands for itself
    parts = [whole[start:end] for start, end in pairwise(ends) if end > start]
    return Sample(parts, 0 if flows else len(frames), flows)


def _pcap(**options: object) -> Sample:
    return capture(lambda frames: make.pcap(frames, **options), FRAMES)


def captures() -> dict[str, Sample]:
    """Every container."""
    samples = {
        "pcap": _pcap(),
        "pcap ns": _pcap(magic=0xA1B23C4D),
        "pcap big-endian": _pcap(order=">"),
        "pcap ns big-endian": _pcap(order=">", magic=0xA1B23C4D),
        "pcap Kuznetzov": _pcap(magic=0xA1B2CD34, extra=8),
        "pcap IXIA": _pcap(magic=0x1C0001AC),
        "pcap IXIA software": _pcap(magic=0x1C0001AB, order=">"),
        "pcap NSEC-Tokyo": _pcap(magic=0xA12B3C4D),
        "pcapng": capture(make.pcapng, FRAMES),
        "pcapng big-endian": capture(lambda frames: make.pcapng(frames, order=">"), FRAMES),
        "snoop": capture(make.snoop, FRAMES),
        "erf": capture(make.erf, FRAMES),
    }
    two = [capture(make.pcapng, FRAMES[:2]), capture(lambda frames: make.pcapng(frames, order=">"), FRAMES[2:])]
    samples["pcap joined to another"] = Sample(_pcap().parts * 2, 8, 0)
    samples["pcapng of two sections"] = Sample(two[0].parts + two[1].parts, 4, 0)
    for name, (messages, flows) in streams().items():
        frames = [make.ethernet(make.ipv4(make.udp(message, 2055, 2055), 17)) for message in messages]
        samples[f"{name} in pcap"] = capture(make.pcap, frames, flows)
    return samples


def streams() -> dict[str, tuple[list[bytes], int]]:
    """Export messages of every protocol, and how many flows are in them."""
    record, known = exports.v5_record(), exports.template(256, *exports.COUNTED)
    sampled = sflow.sample(sflow.header(sflow.FRAME), sflow.ROUTER, sflow.GATEWAY)
    return {
        "NetFlow v5": ([exports.v5([record] * 2, sequence=2 * n) for n in range(3)], 6),
        "NetFlow v9": (
            [exports.v9((0, known), (256, exports.counted()), count=2)]
            + [exports.v9((256, exports.counted() * 2), sequence=n, count=2) for n in (1, 2)],
            5,
        ),
        "IPFIX": (
            [exports.ipfix((2, known), (256, exports.counted()))]
            + [exports.ipfix((256, exports.counted() * 2), sequence=n) for n in (1, 3)],
            5,
        ),
        "sFlow": ([sflow.datagram(sampled, sflow.COUNTERS, sequence=n) for n in (1, 2, 3)], 3),
    }


def message_files() -> dict[str, Sample]:
    """Messages back to back; sFlow's do not tell their length."""
    made = {name: Sample(parts, 0, flows) for name, (parts, flows) in streams().items() if name != "sFlow"}
    # NetFlow v9's header tells no length: a message ends where a set does.
    nine = made["NetFlow v9"]
    return made | {"NetFlow v9": nine._replace(parts=[set_ for part in nine.parts for set_ in _sets(part)])}


def _sets(message: bytes) -> list[bytes]:
    """The header of a NetFlow v9 message, and its sets."""
    parts, place = [message[:20]], 20
    while place < len(message):
        size = int.from_bytes(message[place + 2 : place + 4], "big")
        parts.append(message[place : place + size])
        place += size
    return parts


def stored(block: bytes) -> bytes:
    """LZO1X that stores: a run of literal octets, and the end."""
    zeros, rest = divmod(len(block) - 19, 255)
    return bytes(1 + zeros) + bytes([rest + 1]) + block + b"\x11\0\0"


SQUEEZE: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "plain": (0, bytes),
    "LZO": (1, stored),
    "bzip2": (2, bz2.compress),
    "LZ4": (3, lambda block: lz4.block.compress(block, store_size=False)),
    "zstd": (4, zstandard.compress),
}
"""nfcapd's compressions: their number in layout 2, and how."""
FLAGS = {"plain": 0, "LZO": 1, "bzip2": 8, "LZ4": 16}
"""Their bits in layout 1."""


def nfcapd_files() -> dict[str, Sample]:
    """Both layouts in every compression, two blocks each."""
    samples = {}
    for name, (method, squeeze) in SQUEEZE.items():
        blocks = [[nfcapd.exporter(), nfcapd.record()], [nfcapd.record(six=True, sampled=True), nfcapd.record()]]
        head = bytearray(nfcapd.layout2([])[:40])
        head[16] = method
        parts = [_block(3, squeeze(b"".join(block)), len(block)) for block in blocks]
        samples[f"nfcapd 2 {name}"] = Sample([bytes(head), *parts], 0, 3)
    for name, flags in FLAGS.items():
        whole = nfcapd.layout1()
        head, block = bytearray(whole[:276]), whole[276 + 12 :]
        head[4] = flags
        part = _block(2, SQUEEZE[name][1](block), 3)
        samples[f"nfcapd 1 {name}"] = Sample([bytes(head), part, part], 0, 2)
    return samples


def _block(kind: int, content: bytes, records: int) -> bytes:
    return struct.pack("<IIHH", records, len(content), kind, 0) + content


ZEEK_JSON = json.dumps({
    "ts": 1517336042.090842, "id.orig_h": "10.0.0.1", "id.orig_p": 5, "id.resp_h": "10.0.0.2", "id.resp_p": 80,
    "proto": "tcp", "orig_ip_bytes": 104, "resp_ip_bytes": 40,
}) + "\n"  # fmt: skip
RA = (
    "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,SrcPkts,DstPkts,TotPkts,SrcBytes,TotBytes,State\n"
    "1282356640.25,0.5,udp,10.0.2.30,44639,  <->,10.0.2.20,53,1,1,2,82,185,CON\n"
    "1282356641.25,1.5,tcp,10.0.2.30,44640,   ->,10.0.2.20,443,6,4,10,600,1000,FSPA_FSPA\n"
)
BINETFLOW = (
    "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,Label\n"
    "2011/08/10 09:46:53.047277,3550.2,udp,212.50.71.179,39678,  <->,147.32.84.229,13363,CON,0,0,12,875,413,"
    "flow=Background-UDP-Established\n"
    "2011/08/10 09:46:54.1,1.5,tcp,147.32.84.59,1577,   ->,77.75.73.9,80,FSPA_FSA,0,0,10,1000,200,flow=Normal\n"
)
SEVERAL = flow_files.OWN + flow_files.OWN.splitlines()[1].replace("2001:db8::1", "10.0.0.7") + "\n"


def texts() -> dict[str, Sample]:
    """Flow files of text, a part a line."""
    wanted = {
        "Zeek TSV": (flow_files.ZEEK, 2), "Zeek JSON": (ZEEK_JSON * 3, 3), "EVE": (flow_files.EVE * 2, 2),
        "Argus CSV": (RA, 2), "binetflow": (BINETFLOW, 2), "CSV": (SEVERAL, 2),
        "EVE netflow": (tables.netflow() * 2, 2),
        "nfdump's csv": (tables.NFDUMP_17, 1), "rwcut": (tables.RWCUT, 1), "IPFIX's names": (tables.IPFIX, 1),
    }  # fmt: skip
    return {
        name: Sample([line.encode() for line in text.splitlines(keepends=True)], 0, flows)
        for name, (text, flows) in wanted.items()
    }


def parquet() -> Sample:
    """Our own columns; a file in one part, for it is read from its end."""
    import pyarrow.parquet as pq

    from netwatch.model.flows import Flows
    from netwatch.store.schema import to_arrow

    flows, _ = exports.decode(exports.v5([exports.v5_record()] * 4))
    out = io.BytesIO()
    names = ("source_address", "destination_address", "octet_delta_count", "flow_start_nanoseconds")
    table = to_arrow(Flows({name: flows[name] for name in names}))
    kept = [name for name in table.column_names if name in names or name == "flow_start"]
    pq.write_table(table.select(kept), out)
    return Sample([out.getvalue()], 0, 4)


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda octets: gzip.compress(octets, mtime=0),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": lambda octets: zstandard.ZstdCompressor(write_checksum=True).compress(octets),
    "lz4": lambda octets: lz4.frame.compress(octets, content_checksum=True),
}


def packed() -> dict[str, Sample]:
    """A capture in every compression: one part, of which a beginning can be had."""
    return {name: Sample([pack(_pcap().octets)], 4, 0) for name, pack in PACK.items()}


def samples() -> dict[str, Sample]:
    """All of them by name."""
    made = captures() | message_files() | nfcapd_files() | texts()
    return made | {"Parquet": parquet()} | packed()
