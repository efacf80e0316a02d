"""STIX 2.1: what the standard asks of every object, checked over every story."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from notice_stories import FLOOD, HOSTILE, MINING, NOON, PROBES, SECOND, STORIES, VOLUME, notice

from netwatch.alert.observables import observable_id
from netwatch.alert.stix import bundle

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
FLOW_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,5}[1-9])?Z")
OBSERVABLES = {"ipv4-addr": {"value"}, "ipv6-addr": {"value"}, "autonomous-system": {"number"},
               "network-traffic": {"protocols", "src_ref", "dst_ref"}}  # fmt: skip
DOMAIN = {
    "identity": {"name"},
    "observed-data": {"first_observed", "last_observed", "number_observed", "object_refs"},
    "indicator": {"pattern", "pattern_type", "valid_from"},
    "sighting": {"sighting_of_ref"},
    "attack-pattern": {"name"},
    "relationship": {"relationship_type", "source_ref", "target_ref"},
    "note": {"content", "object_refs"},
}
TIMES = {
    "created",
    "modified",
    "first_observed",
    "last_observed",
    "valid_from",
    "first_seen",
    "last_seen",
    "start",
    "end",
}


def of_type(made: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [o for o in made["objects"] if o["type"] == kind]


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_required_properties_ids_times_and_references(story: Any) -> None:
    made = bundle(story, "amber")
    assert re.fullmatch(f"bundle--{UUID}", made["id"])
    ids = [o["id"] for o in made["objects"]]
    assert len(ids) == len(set(ids))
    for one in made["objects"]:
        kind = one["type"]
        assert one["spec_version"] == "2.1"
        if kind == "marking-definition":
            continue
        assert re.fullmatch(f"{kind}--{UUID}", one["id"])
        if kind in OBSERVABLES:
            assert one.keys() >= OBSERVABLES[kind]
            assert "created" not in one
        else:
            assert one.keys() >= DOMAIN[kind] | {"created", "modified"}
            assert one["created"] <= one["modified"]
        for name, value in one.items():
            if name in TIMES:
                assert (FLOW_TIME if kind == "network-traffic" else TIME).fullmatch(value), name
            if name.endswith("_ref"):
                assert value in ids
            if name.endswith("_refs"):
                assert value
                assert set(value) <= set(ids)
    assert all(flow["is_active"] is False for flow in of_type(made, "network-traffic"))  # since they have an end
    for observed in of_type(made, "observed-data"):
        assert observed["first_observed"] <= observed["last_observed"]
        assert all(ref.split("--")[0] in OBSERVABLES for ref in observed["object_refs"])
    for sighting in of_type(made, "sighting"):
        assert sighting["sighting_of_ref"].startswith("indicator--")
        assert all(ref.startswith("observed-data--") for ref in sighting.get("observed_data_refs", ()))
    json.dumps(made, allow_nan=False).encode("ascii")


def test_ids_of_observables_are_those_of_every_other_producer() -> None:
    # 2.9 of the standard, and what other producers derive: the id is fixed by the value alone.
    assert observable_id("ipv4-addr", {"value": "198.51.100.3"}) == "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"
    assert observable_id("ipv6-addr", {"value": "2001:db8::1"}) == "ipv6-addr--6469e3a9-b053-5e34-a025-9396ae051d26"
    system = observable_id("autonomous-system", {"number": 15139})
    assert system == "autonomous-system--3aa27478-50b5-5ab8-9da9-cdc12b657fff"


def test_mining_gives_the_pool_as_indicator_with_its_sighting_and_technique() -> None:
    made = bundle(MINING, "green")
    (indicator,) = of_type(made, "indicator")
    assert indicator["pattern"] == (
        "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '198.51.100.7' "
        "AND network-traffic:dst_port = 3333 AND network-traffic:protocols[*] = 'tcp']"
    )
    assert indicator["confidence"] == 99
    assert len(of_type(made, "sighting")) == len(of_type(made, "relationship")) == 1
    assert of_type(made, "attack-pattern")[0]["name"] == "Compute Hijacking"
    assert of_type(made, "marking-definition")[0]["definition"] == {"tlp": "green"}


def test_forged_sources_of_a_flood_indicate_nothing_scanners_do() -> None:
    assert of_type(bundle(FLOOD, "amber"), "indicator") == []
    assert of_type(bundle(FLOOD, "amber"), "attack-pattern") == []
    assert [i["pattern"] for i in of_type(bundle(PROBES, "amber"), "indicator")] == [
        "[ipv6-addr:value = '2001:db8::bad']"
    ]


def test_what_has_no_flows_is_about_its_network() -> None:
    made = bundle(VOLUME, "amber")
    assert of_type(made, "autonomous-system")[0]["number"] == 64500
    assert of_type(made, "observed-data")


def test_a_pattern_takes_nothing_from_the_wire() -> None:
    patterns = [i["pattern"] for i in of_type(bundle(HOSTILE, "amber"), "indicator")]
    assert len(patterns) == 1
    assert patterns == [i["pattern"] for i in of_type(bundle(MINING, "amber"), "indicator")]


def test_later_tellings_are_later_versions_of_the_same_indicator() -> None:
    later = notice("later", said=NOON + 600 * SECOND)
    (first,), (second,) = (of_type(bundle(n, "amber"), "indicator") for n in (MINING, later))
    assert first["id"] == second["id"]
    assert first["created"] == second["created"]
    assert first["modified"] < second["modified"]
    assert bundle(MINING, "amber") == bundle(MINING, "amber")
