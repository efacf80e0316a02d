"""Dialects that must be told, look-alikes that must not, and octets made to hurt."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch.wire.stratum import CLIENT, EITHER, SERVER, fields, messages, unwrapped

WALLET = "4" + "8edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD"
LOGIN = (
    b'{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"%s","pass":"x","agent":"XMRig/6.21","rigid":"r1"'
    b',"algo":["rx/0","cn/r"]}}\n' % WALLET.encode()
)


@pytest.mark.parametrize(
    ("octets", "sender", "name"),
    [
        (LOGIN, CLIENT, "cn_login"),
        (LOGIN.replace(b'":', b'" : '), CLIENT, "cn_login"),
        (b"\x05\x01\x00\x05\x01\x00\x03\x0epool.example.x\x0d\x05" + LOGIN, CLIENT, "cn_login"),
        (b'{"method":"submit","params":{"id":"a","job_id":"b","nonce":"01020304","result":"', CLIENT, "cn_submit"),
        (b'{"jsonrpc":"2.0","method":"job","params":{"blob":"0707', SERVER, "cn_job"),
        (b'{"id":1,"jsonrpc":"2.0","result":{"id":"1","job":{"blob":"07', SERVER, "cn_job"),
        (b'{"id":8,"jsonrpc":"2.0","method":"keepalived","params":{"id":"1"}}', CLIENT, "cn_keepalive"),
        (b'{"id": 0, "method": "mining.subscribe", "params": ["cgminer/4.9"]}', CLIENT, "sv1_client"),
        (b'{"id":1,"result":[[["mining.set_difficulty","1"],["mining.notify","1"]],"08",4]', SERVER, "sv1_server"),
        (b'{"id":null,"method":"mining.set_difficulty","params":[8192]}', SERVER, "sv1_server"),
        (b'{"id":2,"method":"eth_submitLogin","params":["0x52"]}', CLIENT, "eth_login"),
        (b'{"result":["0x%s","0x%s","0x%s"]}' % ((b"a" * 64,) * 3), SERVER, "eth_work"),
        (b'{"id":1,"method":"mining.subscribe","params":["x","EthereumStratum/1.0.0"]}', CLIENT, "ethstratum"),
        (b'{"method":"mining.set_target","params":["%s"]}' % (b"0" * 64), SERVER, "equihash"),
        (b"POST / HTTP/1.1\r\nX-Mining-Extensions: longpoll\r\n\r\n", CLIENT, "mining_header"),
        (b'POST / HTTP/1.1\r\n\r\n{"method":"getblocktemplate"', CLIENT, "gbt"),
    ],
)
def test_dialect_is_told_also_mid_stream(octets, sender, name):
    assert name in messages(octets, sender)
    assert name in messages(b'tail of a message"}\n' + octets, sender)


@pytest.mark.parametrize(
    "octets",
    [
        b'{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{}}}',
        b'Content-Length: 90\r\n\r\n{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}',
        b'{"id":0,"method":"server.version","params":["electrum/4.5","1.4"]}',
        b'{"id":5,"method":"blockchain.scripthash.subscribe","params":["8b01df4e"]}',
        b'{"jsonrpc":"2.0","method":"eth_blockNumber","params":[],"id":83}',
        b'{"jsonrpc":"2.0","method":"login","params":["anna","secret"],"id":1}',
        b'{"jsonrpc":"2.0","method":"tools/call","params":{"name":"submit","arguments":{"id":1}}}',
        b'{"jsonrpc":"2.0","result":{"status":"done"},"id":1}',
        b'{"event":"job","data":{"id":4,"state":"queued"}}',
        b'{"jsonrpc":"2.0","method":"submit","params":{"form":"contact","text":"hello"},"id":1}',
        b"\x10\x17\x00\x04MQTT\x04\x02\x00<\x00\x0bmining.pool",
        b"HTTP/1.1 200 OK\r\n\r\n<p>xmrig sends mining.subscribe and mining.authorize</p>",
    ],
)
def test_look_alikes_are_silent(octets):
    mining = messages(octets, EITHER) - {"json_rpc", "lsp", "electrum", "node_rpc", "cn_status"}
    assert not mining


def test_messages_of_the_other_side_do_not_count():
    assert "cn_login" not in messages(LOGIN, SERVER)


def test_fields_of_a_login():
    found = fields(LOGIN)
    assert found["user"] == WALLET
    assert found["agent"] == "XMRig/6.21"
    assert found["algorithm"] == "rx/0"
    assert found["rig"] == "r1"


def frame(body, key=None):
    size = bytes([len(body)]) if len(body) < 126 else b"\x7e" + len(body).to_bytes(2, "big")
    size = bytes([size[0] | (0x80 if key else 0)]) + size[1:]
    masked = bytes(o ^ key[i & 3] for i, o in enumerate(body)) if key else body
    return b"\x81" + size + (key or b"") + masked


@pytest.mark.parametrize("start", [b"", b"GET /proxy HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"])
def test_masked_frames_are_laid_open(start):
    octets = start + frame(b'{"type":"ping"}', b"\1\2\3\4") + frame(LOGIN, b"\x9a\x10\xfe\x07")
    assert "cn_login" in messages(unwrapped(octets), CLIENT)
    assert unwrapped(start + frame(LOGIN)).endswith(LOGIN)


@given(st.binary(max_size=512))
def test_any_octets_in_bounded_time(octets):
    assert isinstance(messages(octets, EITHER), frozenset)
    assert all(isinstance(v, str) for v in fields(octets).values())
    assert len(unwrapped(octets)) <= max(len(octets), 1)


@pytest.mark.parametrize(
    "octets", [b'{"' * 256, b'"params":["' * 60, b'"a":' * 128, b"[" * 512, b'"method":"' + b"\\" * 500]
)
def test_octets_made_to_be_slow_are_not(octets):
    began = time.perf_counter()
    for _ in range(50):
        messages(octets, EITHER)
        fields(octets)
    assert time.perf_counter() - began < 2.0
