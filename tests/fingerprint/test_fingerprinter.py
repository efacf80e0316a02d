"""The stage from flows with payload to classes: mid-stream, one side, hidden, names, and what must stay silent."""

import numpy as np
import pytest
from naive.exchanges import flows

from netwatch.fingerprint import Fingerprinter, FingerprintOptions
from netwatch.model.application import CODE as APPLICATION
from netwatch.model.elements import Direction, Orientation, Role
from netwatch.model.flows import Flows
from netwatch.model.taxonomy import CLASSES, CODE
from netwatch.store import FlowStore

WALLET = b"48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD"
LOGIN = (
    b'{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"%s.rig7","pass":"x","agent":"XMRig/6.2"}}' % WALLET
)
JOB = (
    b'{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"d","job":{"blob":"10","job_id":"5","target":"b88d0600",'
    b'"algo":"rx/0"},"status":"OK"}}'
)
SUBMIT = (
    b'{"id":5,"jsonrpc":"2.0","method":"submit","params":{"id":"d","job_id":"4","nonce":"d0030040","result":"%s"}}\n'
    % (b"e1" * 32)
)
MINER = {
    "sizes": (((199, 60),), ((64, 60), (363, 20))),
    "answered": 59,
    "unsolicited": 18,
    "intervals": ((1.0, 3.0, 9.0, 30.0, 2.0, 14.0, 5.0, 22.0, 8.0, 1.0), (4.0, 60.0, 2.0, 31.0, 9.0, 3.0, 40.0, 1.0)),
    "end": 2800,
}


def concluded(*batches, **options):
    stage = Fingerprinter(FingerprintOptions(**options))
    with FlowStore.scratch() as store:
        for batch in batches:
            store.append(stage.observe(batch))
        store.flush()
        verdicts = stage.conclude(store.table)
        classified = Flows.concatenate([stage.classify(batch) for batch in store.batches()])
    return verdicts, classified


def classes(classified):
    return [CLASSES[code] for code in classified["traffic_class"]]


def test_login_is_confirmed_with_facts_and_wallet_masked():
    verdicts, classified = concluded(flows({"heads": (LOGIN, JOB), "direction": Direction.OUTBOUND}))
    (verdict,) = verdicts
    assert (verdict.class_id, verdict.confidence, verdict.role) == ("mining.stratum.cryptonote", "confirmed", "source")
    assert (verdict.subject, verdict.peer, verdict.port) == ("192.0.2.1", "198.51.100.7", 3333)
    assert verdict.facts["coin"] == "XMR"
    assert verdict.facts["agents"] == ["XMRig/6.2"]
    assert verdict.facts["wallets"] == ["48ed…icoD"]
    assert verdict.facts["difficulty_first"] == pytest.approx(10_000, rel=1e-3)
    assert any(e.references == ("0#1",) for e in verdict.evidence)
    assert classes(classified) == ["mining.stratum.cryptonote"]
    assert classified["role"].tolist() == [Role.SOURCE]
    assert classified["application"].tolist() == [APPLICATION["stratum-cryptonote"]]


def test_wallets_are_shown_when_asked_for():
    verdicts, _ = concluded(flows({"heads": (LOGIN, JOB)}), show_wallets=True)
    assert verdicts[0].facts["wallets"] == [WALLET.decode()]
    assert verdicts[0].facts["workers"] == ["rig7"]


@pytest.mark.parametrize("heads", [(SUBMIT, b""), (b"", JOB), (b'0a"}}\n' + SUBMIT, b"")])
def test_mid_stream_and_one_side_alone(heads):
    verdicts, _ = concluded(flows({"heads": heads, "port": 9050, "orientation": Orientation.FIRST_PACKET}))
    assert [v.class_id for v in verdicts] == ["mining.stratum.cryptonote"]
    assert verdicts[0].posterior >= 0.9


def test_ends_told_wrongly_are_turned_by_payload():
    row = {"source": "198.51.100.7", "destination": "192.0.2.1", "source_port": 40001, "port": 50001,
           "heads": (JOB, SUBMIT), "orientation": Orientation.FIRST_PACKET}  # fmt: skip
    verdicts, classified = concluded(flows(row))
    assert (verdicts[0].subject, verdicts[0].peer) == ("192.0.2.1", "198.51.100.7")
    assert classes(classified) == ["mining.stratum.cryptonote"]


def test_records_of_one_conversation_are_one_verdict_in_any_cut():
    rows = [{"heads": (LOGIN, JOB), "source_port": 40000}, *({"start": 1700 + 600 * i, "end": 2200 + 600 * i,
            "source_port": 40000, "heads": (SUBMIT, b"")} for i in range(4))]  # fmt: skip
    together, _ = concluded(flows(*rows))
    apart, _ = concluded(*(flows(row) for row in rows))
    assert len(together) == len(apart) == 1
    assert together[0].flows == 5
    assert together[0].octets == apart[0].octets == 5 * 12000
    assert together[0].posterior == apart[0].posterior


@pytest.mark.parametrize(
    "heads",
    [
        (b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}', b'{"jsonrpc":"2.0","id":1,"result":{}}'),
        (b'{"id":0,"method":"server.version","params":["4.5","1.4"]}', b'{"id":0,"result":["ElectrumX","1.4"]}'),
        (b'{"jsonrpc":"2.0","method":"eth_call","params":[],"id":1}', b'{"jsonrpc":"2.0","id":1,"result":"0x"}'),
        (b"\x10\x17\x00\x04MQTT\x04\x02\x00<\x00\x0bmining.pool", b"\x20\x02\x00\x00"),
        (b"GET /xmrig HTTP/1.1\r\nHost: minecraft-pool.example\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nmining.notify"),
        (b"SSH-2.0-OpenSSH_9\r\n", b"SSH-2.0-OpenSSH_9\r\n"),
    ],
)
def test_look_alikes_are_no_mining_even_with_its_rhythm(heads):
    verdicts, classified = concluded(flows({**MINER, "heads": heads, "port": 3333}))
    assert not [v for v in verdicts if v.class_id.startswith("mining.")]
    assert classified["traffic_class"][0] != CODE["mining.suspected"]


def test_rhythm_without_payload_is_suspected_and_never_confirmed():
    verdicts, _ = concluded(flows(MINER))
    (verdict,) = verdicts
    assert (verdict.class_id, verdict.basis) == (
        "mining.suspected",
        "mixed" if verdict.basis == "mixed" else "behaviour",
    )
    assert 0.5 <= verdict.posterior < 0.99
    assert verdict.confidence in ("suspected", "likely")


def test_rhythm_inside_tls_is_encrypted_mining():
    hello = bytes.fromhex("16030100300100002c0303") + bytes(32) + bytes.fromhex("00000213010100000100")
    sizes = (((221, 60),), ((86, 60), (385, 20)))
    verdicts, _ = concluded(flows({**MINER, "sizes": sizes, "heads": (hello, b"\x17\x03\x03\x00\x40"), "port": 443}))
    assert [v.class_id for v in verdicts] == ["mining.encrypted"]


def test_poller_of_the_same_sizes_stays_silent():
    row = {**MINER, "sizes": (((288, 60),), ((325, 60),)), "unsolicited": 0, "intervals": ((30.0,) * 40, (30.0,) * 40)}
    verdicts, _ = concluded(flows(row))
    assert verdicts == []


def test_dns_for_a_pool_is_contact_not_mining():
    name = b"\x07xmr-eu1\x08nanopool\x03org\0"
    query = b"\0\1\1\0\0\1\0\0\0\0\0\0" + name + b"\0\1\0\1"
    answer = b"\0\1\x81\x80\0\1\0\1\0\0\0\0" + name + b"\0\1\0\1\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc6\x33\x64\x07"
    row = {"destination": "9.9.9.9", "port": 53, "protocol": 17, "heads": (query, answer)}
    verdicts, _ = concluded(flows(row))
    assert [v.class_id for v in verdicts] == ["mining.contact"]
    assert verdicts[0].facts["pool_names"] == ["xmr-eu1.nanopool.org"]
    with_flow, _ = concluded(flows(row, {"heads": (SUBMIT, b"")}))
    mined = next(v for v in with_flow if v.class_id == "mining.stratum.cryptonote")
    assert any(e.group == "names" and e.weight > 0 for e in mined.evidence)


def test_ordinary_flows_are_told_by_application_and_port():
    rows = [{"heads": (b"SSH-2.0-x\r\n", b""), "port": 443}, {"port": 53, "protocol": 17}, {"port": 40000}]
    _, classified = concluded(flows(*rows))
    assert classes(classified) == ["benign.other", "benign.dns", "unknown"]
    assert classified["application"].tolist() == [APPLICATION["ssh"], APPLICATION["dns"], 0]


def test_no_flows_at_all():
    verdicts, _ = concluded()
    assert verdicts == []


def test_the_ledger_is_bounded():
    rows = [{"source": f"10.0.{i // 250}.{i % 250}", "heads": (LOGIN, JOB)} for i in range(300)]
    stage = Fingerprinter(FingerprintOptions(candidates=100))
    stage.observe(flows(*rows))
    assert len(stage._conversations.ledger.noted) == 100
    assert stage._conversations.ledger.left_out == 200
    assert np.unique([len(k) for k in stage._conversations.ledger.noted]).tolist() == [35]
