"""What exporters said of themselves, as JSON: a collector that starts again need not wait for their templates."""

from __future__ import annotations

from typing import Any

import numpy as np

from netwatch.errors import Malformed
from netwatch.kernels.messages import Streams, enrol
from netwatch.model.address import pack, text
from netwatch.model.tally import Tally
from netwatch.read.observation import Observation
from netwatch.read.templates import Templates
from netwatch.wire.template import Field, Template, checked


def remembered(streams: Streams, templates: Templates, observation: Observation) -> list[dict[str, Any]]:
    """One entry for each stream (exporter, version, observation domain) of which there is something to know."""
    entries: dict[int, dict[str, Any]] = {}

    def entry(stream: int) -> dict[str, Any]:
        if stream not in entries:
            high, low, about = streams.keys[stream].tolist()
            name = {"exporter": text(high, low), "version": about >> 32, "domain": about & 0xFFFF_FFFF}
            entries[stream] = {**name, "templates": [], "told": None}
        return entries[stream]

    for stream, template in templates.known():
        fields = [list(field) for field in template.fields]
        entry(stream)["templates"].append({"number": template.number, "scopes": template.scopes, "fields": fields})
    for stream, told in observation.told():
        entry(stream)["told"] = told
    return [entries[stream] for stream in sorted(entries)]


def recall(told: object, streams: Streams, templates: Templates, observation: Observation, tally: Tally) -> None:
    """Take in what :func:`remembered` gave.

    Raises:
        ValueError: it is not of that form.

    """
    if not isinstance(told, list):
        raise ValueError("not a list of exporters")
    try:
        for entry in told:
            high, low = pack(entry["exporter"])
            about = _within(entry["version"], 255) << 32 | _within(entry["domain"], 0xFFFF_FFFF)
            stream = int(enrol(streams, np.uint64(high), np.uint64(low), np.uint64(about)))
            if stream < 0:
                break
            for one in entry["templates"]:
                templates.restore(stream, _template(one), tally)
            if entry["told"] is not None:
                observation.restore(stream, entry["told"], streams)
    except (KeyError, TypeError, AttributeError, Malformed) as fault:
        raise ValueError(f"not what exporters told: {fault}") from fault


def _template(one: dict[str, Any]) -> Template:
    fields = tuple(Field(_within(e, 0xFFFF), _within(p, 0xFFFF_FFFF), _within(n, 0xFFFF)) for e, p, n in one["fields"])
    number, scopes = _within(one["number"], 0xFFFF), _within(one["scopes"], len(fields))
    return checked(Template(number, fields, scopes), 0)


def _within(value: object, limit: int) -> int:
    if not isinstance(value, int) or not 0 <= value <= limit:
        raise ValueError(f"{value!r} is out of range")
    return value
