"""DNS names that carry data, and those that do not."""

import hashlib
import struct

import numpy as np
import pytest
from naive.exchanges import flows

from netwatch.fingerprint import Fingerprinter
from netwatch.fingerprint.behaviour import domains
from netwatch.store import FlowStore


def question(name: str, kind: int = 16) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", kind, 1)


def asked(names, kind=16, every=1, more=None):
    made = []
    for number, name in enumerate(names):
        head, second = question(name, kind), 1000 + number // every
        row = {"heads": (head, b""), "port": 53, "protocol": 17, "packets": 1, "reverse_packets": 1}
        made.append(
            row
            | {
                "octets": 28 + len(head),
                "reverse_octets": 28 + len(head) + more if more else 300,
                "start": second,
                "end": second,
            }
        )
    return flows(*made, initiator_octets=[row["octets"] - 28 for row in made])


def verdicts_of(*batches):
    stage = Fingerprinter()
    with FlowStore.scratch() as store:
        for batch in batches:
            store.append(stage.observe(batch))
        store.flush()
        return stage.conclude(store.table), stage


def hidden(number: int) -> str:
    octets = hashlib.sha256(str(number).encode()).hexdigest()
    return f"{octets[:60]}.t.example.net"


def digits(number: int, length: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:length]


def spaced(flows, seconds):
    start = flows["flow_start_nanoseconds"][0] + np.arange(len(flows)) * seconds * 10**9
    return flows.with_columns(flow_start_nanoseconds=start, flow_end_nanoseconds=start)


def told(flows):
    return [(v.class_id, v.posterior >= 0.9) for v in verdicts_of(flows)[0] if v.class_id.startswith(("c2.", "exfil."))]


def test_what_all_names_of_a_domain_end_with_is_not_what_they_carry():
    storage = [f"{digits(n, 32)}.s3.eu-west-1.amazonaws.example" for n in range(700)]
    hosts = [f"ec2-{n % 250}-{n // 250}-7-9.eu-central-1.compute.amazonaws.example" for n in range(700)]
    data = [f"{digits(n, 60)}.d.example.com" for n in range(300)]
    for names in (storage, hosts):
        assert told(spaced(asked(names, kind=1, more=16), 5)) == []
    assert told(spaced(asked(data, kind=1, more=16), 5)) == [("exfil.dns", True)]


def test_orders_in_records_of_text_are_told_at_any_pace():
    """dnscat2 at rest asks in 18 digits a second; others ask once a minute and are answered at length."""
    ((idle, _),) = told(asked([f"{digits(n, 18)}.cat.example.org" for n in range(400)], more=32))
    names = [f"{digits(n, 9)}.{digits(n, 10)[::-1]}.updates.example.com" for n in range(240)]
    ((slow, _),) = told(spaced(asked(names, more=200), 60))
    assert idle == slow == "c2.dns_tunnel"
    mail = [f"s{n % 4}._domainkey.example.net" for n in range(240)]
    assert told(asked(mail, more=400)) == []


def test_names_that_are_never_the_same_are_a_tunnel():
    (verdict,) = [v for v in verdicts_of(asked(map(hidden, range(150)), every=2))[0] if v.class_id == "c2.dns_tunnel"]
    assert verdict.facts["domain"] == "example.net"
    assert (verdict.subject, verdict.peer, verdict.port) == ("192.0.2.1", "198.51.100.7", 53)
    assert verdict.posterior > 0.9


@pytest.mark.parametrize(
    "names",
    [
        [f"edge-{n % 9}.cdn.with-a-rather-long-name-of-a-region.example.net" for n in range(150)],
        [f"{hashlib.sha256(str(n).encode()).hexdigest()[:50]}.avqs.mcafee.com" for n in range(150)],
        [f"{n}.113.0.203.zen-with-a-name-as-long-as-these-are.spamhaus.org" for n in range(150)],
        [hidden(n) for n in range(12)],
    ],
)
def test_long_names_that_are_no_tunnel(names):
    assert [v.class_id for v in verdicts_of(asked(names, kind=1, every=2))[0] if v.class_id.startswith("c2.")] == []


def test_a_million_names_cost_no_more_than_the_first(monkeypatch):
    monkeypatch.setattr(domains, "MOST_READ", 500)
    monkeypatch.setattr(domains, "MOST_NAMES", 100)
    batch = asked(map(hidden, range(2000)), every=100)
    _, stage = verdicts_of(batch, batch)
    kept = stage._features["domain"]
    assert kept.left_out == 3500
    assert [len(entry.names) for entry in kept._asked.values()] == [100]


def test_domains_past_the_limit_are_counted(monkeypatch):
    monkeypatch.setattr(domains, "MOST_DOMAINS", 10)
    names = [f"{'a' * 45}.x{number}.org" for number in range(50)]
    _, stage = verdicts_of(asked(names))
    kept = stage._features["domain"]
    assert (len(kept._asked), kept.left_out) == (10, 40)


def test_registered_domains():
    assert domains.registered("a.b.example.com") == ("a.b", "example.com")
    assert domains.registered("a.example.co.uk") == ("a", "example.co.uk")
    assert domains.registered("example.com") == ("", "example.com")
