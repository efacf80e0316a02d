"""What each word of a filter means.

::

    [side] host | ip | net ADDRESS-or-PREFIX      [side] port [OP] NUMBER       [side] portrange FIRST-LAST
    [side] as NUMBER                              [side] country | geo XX       ... in [VALUE, VALUE ...]
    proto NAME-or-NUMBER, tcp, udp, icmp, icmp6, sctp, gre, esp                 inet | ipv4, inet6 | ipv6, any
    flags LETTERS (all of them are set)           tos [OP] NUMBER               vlan NUMBER
    class ID, its beginning or its family         direction NAME                role NAME
    bytes | octets | packets | duration | bps | pps | bpp [OP] NUMBER           first | last seen [OP] TIME
    next ip | as, router | exporter ip            [in | out] if NUMBER          sampling [OP] NUMBER

A side is ``src``, ``dst``, ``src and dst``, or ``src or dst``, which is what no side means. An OP is ``=``, ``==``,
``!=``, ``<``, ``<=``, ``>`` or ``>=``; without one, equal is meant. Numbers take ``k m g t``. Counters are as observed,
of both directions; duration is in seconds; a family is mining, attack, chain, ordinary or unknown.
"""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

from netwatch.errors import UsageError
from netwatch.model.elements import Direction, Role
from netwatch.model.prefix import Prefix
from netwatch.model.taxonomy import CLASSES, FAMILIES, family
from netwatch.model.times import parse_instant
from netwatch.store.filter.tokens import Tokens

Predicate = Callable[[Any], Any]
"""From an Ibis table of flows to a boolean Ibis column."""

PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "icmp6": 58, "sctp": 132}
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_FLAGS = {letter: 1 << bit for bit, letter in enumerate("fsrpauec")}
_MAPPED = bytes(10) + b"\xff\xff"


def primitive(tokens: Tokens) -> Predicate:
    """The condition that begins with the next word.

    Raises:
        UsageError: no condition begins with it, or it goes on otherwise.
    """
    join, ends = _side(tokens)
    word = tokens.peek()
    if word in _SIDED:
        tokens.take()
        ending, test = _SIDED[word](tokens)
        return lambda table: reduce(join, (test(table[f"{end}_{ending}"]) for end in ends))
    if len(ends) == 1 or join is operator.and_:
        tokens.fail("host, ip, net, port, portrange, as or country")
    if word not in _WORDS:
        near = str(UsageError.unknown("word", word, [*_SIDED, *_WORDS, "src", "dst", "not"])).partition("; did ")[2]
        tokens.fail(f"a condition (did {near})" if word and near else "a condition")
    tokens.take()
    return _WORDS[word](tokens)


def _side(tokens: Tokens) -> tuple[Callable[[Any, Any], Any], tuple[str, ...]]:
    """How the columns of both ends are joined, and which ends are meant."""
    for words in (("src", "dst"), ("dst", "src")):
        if tokens.accept(words[0], "or", words[1]):
            return operator.or_, ("source", "destination")
        if tokens.accept(words[0], "and", words[1]):
            return operator.and_, ("source", "destination")
    if tokens.accept("src"):
        return operator.or_, ("source",)
    if tokens.accept("dst"):
        return operator.or_, ("destination",)
    return operator.or_, ("source", "destination")


def _operator(tokens: Tokens) -> Callable[[Any, Any], Any]:
    return _OPERATORS[tokens.take()] if tokens.peek() in _OPERATORS else operator.eq


Sided = tuple[str, Predicate]
"""The ending of a column's name that both ends have, and the test of such a column."""


def _address(tokens: Tokens) -> Sided:
    blocks = _blocks(tokens)
    return "address", lambda column: _within(column, blocks)


def _port(tokens: Tokens) -> Sided:
    if tokens.peek() == "in":
        ports = [_digits(value) for value in tokens.values("ports")]
        return "transport_port", lambda column: column.isin(ports)
    compare, port = _operator(tokens), int(tokens.number())
    return "transport_port", lambda column: compare(column, port)


def _port_range(tokens: Tokens) -> Sided:
    match = re.fullmatch(r"([0-9]+)-([0-9]+)", tokens.peek())
    if match is None:
        tokens.fail("two ports, as in 1-1023")
    tokens.take()
    first, last = int(match.group(1)), int(match.group(2))
    return "transport_port", lambda column: (column >= first) & (column <= last)


def _as_number(tokens: Tokens) -> Sided:
    numbers = [_digits(value.removeprefix("as")) for value in tokens.values("an AS number")]
    return "as", lambda column: column.isin(numbers)


def _country(tokens: Tokens) -> Sided:
    codes = tokens.values("a country of two letters")
    for code in codes:
        if not re.fullmatch("[a-z]{2}", code):
            raise UsageError(f"filter: not a country of two letters: {code!r}")
    numbers = [int.from_bytes(code.upper().encode(), "big") for code in codes]
    return "country", lambda column: column.isin(numbers)


_SIDED: Mapping[str, Callable[[Tokens], Sided]] = {
    "host": _address, "ip": _address, "net": _address, "port": _port, "portrange": _port_range,
    "as": _as_number, "country": _country, "geo": _country,
}  # fmt: skip


def _digits(text: str) -> int:
    if not re.fullmatch(r"[0-9]+", text):
        raise UsageError(f"filter: not a number: {text!r}")
    return int(text)


def _blocks(tokens: Tokens) -> list[tuple[bytes, bytes]]:
    prefixes = [Prefix.parse(value) for value in tokens.values("an address or prefix")]
    return [(p.first.to_bytes(16, "big"), p.last.to_bytes(16, "big")) for p in prefixes]


def _within(column: Any, blocks: Sequence[tuple[bytes, bytes]]) -> Any:
    import ibis

    result = ibis.literal(value=False)
    for first, last in blocks:
        result = result | ((column >= ibis.literal(first, "binary")) & (column <= ibis.literal(last, "binary")))
    return result


def _compared(measure: Callable[[Any], Any]) -> Callable[[Tokens], Predicate]:
    def read(tokens: Tokens) -> Predicate:
        compare, limit = _operator(tokens), tokens.number()
        return lambda table: compare(measure(table), limit)

    return read


def _octets(table: Any) -> Any:
    return table.octet_delta_count + table.reverse_octet_delta_count


def _packets(table: Any) -> Any:
    return table.packet_delta_count + table.reverse_packet_delta_count


def _seconds(table: Any) -> Any:
    return table.flow_end.delta(table.flow_start, unit="microsecond") / 1e6


def _per_second(measure: Callable[[Any], Any], factor: int) -> Callable[[Any], Any]:
    """A rate needs a duration: a flow without one does not match."""
    return lambda table: measure(table) * factor / _seconds(table).nullif(0)


def _protocol(tokens: Tokens) -> Predicate:
    name = tokens.peek()
    number = PROTOCOLS[tokens.take()] if name in PROTOCOLS else tokens.integer()
    return lambda table: table.protocol_identifier == number


def _named(number: int) -> Callable[[Tokens], Predicate]:
    return lambda _tokens: lambda table: table.protocol_identifier == number


def _family(*, mapped: bool) -> Callable[[Tokens], Predicate]:
    ipv4 = [(_MAPPED + bytes(4), _MAPPED + b"\xff" * 4)]

    def read(_tokens: Tokens) -> Predicate:
        return lambda table: _within(table.source_address, ipv4) == mapped

    return read


def _flags(tokens: Tokens) -> Predicate:
    letters = set(tokens.peek())
    if not letters or letters - _FLAGS.keys():
        tokens.fail("TCP flags out of F S R P A U E C")
    tokens.take()
    mask = sum(_FLAGS[letter] for letter in letters)
    return lambda table: ((table.tcp_control_bits | table.reverse_tcp_control_bits) & mask) == mask


def _class(tokens: Tokens) -> Predicate:
    wanted = tokens.take().rstrip(".")
    codes = [
        code
        for code, name in enumerate(CLASSES)
        if wanted == name or name.startswith(f"{wanted}.") or wanted == family(name)
    ]
    if not wanted or not codes:
        raise UsageError.unknown("class", wanted, {*CLASSES, *(name.partition(".")[0] for name in CLASSES), *FAMILIES})
    return lambda table: table.traffic_class.isin(codes)


def _one_of(column: str, names: Sequence[str]) -> Callable[[Tokens], Predicate]:
    def read(tokens: Tokens) -> Predicate:
        wanted = tokens.take()
        if wanted not in names:
            raise UsageError.unknown(column, wanted, names)
        code = names.index(wanted)
        return lambda table: table[column] == code

    return read


def _seen(column: str) -> Callable[[Tokens], Predicate]:
    def read(tokens: Tokens) -> Predicate:
        import ibis

        tokens.expect("seen")
        compare, instant = _operator(tokens), parse_instant(tokens.take().upper())
        since = ibis.timestamp(dt.datetime.fromtimestamp(instant / 1e9, dt.UTC).replace(tzinfo=None))
        return lambda table: compare(table[column], since)

    return read


def _at(column: str) -> Callable[[Tokens], Predicate]:
    def read(tokens: Tokens) -> Predicate:
        tokens.accept("ip")
        blocks = _blocks(tokens)
        return lambda table: _within(table[column], blocks)

    return read


def _next(tokens: Tokens) -> Predicate:
    if tokens.accept("as"):
        number = _digits(tokens.take().removeprefix("as"))
        return lambda table: table.bgp_next_adjacent_as_number == number
    return _at("next_hop_address")(tokens)


def _interface(*columns: str) -> Callable[[Tokens], Predicate]:
    def read(tokens: Tokens) -> Predicate:
        if len(columns) == 1:
            tokens.expect("if")
        number = tokens.integer()
        return lambda table: reduce(operator.or_, (table[column] == number for column in columns))

    return read


_WORDS: Mapping[str, Callable[[Tokens], Predicate]] = {
    "any": lambda _tokens: lambda table: table.packet_delta_count == table.packet_delta_count,
    "proto": _protocol, **{name: _named(number) for name, number in PROTOCOLS.items()},
    "inet": _family(mapped=True), "ipv4": _family(mapped=True),
    "inet6": _family(mapped=False), "ipv6": _family(mapped=False),
    "flags": _flags, "tos": _compared(lambda table: table.ip_class_of_service),
    "vlan": _compared(lambda table: table.vlan_id),
    "class": _class, "direction": _one_of("direction", Direction.names), "role": _one_of("role", Role.names),
    "bytes": _compared(_octets), "octets": _compared(_octets), "packets": _compared(_packets),
    "duration": _compared(_seconds), "bps": _compared(_per_second(_octets, 8)),
    "pps": _compared(_per_second(_packets, 1)),
    "bpp": _compared(lambda table: _octets(table) / _packets(table).nullif(0)),
    "first": _seen("flow_start"), "last": _seen("flow_end"), "next": _next,
    "router": _at("exporter_address"), "exporter": _at("exporter_address"),
    "in": _interface("ingress_interface"), "out": _interface("egress_interface"),
    "if": _interface("ingress_interface", "egress_interface"),
    "sampling": _compared(lambda table: table.sampling_packet_interval),
}  # fmt: skip
