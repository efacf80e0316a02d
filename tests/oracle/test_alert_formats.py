"""What alerts are written as, in the opinion of the formats' own libraries, where they are installed.

``pip install stix2 stix2-validator pymisp communityid``
"""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.alert.community_id import community_id

pytestmark = pytest.mark.oracle
GOLDEN = Path(__file__).parents[1] / "alert" / "golden"
STORIES = ("mining", "flood", "probes", "volume", "hostile")


def golden(kind: str, story: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((GOLDEN / f"{kind}.json").read_text())[story]
    return made


@pytest.mark.parametrize("story", STORIES)
def test_stix_bundles_are_valid_and_observables_have_the_ids_of_stix2(story: str) -> None:
    stix2 = pytest.importorskip("stix2")
    validator = pytest.importorskip("stix2validator")
    bundle = golden("stix", story)
    found = validator.validate_string(json.dumps(bundle), validator.ValidationOptions(version="2.1"))
    assert found.is_valid, found.errors
    stix2.parse(json.dumps(bundle), version="2.1")
    for one in bundle["objects"]:
        if one["type"] in ("ipv4-addr", "ipv6-addr", "autonomous-system", "network-traffic"):
            bare = {name: value for name, value in one.items() if name != "id"}
            assert stix2.parse(json.dumps(bare), version="2.1").id == one["id"]


@pytest.mark.parametrize("story", STORIES)
def test_misp_events_fit_the_templates_that_pymisp_carries(story: str) -> None:
    pymisp = pytest.importorskip("pymisp")
    written = golden("misp", story)
    event = pymisp.MISPEvent()
    event.load(golden("misp", story))  # takes apart what it is given
    assert event.uuid == written["Event"]["uuid"]
    for made in written["Event"]["Object"]:
        template = pymisp.MISPObject(made["name"], strict=True)
        for attribute in made["Attribute"]:
            added = template.add_attribute(attribute["object_relation"], value=attribute["value"])
            assert added.type == attribute["type"]
        assert template.template_uuid == made["template_uuid"]
        template.to_json(strict=True)


addresses = st.one_of(
    st.tuples(st.sampled_from((1, 6, 17, 132, 47, 255)), *[st.ip_addresses(v=4)] * 2),
    st.tuples(st.sampled_from((58, 6, 17, 132, 46, 255)), *[st.ip_addresses(v=6)] * 2),
)


@settings(max_examples=500)
@given(addresses, st.integers(0, 255), st.integers(0, 255))
def test_community_ids_are_those_of_the_reference(
    ends: tuple[int, ipaddress.IPv4Address, ipaddress.IPv4Address], first: int, second: int
) -> None:
    reference = pytest.importorskip("communityid")
    protocol, source, destination = ends
    ports = (first, second) if protocol in (1, 6, 17, 58, 132) else ()
    flow = reference.FlowTuple(protocol, str(source), str(destination), *ports)
    expected = reference.CommunityID().calc(flow)
    assert community_id(str(source), str(destination), protocol, (first, second)) == expected
