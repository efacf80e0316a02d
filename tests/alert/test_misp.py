"""MISP events: structure of the core format, the templates' relations, tags, and stable UUIDs."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from notice_stories import FLOOD, HOSTILE, MINING, NOON, PROBES, SECOND, STORIES, notice

from netwatch.alert.misp import event

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
# From the definitions that MISP publishes: relation to type.
TEMPLATES = {
    "ddos": {"total-bps": "integer", "total-pps": "integer", "total-bytes-sent": "size-in-bytes",
             "total-packets-sent": "counter", "ip-dst": "ip-dst", "ip-src": "ip-src", "dst-port": "port",
             "src-port": "port", "first-seen": "datetime", "last-seen": "datetime"},
    "network-connection": {"ip-src": "ip-src", "ip-dst": "ip-dst", "src-port": "port", "dst-port": "port",
                           "layer3-protocol": "text", "layer4-protocol": "text", "first-packet-seen": "datetime",
                           "last-packet-seen": "datetime", "community-id": "community-id"},
}  # fmt: skip
CATEGORIES = {"ip-src": "Network activity", "ip-dst": "Network activity", "port": "Network activity", "text": "Other",
              "datetime": "Other", "counter": "Other", "integer": "Other", "size-in-bytes": "Other",
              "community-id": "Network activity"}  # fmt: skip


def values(made: dict[str, Any], name: str) -> list[dict[str, str]]:
    objects = [o for o in made["Object"] if o["name"] == name]
    return [{a["object_relation"]: a["value"] for a in o["Attribute"]} for o in objects]


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_structure(story: Any) -> None:
    made = event(story, "amber")
    assert made["threat_level_id"] in ("1", "2", "3", "4")
    assert made["analysis"] in ("0", "1", "2")
    assert (made["distribution"], made["published"]) == ("0", False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", made["date"])
    attributes = [*made["Attribute"], *(a for o in made["Object"] for a in o["Attribute"])]
    uuids = [made["uuid"], *(x["uuid"] for x in (*made["Object"], *attributes))]
    assert all(UUID.fullmatch(uuid) for uuid in uuids)
    assert len(set(uuids)) == len(uuids)
    for one in made["Object"]:
        assert one["meta-category"] == "network"
        for attribute in one["Attribute"]:
            assert TEMPLATES[one["name"]][attribute["object_relation"]] == attribute["type"]
            assert CATEGORIES[attribute["type"]] == attribute["category"]
            assert attribute["value"]
    for tag in made["Tag"]:
        assert re.fullmatch(r'tlp:amber|[a-z-]+:[a-z0-9-]+="[^"\n]+"', tag["name"])
    json.dumps(made, allow_nan=False)


def test_a_flood_is_a_ddos_object_with_its_victim_and_rates() -> None:
    made = event(FLOOD, "amber")
    assert values(made, "ddos") == [
        {"first-seen": "2025-11-23T11:59:00Z", "last-seen": "2025-11-23T12:00:00Z", "ip-dst": "192.0.2.20",
         "total-bytes-sent": "84000", "total-bps": "11200", "total-packets-sent": "1000", "total-pps": "17"}
    ]  # fmt: skip
    assert values(made, "network-connection")[0]["layer3-protocol"] == "ICMP"
    assert not any(a["to_ids"] for o in made["Object"] for a in o["Attribute"])  # sources can be forged
    tags = [tag["name"] for tag in made["Tag"]]
    assert 'rsit:availability="ddos"' in tags
    assert 'misp-galaxy:mitre-attack-pattern="Direct Network Flood - T1498.001"' in tags


def test_only_the_telling_end_is_for_detection() -> None:
    def matched(made: dict[str, Any]) -> list[str]:
        return [a["value"] for o in made["Object"] for a in o["Attribute"] if a["to_ids"]]

    assert matched(event(MINING, "amber")) == ["198.51.100.7"]
    assert matched(event(PROBES, "amber")) == ["2001:db8::bad"]


def test_later_tellings_are_later_versions_of_the_same_event() -> None:
    later = event(notice("later", said=NOON + 600 * SECOND), "amber")
    first = event(MINING, "amber")
    assert first["uuid"] == later["uuid"]
    assert int(first["timestamp"]) < int(later["timestamp"])


def test_hostile_addresses_are_left_out() -> None:
    for connection in values(event(HOSTILE, "amber"), "network-connection"):
        assert set(connection) & {"ip-src", "ip-dst"} in (set(), {"ip-src", "ip-dst"})
        assert "%" not in connection.get("ip-dst", "")
