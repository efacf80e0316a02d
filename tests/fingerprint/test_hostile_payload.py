"""Payload written to hurt: slow to match, nested without end, full of control characters."""

import time

import pytest
from naive.exchanges import flows

from netwatch.fingerprint import Fingerprinter
from netwatch.model.text import printable
from netwatch.store import FlowStore

HEAD = 512
SPITEFUL = [
    b'{"method":' + b" " * (HEAD - 10),
    (b'{"method":"login","params":{"login"' * 20)[:HEAD],
    b'"job","' * 73,
    b'"blob":"' + b"0" * (HEAD - 8),
    b"[" * HEAD,
    b'{"a":' * 102,
    (b'{"id":1,"method":"mining.' + b"a" * 600)[:HEAD],
    b"\\u0000" * 85,
    b"\x81\xfe\xff\xff" + bytes(range(256)) + b"{" * 252,
    b"\x16\x03\x01\xff\xff\x01\x00\xff\xff" + b"\xff" * 500,
    b"\x00\x07\x01\x00\x00\xff\xff\xff\xff\xff\xff\xff" + b"\xc0\x0c" * 250,
    b"GET / HTTP/1.1\r\n" + b"Host: " * 80,
]


@pytest.mark.parametrize("head", SPITEFUL)
def test_reading_is_bounded_in_time_and_tells_nothing(head):
    rows = [{"heads": (head, head), "port": port} for port in (53, 443, 3333, 80)] * 250
    batch = flows(*rows)
    stage = Fingerprinter()
    stage.observe(flows(*rows[:4]))  # what is compiled once
    began = time.perf_counter()
    stage.observe(batch)
    assert time.perf_counter() - began < 2.0  # 1,000 flows, 1 MB


@pytest.mark.parametrize(
    "agent", ["XMRig/\x1b]0;owned\x07\x1b[2J", "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "\u202egpj"]
)
def test_agents_come_as_they_are_and_print_as_text(agent):
    escaped = "".join(f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) > 126 else c for c in agent)
    login = '{"id":1,"method":"login","params":{"login":"4Awallet.x","pass":"x","agent":"' + escaped + '"}}\n'
    for text in (login, login.replace(escaped, agent)):
        stage = Fingerprinter()
        with FlowStore.scratch() as store:
            store.append(stage.observe(flows({"heads": (text.encode(), b"")})))
            store.flush()
            verdicts = stage.conclude(store.table)
        assert [v.class_id for v in verdicts] == ["mining.stratum.cryptonote"]
        told = [printable(str(word)) for word in verdicts[0].facts.get("agents", [])]
        assert all(word.isprintable() for word in told)
        assert "\x1b" not in "".join(told)
