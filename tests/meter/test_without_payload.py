"""Who wants flows alone has the same flows, and nothing of what packets carry."""

from pathlib import Path

from netwatch.meter import Meter
from netwatch.model.elements import Detail
from netwatch.model.flows import Flows
from netwatch.read import open_inputs

CAPTURE = Path(__file__).parents[2] / "captures" / "bitcoin-stratum" / "bitcoin-stratum.pcap.gz"


def metered(*, payload):
    meter = Meter(payload=payload)
    flows = Flows.concatenate([*(meter.add(batch) for batch in open_inputs([CAPTURE])), meter.finish()])
    return flows, meter.tally


def test_flows_are_the_same_and_carry_nothing():
    looked, tally = metered(payload=True)
    flows, same = metered(payload=False)
    assert len(flows) > 10
    assert same == tally
    for name in set(looked) - {"detail"}:
        assert (flows[name] == looked[name]).all(), name
    assert (looked["detail"] & Detail.PAYLOAD).any()
    assert (flows["detail"] == looked["detail"] & (255 - Detail.PAYLOAD)).all()
    assert len(flows.exchange) == 0
    assert (flows.exchange.row == -1).all()
    assert len(looked.exchange) > 10
