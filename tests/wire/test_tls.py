"""ClientHello: what OpenSSL sends, fingerprints by an independent reading with dpkt, any octets."""

import contextlib
import hashlib
import ssl

import dpkt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch.errors import Malformed
from netwatch.wire.tls import client_hello


def hello(name, alpn=()):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def ja3_by_dpkt(octets):
    read = dpkt.ssl.TLSClientHello(dpkt.ssl.TLSHandshake(dpkt.ssl.TLSRecord(octets).data).data.pack())
    found = dict(read.extensions)

    def pairs(data):
        return [str(int.from_bytes(data[i : i + 2], "big")) for i in range(0, len(data), 2)]

    parts = [
        str(read.version),
        "-".join(str(c.code) for c in read.ciphersuites),
        "-".join(str(kind) for kind, _ in read.extensions),
        "-".join(pairs(found.get(10, b"\0\0")[2:])),
        "-".join(str(o) for o in found.get(11, b"\0")[1:]),
    ]
    return hashlib.md5(",".join(parts).encode()).hexdigest()


def test_hello_with_name_and_alpn():
    octets = hello("Pool.Example.org", ("h2", "http/1.1"))
    found = client_hello(octets)
    assert (found.server_name, found.alpn, found.complete) == ("pool.example.org", ("h2", "http/1.1"), True)
    assert found.ja3() == ja3_by_dpkt(octets)
    assert found.ja4().startswith("t13d")
    assert found.ja4()[8:10] == "h2"


def test_hello_without_name():
    found = client_hello(hello(None))
    assert found.server_name == ""
    assert found.ja4()[3] == "i"
    assert found.ja4()[8:10] == "00"


def test_grease_is_left_out_of_fingerprints():
    octets = bytearray(hello("a.example"))
    plain = client_hello(bytes(octets))
    at = 44 + octets[43] + 2
    assert plain.ja3() != client_hello(bytes(octets[:at] + b"\x13\x99" + octets[at + 2 :])).ja3()
    greased = client_hello(bytes(octets[:at] + b"\x2a\x2a" + octets[at + 2 :]))
    assert len(greased.ciphers) == len(plain.ciphers)
    assert int(greased.ja4()[4:6]) == int(plain.ja4()[4:6]) - 1


@pytest.mark.parametrize("length", range(0, 200, 7))
def test_cut_hello_is_malformed_or_incomplete(length):
    octets = hello("pool.example.org")[:length]
    with contextlib.suppress(Malformed):
        assert not client_hello(octets).complete


@given(st.binary(max_size=300), st.booleans())
def test_any_octets(octets, like):
    octets = b"\x16\x03\x01\x02\x00\x01" + octets if like else octets
    try:
        found = client_hello(octets)
    except Malformed:
        return
    assert isinstance(found.server_name, str)
    assert isinstance(found.alpn, tuple)
    assert len(found.ja3()) == 32
    assert found.ja4().count("_") == 2
