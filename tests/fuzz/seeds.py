"""Small whole inputs of every format and of every message that wire decoders take: what fuzzing bends."""

import atexit
import shutil
import struct
import tempfile
from pathlib import Path

from naive import frames as make
from naive import messages as exports
from naive import samples
from read import test_flow_files as flow_files
from read import test_nfcapd as nfcapd
from read import test_sflow as sflow

MALFORMED = Path(__file__).parents[2].parent / "shared" / "data" / "malformed"
LARGEST = 20_000


def messages() -> list[bytes]:
    sampled = sflow.sample(sflow.header(sflow.FRAME), sflow.ROUTER, sflow.GATEWAY)
    return [*exports.MESSAGES, sflow.datagram(sampled, sflow.COUNTERS)]


def files() -> list[bytes]:
    """Whole inputs."""
    exported = [make.ethernet(make.ipv4(make.udp(m, 2055, 2055), 17)) for m in messages()]
    big = nfcapd.layout2([nfcapd.exporter(">"), nfcapd.record(">")], ">")
    made = [sample.octets for sample in samples.samples().values()]
    return [*made, make.pcapng(exported), big, nfcapd.layout1(">", flags=6), flow_files.ARGUS.encode()]


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
