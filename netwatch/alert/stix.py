"""STIX 2.1: one bundle a notice (OASIS Standard, "STIX Version 2.1"); every id is a UUIDv5, so a repeat is the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netwatch.alert.files import Documents
from netwatch.alert.indicator import Sign, signs
from netwatch.alert.observables import observables, stix_id, stix_time
from netwatch.alert.particulars import TECHNIQUES, first_class
from netwatch.alert.plaintext import WORDS, line
from netwatch.model.notice import Notice

_EPOCH = "2026-01-01T00:00:00.000Z"
"""``created`` of what never changes: an object's version must not depend on when it is told of."""
_MARKINGS = {
    "clear": ("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", "white"),
    "green": ("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "green"),
    "amber": ("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "amber"),
    "red": ("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "red"),
}
"""The instances that the standard fixes (7.2.1.4); it calls "clear" by its older name."""


class StixSink(Documents):
    """A directory of STIX 2.1 bundles: observed data, note, and where it fits indicator and sighting."""

    def record(self, notice: Notice) -> dict[str, Any]:
        """The bundle of a notice."""
        return bundle(notice, self.options.tlp)


def bundle(notice: Notice, tlp: str) -> dict[str, Any]:
    """Identity, marking, observables, observed data, indicators with sightings and techniques, note."""
    marking, colour = _MARKINGS[tlp]
    identity = _identity()
    common = {"created_by_ref": identity["id"], "object_marking_refs": [marking]}
    seen = observables(notice)
    told: list[dict[str, Any]] = [_observed(notice, seen)] if seen else []
    techniques = [_technique(t) for t in dict.fromkeys(notice.attack_techniques)]
    for sign in signs(notice):
        indicator = _indicator(notice, sign)
        told += [indicator, _sighting(notice, indicator["id"], identity["id"], told[:1] if seen else [])]
        told += [_relationship(notice, indicator["id"], technique["id"]) for technique in techniques]
    if any(o["type"] == "indicator" for o in told):
        told += techniques
    refs = [o["id"] for o in told if o["type"] in ("observed-data", "indicator")] or [identity["id"]]
    told.append(_note(notice, refs))
    objects = [identity, _marking(marking, colour), *seen, *(o | common for o in told)]
    return {"type": "bundle", "id": stix_id("bundle", notice.key), "objects": objects}


def _object(kind: str, what: str, created: str, modified: str) -> dict[str, Any]:
    return {"type": kind, "spec_version": "2.1", "id": stix_id(kind, what), "created": created, "modified": modified}


def _identity() -> dict[str, Any]:
    about = {"name": "netwatch", "identity_class": "system", "description": "Passive analysis of network traffic."}
    return _object("identity", "netwatch", _EPOCH, _EPOCH) | about


def _marking(id_: str, colour: str) -> dict[str, Any]:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": id_,
        "created": "2017-01-20T00:00:00.000Z",
        "definition_type": "tlp",
        "name": f"TLP:{colour.upper()}",
        "definition": {"tlp": colour},
    }


def _span(notice: Notice) -> tuple[str, str]:
    """First and last: a finding that goes on was last seen when it was said."""
    until = notice.said if notice.until is None else notice.until
    return stix_time(notice.since), stix_time(max(notice.since, until))


def _observed(notice: Notice, seen: Sequence[dict[str, Any]]) -> dict[str, Any]:
    said, (first, last) = stix_time(notice.said), _span(notice)
    return _object("observed-data", notice.key, said, said) | {
        "first_observed": first,
        "last_observed": last,
        "number_observed": 1,
        "object_refs": [o["id"] for o in seen],
        "labels": [line(first_class(notice))],
    }


def _indicator(notice: Notice, sign: Sign) -> dict[str, Any]:
    # The same sign of the same matter is one indicator, of which later tellings are later versions.
    created = stix_time(notice.since)
    identity = f"{notice.id}|{notice.since}|{sign.pattern}"
    made = _object("indicator", identity, created, max(created, stix_time(notice.said))) | {
        "name": line(notice.title),
        "description": " ".join(line(words, WORDS) for words in notice.words[:3]),
        "indicator_types": [sign.type],
        "pattern": sign.pattern,
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": created,
        "labels": [line(name) for name in notice.classes] or [line(notice.kind)],
    }
    posterior = notice.figures.get("posterior")
    if isinstance(posterior, float) and 0 <= posterior <= 1:
        made["confidence"] = int(posterior * 100)
    return made


def _sighting(notice: Notice, indicator: str, identity: str, observed: Sequence[dict[str, Any]]) -> dict[str, Any]:
    said, (first, last) = stix_time(notice.said), _span(notice)
    made = _object("sighting", f"{notice.key}|{indicator}", said, said) | {
        "first_seen": first,
        "last_seen": last,
        "count": 1,
        "sighting_of_ref": indicator,
        "where_sighted_refs": [identity],
    }
    return made | ({"observed_data_refs": [o["id"] for o in observed]} if observed else {})


def _technique(technique: str) -> dict[str, Any]:
    name = TECHNIQUES.get(technique, line(technique))
    return _object("attack-pattern", technique, _EPOCH, _EPOCH) | {
        "name": name,
        "external_references": [{"source_name": "mitre-attack", "external_id": line(technique)}],
    }


def _relationship(notice: Notice, indicator: str, technique: str) -> dict[str, Any]:
    created = stix_time(notice.since)
    return _object("relationship", f"{indicator}|indicates|{technique}", created, created) | {
        "relationship_type": "indicates",
        "source_ref": indicator,
        "target_ref": technique,
    }


def _note(notice: Notice, refs: Sequence[str]) -> dict[str, Any]:
    said = stix_time(notice.said)
    content = "\n".join([line(notice.title), *(line(words, WORDS) for words in notice.words)])
    return _object("note", notice.key, said, said) | {
        "abstract": line(notice.title),
        "content": content,
        "object_refs": list(refs),
        "labels": [str(notice.life), f"severity:{notice.severity}", line(first_class(notice))],
    }
