"""The dimensions that a change is split by: how each is computed from stored flows, and how its values are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from netwatch.errors import UsageError
from netwatch.model.address import text as address_text
from netwatch.model.application import APPLICATIONS
from netwatch.model.elements import Direction, Orientation, Role
from netwatch.model.taxonomy import CLASSES, family

NO_FLOOD = "no flood"
"""The episode of all flows that are part of none."""
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 58: "icmp6", 132: "sctp"}


class Dimension(NamedTuple):
    """``expression``: from an Ibis table of flows to a column; ``write``: from a value of it to text."""

    expression: Callable[[Any], Any]
    write: Callable[[Any], str]


def _named(names: Sequence[str]) -> Callable[[Any], str]:
    return lambda value: names[value] if value is not None and 0 <= value < len(names) else "unknown"


def _as_number(value: Any) -> str:
    return f"AS{value}" if value else "unknown"


def _country(value: Any) -> str:
    return value.to_bytes(2, "big").decode("ascii", "replace") if value else "unknown"


def _address(value: Any) -> str:
    number = int.from_bytes(value, "big")
    return address_text(number >> 64, number & (1 << 64) - 1)


def _prefix(value: Any) -> str:
    """The network of :func:`network_code` as text."""
    if value >> 48:
        return f"{_address(bytes(10) + bytes((255, 255)) + (value & 0xFFFFFF).to_bytes(3, 'big') + bytes(1))}/24"
    return f"{_address(value.to_bytes(6, 'big') + bytes(10))}/48"


def _service(value: Any) -> str:
    if value is None:
        return "unknown"
    protocol, port = divmod(int(value), 65536)
    name = _PROTOCOLS.get(protocol, f"protocol {protocol}")
    return f"{name}/{port}" if protocol in (6, 17, 132) else name


def source_is_own(table: Any) -> Any:
    """Whether a flow's source is the watched side; for flows without one, the source stands in."""
    return table.direction != Direction.INBOUND


def _side(table: Any, name: str, *, own: bool) -> Any:
    source, destination = table[f"source_{name}"], table[f"destination_{name}"]
    return source_is_own(table).ifelse(*((source, destination) if own else (destination, source)))


def _service_code(table: Any) -> Any:
    import ibis

    low, high = table.source_transport_port, table.destination_transport_port
    guessed = (table.orientation == Orientation.EXPORTED) & (low > 0) & (low < high)
    has_ports = table.protocol_identifier.isin([6, 17, 132])
    port = ibis.cases((~has_ports, 0), (guessed, low), else_=high)
    return table.protocol_identifier.cast("int64") * 65536 + port


def own_address(table: Any) -> Any:
    """The watched side's address, 32 hexadecimal digits in capitals."""
    import ibis

    hexadecimal = ibis.udf.scalar.builtin(_hex, name="hex", signature=(("binary",), "string"))
    return hexadecimal(_side(table, "address", own=True))


def network_code(table: Any) -> Any:
    """The watched side's network as a number: the first 48 bits of its address, of IPv4 the first 24 and 1 << 48."""
    digits = own_address(table)
    four, six = ("0x" + digits[24:30]).cast("int64"), ("0x" + digits[:12]).cast("int64")
    return digits.startswith("0" * 20 + "FFFF").ifelse(four + (1 << 48), six)


def _hex(octets: Any) -> Any:
    """DuckDB's function of that name."""


def _episode(table: Any) -> Any:
    import ibis

    return table.episode if "episode" in table.columns else ibis.literal(NO_FLOOD)


def _family(table: Any) -> Any:
    import ibis

    codes = [CLASSES.index(next(c for c in CLASSES if family(c) == name)) for name in _FAMILY_NAMES]
    grouped = {name: [i for i, c in enumerate(CLASSES) if family(c) == name] for name in _FAMILY_NAMES}
    branches = [(table.traffic_class.isin(grouped[n]), code) for n, code in zip(_FAMILY_NAMES, codes, strict=True)]
    return ibis.cases(*branches, else_=0)


_FAMILY_NAMES = tuple(dict.fromkeys(family(c) for c in CLASSES))

DIMENSIONS: dict[str, Dimension] = {
    "family": Dimension(_family, lambda value: family(CLASSES[value])),
    "class": Dimension(lambda t: t.traffic_class, _named(CLASSES)),
    "role": Dimension(lambda t: t.role, _named(Role.names)),
    "application": Dimension(lambda t: t.application, _named([a.name for a in APPLICATIONS])),
    "direction": Dimension(lambda t: t.direction, _named(Direction.names)),
    "asn": Dimension(lambda t: _side(t, "as", own=False), _as_number),
    "own_asn": Dimension(lambda t: _side(t, "as", own=True), _as_number),
    "country": Dimension(lambda t: _side(t, "country", own=False), _country),
    "port": Dimension(_service_code, _service),
    "protocol": Dimension(lambda t: t.protocol_identifier, lambda v: _PROTOCOLS.get(v, f"protocol {v}")),
    "host": Dimension(lambda t: _side(t, "address", own=True), _address),
    "peer": Dimension(lambda t: _side(t, "address", own=False), _address),
    "prefix": Dimension(lambda t: t.own_network, _prefix),
    "upstream": Dimension(lambda t: t.bgp_next_adjacent_as_number, _as_number),
    "exporter": Dimension(lambda t: t.exporter_address, _address),
    "episode": Dimension(_episode, str),
}
"""``asn``, ``country`` and ``peer`` are of the far side; ``own_asn``, ``host`` and ``prefix`` of the watched one;
``episode`` is the flood that a flow is part of, where :mod:`netwatch.explain.episodes` has marked them.
"""

ADDRESSED = ("host", "peer", "exporter")
"""Dimensions that are read from an address."""


def chosen(names: Sequence[str]) -> list[Dimension]:
    """The dimensions of those names.

    Raises:
        UsageError: there is none of that name, or none was given.
    """
    if not names:
        raise UsageError(f"nothing to split by; dimensions: {', '.join(DIMENSIONS)}")
    for name in names:
        if name not in DIMENSIONS:
            raise UsageError.unknown("dimension", name, DIMENSIONS)
    return [DIMENSIONS[name] for name in names]
