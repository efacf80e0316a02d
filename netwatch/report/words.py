"""Names and numbers as the pages write them."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping

from netwatch.model import text
from netwatch.model.application import APPLICATIONS
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Entity
from netwatch.model.verdict import Verdict

RATE_UNITS = {"octets": "bit/s", "packets": "packets/s", "flows": "flows/s", "peers": "peers"}
COUNTER_NAMES = {"octets": "Volume", "packets": "Packets", "flows": "Flows", "peers": "Peers"}
MOST = 100.0
"""A ratio above it compares with next to nothing, and its digits say nothing."""
SERVICES = {
    (protocol, str(port)): application.name
    for application in reversed(APPLICATIONS)
    for protocol, ports in (("tcp", application.tcp), ("udp", application.udp))
    for port in ports
}
"""Protocol at home at a transport and port."""
LIMIT = 4_000
"""Characters of one piece of text that a page shows, at most."""


def harmless(shown: str) -> str:
    """Text that cannot act: control and direction characters as escapes, no piles of combining marks, not endless."""
    escaped = text.printable(shown, LIMIT)
    if escaped.isascii():
        return escaped
    kept, marks = [], 0
    for character in escaped:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= 3:
            kept.append(character)
    return "".join(kept)


def shortened(name: str, limit: int) -> str:
    """The name with its middle left out where it is longer than ``limit``."""
    if len(name) <= limit:
        return name
    tail = (limit - 1) // 2
    return name[: limit - 1 - tail] + "…" + name[-tail:]


def rate(counter: str, per_second: float) -> str:
    """A mean rate in the counter's unit: octets as bit/s."""
    if counter == "octets":
        return text.bit_rate(per_second)
    if counter == "peers":
        return text.scaled(per_second, "")
    if counter in ("packets", "flows") and 0 < abs(per_second) < 0.1:
        many, span = (per_second * 3_600, "h") if abs(per_second) * 3_600 >= 1 else (per_second * 86_400, "day")
        return text.scaled(many, f"{counter}/{span}") if abs(many) >= 0.01 else f"0 {counter}/{span}"
    return text.scaled(per_second, RATE_UNITS.get(counter, f"{counter}/s"))


def named(dimension: str, name: str, holders: Mapping[str, str]) -> str:
    """A cell's or an entity's value with who holds it, or which protocol is at home there: ``tcp/443 (tls)``."""
    if dimension in ("asn", "own_asn", "upstream") and name in holders:
        return f"{name} {holders[name]}"
    if dimension == "port":
        protocol, _, number = name.partition("/")
        known = SERVICES.get((protocol, number))
        return f"{name} ({known})" if known else name
    return name


def entity(of: Entity, holders: Mapping[str, str]) -> str:
    """What a series is about, as a table cell."""
    if of.kind == "scope":
        return "all"
    shown = named(of.kind, of.value, holders)
    return shown if of.kind in ("asn", "port", "prefix", "class") else f"{of.kind} {shown}"


def ratio(change: Change) -> str:
    """``3.1× (2.8-3.4)``, the 95 % interval; what is unknown is left out, digits against next to nothing too."""
    if math.isnan(change.ratio):
        return "unknown"
    if change.ratio > MOST:
        return "appeared" if change.kind in (ChangeKind.LEVEL_SHIFT, ChangeKind.RAMP) else f"> {MOST:.0f}×"
    value = f"{text.digits(change.ratio)}×"
    if math.isnan(change.ratio_low) or math.isnan(change.ratio_high):
        return value
    high = text.digits(change.ratio_high) if change.ratio_high <= 1000 else "1000+"
    return f"{value} ({text.digits(change.ratio_low)}–{high})"


def probability(p: float) -> str:
    """A p-value or posterior with two significant digits, never rounded to certainty."""
    if math.isnan(p):
        return "–"
    if 0 < p < 1e-6:
        return "< 1e-6"
    if 0.9995 < p < 1:
        return "> 0.999"
    return f"{p:.2g}" if p < 0.1 else f"{p:.3f}".rstrip("0").rstrip(".")


def about_capture(change: Change) -> bool:
    """Whether the change is about what was observed and not about the network."""
    return change.kind in (ChangeKind.GAP, ChangeKind.INTERMITTENT, ChangeKind.SAMPLING)


def service(verdict: Verdict) -> str:
    """The port with its protocol: ``tcp/3333``; empty for many."""
    names = {1: "icmp", 6: "tcp", 17: "udp", 47: "gre", 58: "icmp6", 132: "sctp"}
    protocol = names.get(verdict.protocol, str(verdict.protocol))
    return f"{protocol}/{verdict.port}" if verdict.port else protocol if verdict.protocol else ""


def value(thing: object) -> str:
    """A JSON-ready value in a table cell."""
    if isinstance(thing, bool):
        return "yes" if thing else "no"
    if isinstance(thing, float):
        if not math.isfinite(thing):
            return "unknown"
        return f"{thing:,.0f}" if abs(thing) >= 1e6 else f"{thing:,.6g}"
    if isinstance(thing, int):
        return f"{thing:,}" if abs(thing) >= 10_000 else str(thing)
    if isinstance(thing, (list, tuple, set, frozenset)):
        return ", ".join(value(t) for t in thing) or "none"
    if isinstance(thing, dict):
        return ", ".join(f"{k}: {value(v)}" for k, v in thing.items()) or "none"
    return "none" if thing is None else str(thing)
