"""The sieve over payload heads against readings in Python, and on any octets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch.errors import Malformed
from netwatch.fingerprint.applications import _CODES, _SIGNATURES, _signatures
from netwatch.fingerprint.names import Pool, PoolNames
from netwatch.kernels import heads
from netwatch.model.application import CODE
from netwatch.wire.tls import client_hello

NAMES = PoolNames([Pool(host, (), "", "single", "test") for host in ("pool.example", "x.co.uk", "xmr.test.org")])


def sifted(head, protocol=6, dns=False):
    octets = np.frombuffer(b"\xff" + head + b"\xff", np.uint8)
    batch = heads.Heads(
        octets, np.array([[1, 0]], np.int64), np.array([[len(head), 0]], np.uint16), np.array([protocol], np.uint8),
        np.array([dns]),
    )  # fmt: skip
    code, marks = np.zeros((1, 2), np.uint16), np.zeros((1, 2), np.uint16)
    heads.sift(batch, _signatures(), NAMES.hashes, _CODES, code, marks)
    assert not code[0, 1]
    return int(code[0, 0]), int(marks[0, 0])


def hello(name, extensions=b"", ciphers=b"\x13\x01"):
    entry = name.encode()
    sni = b"" if not name else _extension(0, (len(entry) + 3).to_bytes(2, "big") + b"\0" + _sized(entry))
    body = b"\x03\x03" + bytes(32) + b"\0" + _sized(ciphers) + b"\1\0" + _sized(sni + extensions)
    return b"\x16\x03\x01" + _sized(b"\1" + len(body).to_bytes(3, "big") + body)


def _sized(octets):
    return len(octets).to_bytes(2, "big") + octets


def _extension(kind, octets):
    return kind.to_bytes(2, "big") + _sized(octets)


def question(name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return b"\0\1\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"


@pytest.mark.parametrize(("name", "octets", "offset", "protocol"), _SIGNATURES)
def test_every_signature_is_told(name, octets, offset, protocol):
    assert sifted(b"\xfd" * offset + octets + b"\xfd" * 9, protocol or 17)[0] == CODE[name]


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("pool.example", True),
        ("eu.pool.example", True),
        ("EU.Pool.Example", True),
        ("carpool.example", False),
        ("pool.example.org", False),
        ("co.uk", False),
        ("ax.co.uk", False),
        ("a.x.co.uk", True),
    ],
)
def test_names_match_on_whole_labels_wherever_they_stand(name, listed):
    assert bool(NAMES.find(name)) == listed
    http = f"GET / HTTP/1.1\r\nAccept: */*\r\nHost: {name}:3333\r\n\r\n".encode()
    for octets, protocol, dns in (
        (hello(name), 6, False),
        (http, 6, False),
        (question(name), 17, True),
        (_sized(question(name)), 6, True),
    ):
        assert bool(sifted(octets, protocol, dns)[1] & heads.LISTED) == listed


def test_marks_of_hellos():
    assert sifted(hello(""))[1] == heads.HELLO
    assert sifted(hello("a.example"))[1] == heads.HELLO | heads.SNI
    alpn = _extension(16, _sized(b"\x02h2"))
    assert sifted(hello("", alpn))[1] == heads.HELLO | heads.ALPN | heads.BROWSER
    assert sifted(hello("", b"", b"\x3a\x3a\x13\x01"))[1] & heads.BROWSER
    assert sifted(hello("a.example")[:-3])[1] & heads.CUT


def test_bitcoin_and_json():
    assert sifted(bytes.fromhex("f9beb4d9") + b"version\0\0\0\0\0" + bytes(8))[0] == CODE["bitcoin"]
    assert sifted(bytes.fromhex("f9beb4d9") + b"ver sion\0\0\0\0" + bytes(8))[0] != CODE["bitcoin"]
    assert sifted(b'{"id":1}')[1] & heads.JSON
    assert sifted(b'{"id" : 1}')[1] & heads.JSON
    assert not sifted(b'{"id"; 1}')[1] & heads.JSON


@given(
    st.binary(max_size=512),
    st.sampled_from([6, 17, 0, 50]),
    st.booleans(),
    st.sampled_from([b"", b"\x16\x03\x01\x02\0\1"]),
)
def test_any_octets(head, protocol, dns, start):
    code, marks = sifted(start + head, protocol, dns)
    assert 0 <= code < len(CODE)
    if protocol == 6 and not dns and marks & heads.SNI and not marks & heads.CUT:
        try:
            assert 0 in client_hello(start + head).extensions
        except Malformed:
            raise AssertionError("the kernel read a server name where the decoder finds no hello") from None
