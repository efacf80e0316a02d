"""What the query engine makes of a conversation's records: sessions at once, pace, steadiness; several miners."""

import numpy as np
import pytest
from naive.exchanges import flows

from netwatch.fingerprint import Fingerprinter
from netwatch.fingerprint.stitched import stitched
from netwatch.store import FlowStore

WALLET = b"4" + b"A" * 94
LOGIN = b'{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"%s.rig%d","pass":"x","agent":"XMRig/6.2"}}'
JOB = (
    b'{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"d","job":{"blob":"10","job_id":"5","target":"b88d0600"},'
    b'"status":"OK"}}'
)


def joined(*rows):
    with FlowStore.scratch() as store:
        store.append(Fingerprinter().observe(flows(*rows)))
        store.flush()
        return stitched(store.table, [])


def only(rows):
    """The one verdict on rows."""
    stage = Fingerprinter()
    with FlowStore.scratch() as store:
        store.append(stage.observe(flows(*rows)))
        store.flush()
        (verdict,) = stage.conclude(store.table)
    return verdict


def row(start, **more):
    return {"start": start, "end": start + 60, "source_port": 40000, **more}


@pytest.mark.parametrize("counts", [(60,) * 8, (20, 90, 55, 10, 120, 64, 33, 88)])
def test_dispersion_is_variance_over_mean_of_like_records(counts):
    found = joined(*(row(60 * i, packets=n, reverse_packets=n) for i, n in enumerate(counts)))
    both = np.array(counts) * 2.0
    assert found["dispersion"][0] == pytest.approx(both.var() / both.mean())


def test_records_of_one_direction_are_steady_by_themselves():
    up = [row(60 * i, octets=5000, packets=50, reverse_octets=0, reverse_packets=0) for i in range(6)]
    down = [{**row(60 * i, octets=9000, packets=50, reverse_octets=0, reverse_packets=0), "source": "198.51.100.7",
             "destination": "192.0.2.1", "source_port": 3333, "port": 40000, "orientation": 0}
            for i in range(6)]  # fmt: skip
    found = joined(*up, *down)
    assert len(found["port"]) == 1
    assert found["spread"][0] == pytest.approx(0)


def test_sessions_at_once_are_counted():
    apart = joined(*({"start": 1000 * i, "end": 1000 * i + 1000, "source_port": 40000 + i} for i in range(3)))
    together = joined(*({"start": 0, "end": 3000, "source_port": 40000 + i} for i in range(3)))
    assert apart["sessions"][0] == pytest.approx(1)
    assert together["sessions"][0] == pytest.approx(3)


@pytest.mark.parametrize(("workers", "told"), [(3, "mining.aggregator"), (1, "mining.stratum.cryptonote")])
def test_several_workers_of_one_address_are_an_aggregator(workers, told):
    rows = [{"start": 1000, "end": 2800, "source_port": 40000 + i, "heads": (LOGIN % (WALLET, i), JOB)}
            for i in range(workers)]  # fmt: skip
    verdict = only(rows)
    assert verdict.class_id == told
    assert verdict.posterior > 0.99


SUBMIT = (
    b'{"id":%d,"jsonrpc":"2.0","method":"submit","params":{"id":"d","job_id":"5","nonce":"d00300%02x","result":"'
    + b"e1" * 32
    + b'"}}\n'
)
ANSWER = b'{"id":5,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}'


@pytest.mark.parametrize(
    ("octets", "told", "least"),
    [
        ((3, 77, 200, 141, 66), "mining.aggregator", 5),  # a proxy gives each worker an octet
        ((0, 0, 1, 0, 1), "mining.stratum.cryptonote", None),  # one xmr-stak of eight threads
        ((0, 1, 2, 3, 4), "mining.stratum.cryptonote", None),  # one machine that counts far
        ((90, 90, 90, 90, 90), "mining.stratum.cryptonote", None),  # one worker of a pool that splits
    ],
)
def test_a_split_nonce_tells_several_workers(octets, told, least):
    rows = [{"start": 1000 + 300 * i, "end": 1290 + 300 * i, "source_port": 40000,
             "heads": (SUBMIT % (i, octet), ANSWER)} for i, octet in enumerate(octets)]  # fmt: skip
    verdict = only(rows)
    assert verdict.class_id == told
    assert verdict.facts.get("miners_at_least") == least
    assert least is None or "nonce" in str(verdict.facts["miners_by"])
