"""Flow export messages made by hand: NetFlow v5 and v9, IPFIX."""

import struct

import numpy as np

from netwatch.model.address import pack
from netwatch.read.base import ReadOptions
from netwatch.read.exports import ExportDecoder

SECOND = 1_000_000_000
NOW = 1_600_000_000


def v5(records, sequence=0, uptime=3_600_000, seconds=NOW, interval=0, count=None):
    head = struct.pack(
        ">HHIIIIBBH", 5, len(records) if count is None else count, uptime, seconds, 0, sequence, 1, 2, interval
    )
    return head + b"".join(records)


def v5_record(first=3_599_000, last=3_600_000, packets=3, octets=300, source="10.0.0.1"):
    a = int(pack(source)[1]) & 0xFFFFFFFF
    return struct.pack(
        ">IIIHHIIIIHHBBBBHHBBH",
        a, 0xC0000201, 0x0A000001, 7, 8, packets, octets, first, last, 1234, 80, 0, 0x1B, 6, 4, 64500, 64501, 24, 24, 0,
    )  # fmt: skip


def sets(*parts):
    out = b""
    for number, content in parts:
        out += struct.pack(">HH", number, len(content) + 4) + content
    return out


def template(number, *fields, scopes=None):
    out = struct.pack(">HH", number, len(fields)) + (struct.pack(">H", scopes) if scopes else b"")
    for element, length, *enterprise in fields:
        out += struct.pack(">HH", element | (0x8000 if enterprise else 0), length)
        out += struct.pack(">I", enterprise[0]) if enterprise else b""
    return out


def ipfix(*parts, sequence=0, domain=0, seconds=NOW):
    body = sets(*parts)
    return struct.pack(">HHIII", 10, len(body) + 16, seconds, sequence, domain) + body


def v9(*parts, sequence=0, domain=0, uptime=3_600_000, seconds=NOW, count=1):
    return struct.pack(">HHIIII", 9, count, uptime, seconds, sequence, domain) + sets(*parts)


KEYS = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1))
KEY = bytes([10, 0, 0, 1, 192, 0, 2, 1]) + struct.pack(">HHB", 1234, 80, 6)
COUNTED = (*KEYS, (1, 8), (2, 8), (152, 8), (153, 8))


def counted(octets=1000, packets=10, start=NOW - 10, end=NOW):
    return KEY + struct.pack(">QQQQ", octets, packets, start * 1000, end * 1000)


def decode(*messages, decoder=None, exporter="192.0.2.9", time=0):
    decoder = decoder or ExportDecoder(ReadOptions(), 5)
    octets = np.frombuffer(b"".join(messages), np.uint8)
    length = np.array([len(m) for m in messages], np.int64)
    start = np.cumsum(length) - length
    who = np.tile(np.array(pack(exporter), np.uint64), (len(messages), 1))
    n = len(messages)
    flows = decoder.add(octets, start, length, who, np.full(n, time, np.int64), np.arange(1, n + 1))
    assert decoder.tally.balanced
    return flows, decoder


def sampled(number, *fields):
    return template(number, (149, 4), *fields, scopes=1)


MESSAGES = [
    v5([v5_record(), v5_record(source="10.0.0.2")]),
    v9(
        (0, template(256, *COUNTED)), (1, struct.pack(">HHHHHHH", 400, 4, 4, 1, 4, 34, 4)),
        (256, counted()), (400, bytes(8)),
    ),
    ipfix((2, template(256, (8, 4), (371, 0xFFFF), (1, 8))), (256, (b"\x0a\0\0\1\x02hi" + bytes(8)) * 2)),
]  # fmt: skip
