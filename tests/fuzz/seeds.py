"""Small whole inputs of every format and of every message that wire decoders take: what fuzzing bends."""

import atexit
import io
import json
import shutil
import struct
import tempfile
from pathlib import Path

from naive import frames as make
from naive import messages as exports
from read import test_flow_files as flow_files
from read import test_nfcapd as nfcapd
from read import test_sflow as sflow

MALFORMED = Path(__file__).parents[2].parent / "shared" / "data" / "malformed"
LARGEST = 20_000


def captures() -> list[bytes]:
    plain = [make.ethernet(packet) for packet in make.conversation(4)]
    exported = [make.ethernet(make.ipv4(make.udp(m, 2055, 2055), 17)) for m in messages()]
    made = [make.pcap(plain), make.pcap(plain, order=">", magic=0xA1B23C4D), make.pcapng(plain, order=">")]
    made += [make.pcapng(plain), make.snoop(plain), make.erf(plain), make.pcap(exported), make.pcapng(exported)]
    return made


def messages() -> list[bytes]:
    sampled = sflow.sample(sflow.header(sflow.FRAME), sflow.ROUTER, sflow.GATEWAY)
    return [*exports.MESSAGES, sflow.datagram(sampled, sflow.COUNTERS)]


def flow_texts() -> list[bytes]:
    zeek = [json.dumps({"ts": 1.5, "id.orig_h": "10.0.0.1", "id.resp_h": "10.0.0.2", "proto": "tcp"}) + "\n"] * 2
    return [text.encode() for text in (*flow_files.SAMPLES.values(), "".join(zeek))]


def nfcapd_files() -> list[bytes]:
    records = [nfcapd.exporter(), nfcapd.record(), nfcapd.record(six=True, sampled=True)]
    made = [nfcapd.layout2(records, method=method) for method in (0, 2, 3, 4)]
    big = [nfcapd.exporter(">"), nfcapd.record(">")]
    return [*made, nfcapd.layout2(big, ">"), nfcapd.layout1(), nfcapd.layout1(">", flags=6)]


def parquet() -> bytes:
    import pyarrow.parquet as pq

    from netwatch.model.flows import Flows
    from netwatch.store.schema import to_arrow

    flows, _ = exports.decode(exports.v5([exports.v5_record()] * 4))
    out = io.BytesIO()
    pq.write_table(to_arrow(Flows(flows.columns)), out)
    return out.getvalue()


def packed(octets: bytes) -> list[bytes]:
    import bz2
    import gzip
    import lzma

    import lz4.frame
    import zstandard

    return [
        gzip.compress(octets, mtime=0), bz2.compress(octets), lzma.compress(octets), zstandard.compress(octets),
        lz4.frame.compress(octets),
    ]  # fmt: skip


def files() -> list[bytes]:
    """Whole inputs."""
    flowing = [message * 3 for message in exports.MESSAGES]
    made = [*captures(), *flowing, *nfcapd_files(), *flow_texts(), parquet()]
    made += packed(make.pcap([make.ethernet(packet) for packet in make.conversation(4)]))
    return made


def found() -> list[bytes]:
    """Whole inputs of the data set that tests use, where it is there."""
    paths = sorted(path for path in MALFORMED.rglob("*") if path.is_file()) if MALFORMED.exists() else []
    return [path.read_bytes() for path in paths if 0 < path.stat().st_size <= LARGEST]


def scratch() -> Path:
    """A place for one input; in memory where the system has such a place."""
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="netwatch-fuzz-", dir=memory if memory.is_dir() else None)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder) / "input"


def wire() -> dict[str, list[bytes]]:
    """Octets for each decoder of ``netwatch.wire``."""
    query = struct.pack(">HHHHHH", 7, 0x8180, 1, 1, 0, 0) + b"\x04pool\x07example\x00\x00\x01\x00\x01"
    answer = query + b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x00\x00\x01"
    names = b"\x00\x00\x00\x10\x00\x0e\x00\x00\x0bexample.org\x00\x10\x00\x05\x00\x03\x02h2\x00\x2b\x00\x03\x02\x03\x04"
    body = b"\x03\x03" + bytes(32) + b"\x00" + b"\x00\x04\x13\x01\xc0\x2f" + b"\x01\x00"
    hello = body + struct.pack(">H", len(names)) + names
    record = b"\x01" + len(hello).to_bytes(3, "big") + hello
    stratum = b'{"id":1,"method":"mining.subscribe","params":["cgminer/4.9"]}\n{"id":2,"method":"mining.authorize"}\n'
    template = exports.template(256, *exports.COUNTED)
    options = exports.template(400, (149, 4), (34, 4), scopes=1)
    v9_options = struct.pack(">HHHHHHH", 400, 4, 4, 1, 4, 34, 4)
    mrt = struct.pack(">IHHI", 1_600_000_000, 13, 2, 40) + struct.pack(">IB", 1, 24) + b"\x0a\x01\x02\x00\x01"
    mrt += struct.pack(">HIH", 0, 1_600_000_000, 9) + b"\x40\x02\x06\x02\x01" + struct.pack(">I", 64500)
    return {
        "dns": [query, answer],
        "tls": [b"\x16\x03\x01" + struct.pack(">H", len(record)) + record],
        "stratum": [stratum, b"\x81\x7e\x00\x40" + stratum, b"POST / HTTP/1.1\r\n\r\n" + stratum],
        "template": [template * 2, options, v9_options, struct.pack(">HH", 2, 0)],
        "mrt": [mrt],
    }
