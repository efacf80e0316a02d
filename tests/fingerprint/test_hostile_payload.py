"""Payload written to hurt: slow to match, nested without end, full of control characters."""

import time

import numpy as np
import pytest
from naive.exchanges import flows

from netwatch.fingerprint import Fingerprinter
from netwatch.fingerprint.behaviour import denied, domains
from netwatch.fingerprint.pattern import Pattern, PatternSet
from netwatch.model.flows import Flows
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


def names_under(domain: bytes, count: int, code: int) -> Flows:
    """As many questions, and answers with a code, for names that are never the same."""
    label = b"%08d" + b"q" * 32
    rest = bytes([len(domain)]) + domain + b"\x04test\0\0\x01\0\x01"
    rows = []
    for number in range(count):
        name = bytes([40]) + label % number + rest
        question = b"\x00\x07\x01\x00\x00\x01" + bytes(6) + name
        answer = b"\x00\x07\x81" + bytes([0x80 | code]) + b"\x00\x01" + bytes(6) + name
        rows.append({"heads": (question, answer), "port": 53, "protocol": 17, "packets": 1, "reverse_packets": 1,
                     "octets": 28 + len(question), "reverse_octets": 28 + len(answer), "start": number // 90,
                     "end": number // 90})  # fmt: skip
    return flows(*rows, initiator_octets=[row["octets"] - 28 for row in rows])


@pytest.mark.parametrize("code", [0, 3])
def test_names_without_end_under_one_domain_are_bounded(code, monkeypatch):
    for module in (domains, denied):
        monkeypatch.setattr(module, "MOST_READ", 3_000)
    stage = Fingerprinter()
    batch = names_under(b"flood", 5_000, code)
    with FlowStore.scratch() as store:
        for _ in range(4):
            store.append(stage.observe(batch))
        store.flush()
        verdicts = stage.conclude(store.table)
    told = {v.class_id: v.facts.get("service") for v in verdicts}
    assert told["dos.flood.other"] == "NXDOMAIN" if code else told.keys() & {"c2.dns_tunnel", "exfil.dns"}
    asked, refused = stage._features["domain"], stage._features["denied"]
    assert asked.left_out == 4 * 5_000 - 3_000
    assert refused.left_out == (4 * 5_000 - 3_000 if code else 0)
    assert all(len(entry.names) <= domains.MOST_NAMES for entry in asked._asked.values())
    assert all(len(entry.names) <= denied.MOST_NAMES for entry in refused._denied.values())


@pytest.mark.parametrize("head", SPITEFUL)
def test_patterns_of_rules_take_linear_time(head):
    patterns = PatternSet([Pattern(f"p{n}", "x", "client", regex) for n, regex in enumerate(
        ["(a+)+b", "(x|xx)+y", ".*.*.*=.*", '("[^"]*",?)+!', "(?i)(q{0,200}){0,3}z"])])  # fmt: skip
    seconds = []
    for repeat in (200, 800):
        octets = np.frombuffer(head * repeat, np.uint8)
        start = np.arange(repeat) * len(head)
        began = time.process_time()
        patterns.candidates(octets, start, np.full(repeat, len(head)))
        seconds.append(time.process_time() - began)
    assert seconds[1] < 16 * max(seconds[0], 0.01)


def test_candidates_hold_every_true_match_over_any_seam():
    random = np.random.default_rng(5)
    patterns = PatternSet([Pattern("a", "a", "client", "ab{2,6}c"), Pattern("b", "b", "server", "ca", at_start=True)])
    for _ in range(50):
        heads = [bytes(random.choice(list(b"abc"), int(random.integers(0, 30)))) for _ in range(40)]
        lengths = np.array([len(head) for head in heads])
        start = np.cumsum(lengths) - lengths
        held = np.flatnonzero(lengths)
        found = set(held[patterns.candidates(np.frombuffer(b"".join(heads), np.uint8), start[held], lengths[held])])
        assert {i for i, head in enumerate(heads) if patterns.matches(head, 0) or patterns.matches(head, 1)} <= found
