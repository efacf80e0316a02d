"""DNS decoding against scapy, and on any octets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch.errors import Malformed
from netwatch.wire.dns import decode


def test_answers_agree_with_scapy():
    from scapy.layers.dns import DNS, DNSQR, DNSRR

    message = DNS(
        id=7,
        qr=1,
        qd=DNSQR(qname="XMR.Pool.example"),
        an=[
            DNSRR(rrname="xmr.pool.example", type="CNAME", rdata="eu.pool.example"),
            DNSRR(rrname="eu.pool.example", type="A", rdata="192.0.2.7"),
            DNSRR(rrname="eu.pool.example", type="AAAA", rdata="2001:db8::7"),
        ],
    )
    octets = bytes(message)
    found = decode(octets)
    assert found.response
    assert found.names == ("xmr.pool.example", "eu.pool.example")
    assert found.addresses == (
        bytes(10) + b"\xff\xff" + bytes([192, 0, 2, 7]),
        bytes.fromhex("20010db8000000000000000000000007"),
    )
    assert not found.cut
    assert decode(octets[:-3]).cut
    assert decode(octets[:-3]).addresses == found.addresses[:1]


def test_names_that_point_in_circles_end():
    octets = b"\0\1\x80\0\0\1\0\0\0\0\0\0" + b"\xc0\x0c" + b"\0\1\0\1"
    with pytest.raises(Malformed, match="circles"):
        decode(octets)


@given(st.binary(max_size=600))
def test_any_octets_are_a_message_or_malformed(octets):
    try:
        found = decode(octets)
    except Malformed as fault:
        assert 0 <= fault.offset <= 65536
    else:
        assert all(len(address) == 16 for address in found.addresses)
        assert all(len(name) <= 254 for name in found.names)
