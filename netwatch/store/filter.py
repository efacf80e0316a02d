"""The filter language: nfdump and pcap-filter words, compiled to a predicate on stored flows.

Grammar (case-insensitive, ``#`` begins a comment)::

    filter    = both { "or" both }
    both      = part { "and" part }
    part      = "not" part | "(" filter ")" | primitive
    primitive = [side] ("host" | "ip") ADDRESS | [side] "net" PREFIX | [side] "port" [OP] NUMBER
              | [side] ("port" | "host" | "ip") "in" "[" VALUE { [","] VALUE } "]"
              | [side] "as" NUMBER | [side] ("country" | "geo") XX
              | "proto" NAME-or-NUMBER | "tcp" | "udp" | "icmp" | "icmp6" | "sctp" | "gre" | "esp"
              | "ipv4" | "ipv6" | "flags" LETTERS | "class" ID-or-its-beginning | "direction" NAME
              | ("bytes" | "octets" | "packets" | "duration" | "bps" | "pps" | "bpp") [OP] NUMBER["k"|"m"|"g"|"t"]
    side      = "src" | "dst"        OP = "=" | "==" | "!=" | "<" | "<=" | ">" | ">="

Without a side either end may match. Octets and packets are those of both directions; duration is in seconds.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from netwatch.errors import UsageError
from netwatch.model.elements import Direction
from netwatch.model.prefix import Prefix
from netwatch.model.taxonomy import CLASSES

Predicate = Callable[[Any], Any]
"""From an Ibis table of flows to a boolean Ibis column."""

PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "icmp6": 58, "sctp": 132}
_TOKEN = re.compile(r"#[^\n]*|\s+|(<=|>=|==|!=|<|>|=|\(|\)|\[|\]|,)|([^\s()\[\],<>=!#]+)")
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_SCALE = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_FLAGS = {letter: 1 << bit for bit, letter in enumerate("fsrpauec")}
_SIDED = {"host", "ip", "net", "port", "as", "country", "geo"}
_MEASURES = {"bytes", "octets", "packets", "duration", "bps", "pps", "bpp"}
_WORDS = sorted(
    {*_SIDED, *_MEASURES, *PROTOCOLS, "src", "dst", "not", "proto", "ipv4", "ipv6", "flags", "class", "direction"}
)


def compile_filter(text: str) -> Predicate:
    """The predicate that a filter stands for; an empty filter lets everything through.

    Raises:
        UsageError: the filter cannot be read; the message shows where.
    """
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, int]] = []
        self.at = 0
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise UsageError(f"filter: unexpected {text[position]!r} at character {position + 1}: {text}")
            if match.group(1) or match.group(2):
                self.tokens.append((match.group(0).lower(), position))
            position = match.end()

    def parse(self) -> Predicate:
        if not self.tokens:
            return lambda table: table.packet_delta_count == table.packet_delta_count
        predicate = self.either()
        if self.at < len(self.tokens):
            self.fail("'and', 'or' or the end")
        return predicate

    def peek(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def fail(self, wanted: str) -> NoReturn:
        if self.at >= len(self.tokens):
            raise UsageError(f"filter ends where {wanted} should follow: {self.text}")
        token, position = self.tokens[self.at]
        raise UsageError(f"filter: {token!r} at character {position + 1}, where {wanted} should be: {self.text}")

    def either(self) -> Predicate:
        parts = [self.both()]
        while self.peek() == "or":
            self.take()
            parts.append(self.both())
        return _joined(parts, operator.or_)

    def both(self) -> Predicate:
        parts = [self.part()]
        while self.peek() == "and":
            self.take()
            parts.append(self.part())
        return _joined(parts, operator.and_)

    def part(self) -> Predicate:
        if self.peek() == "not":
            self.take()
            inner = self.part()
            return lambda table: ~inner(table)
        if self.peek() == "(":
            self.take()
            inside = self.either()
            if self.peek() != ")":
                self.fail("')'")
            self.take()
            return inside
        return self.primitive()

    def primitive(self) -> Predicate:
        side = self.take() if self.peek() in ("src", "dst") else ""
        word = self.peek()
        if word in _SIDED:
            self.take()
            return self.sided(side, word)
        if side:
            self.fail("host, ip, net, port, as or country")
        if word in _MEASURES:
            self.take()
            compare = self.operator()
            limit = self.number()
            return lambda table: compare(_measure(table, word), limit)
        if word in PROTOCOLS:
            self.take()
            number = PROTOCOLS[word]
            return lambda table: table.protocol_identifier == number
        if word in _OTHERS:
            self.take()
            return _OTHERS[word](self)
        near = UsageError.unknown("word", word, _WORDS) if word else None
        return self.fail(
            f"a condition ({str(near).partition('; ')[2]})" if near and "mean" in str(near) else "a condition"
        )

    def sided(self, side: str, word: str) -> Predicate:
        if word in ("host", "ip", "net"):
            blocks = [Prefix.parse(value) for value in self.values()]
            octets = [(b.first.to_bytes(16, "big"), b.last.to_bytes(16, "big")) for b in blocks]
            return _at(side, "address", lambda column: _within(column, octets))
        if word == "port":
            if self.peek() == "in":
                ports = [int(_integer(self, value)) for value in self.values()]
                return _at(side, "transport_port", lambda column: column.isin(ports))
            compare, port = self.operator(), int(self.number())
            return _at(side, "transport_port", lambda column: compare(column, port))
        if word == "as":
            number = int(_integer(self, self.take().removeprefix("as")))
            return _at(side, "as", lambda column: column == number)
        country = self.take()
        if not re.fullmatch("[a-z]{2}", country):
            self.at -= 1
            self.fail("a country of two letters")
        code = int.from_bytes(country.upper().encode(), "big")
        return _at(side, "country", lambda column: column == code)

    def values(self) -> list[str]:
        if self.peek() != "in":
            if not self.peek():
                self.fail("an address or prefix")
            return [self.take()]
        self.take()
        if self.take() != "[":
            self.at -= 1
            self.fail("'['")
        found = []
        while self.peek() not in ("]", ""):
            if (token := self.take()) != ",":
                found.append(token)
        if self.take() != "]":
            self.at -= 1
            self.fail("']'")
        return found

    def operator(self) -> Callable[[Any, Any], Any]:
        return _OPERATORS[self.take()] if self.peek() in _OPERATORS else operator.eq

    def number(self) -> float:
        token = self.peek()
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([kmgt]?)", token)
        if not match:
            self.fail("a number")
        self.take()
        return float(match.group(1)) * _SCALE.get(match.group(2), 1)


def _integer(parser: _Parser, token: str) -> int:
    if not token.isdigit():
        parser.at -= 1
        parser.fail("a number")
    return int(token)


def _joined(parts: Sequence[Predicate], join: Callable[[Any, Any], Any]) -> Predicate:
    if len(parts) == 1:
        return parts[0]

    def predicate(table: Any) -> Any:
        result = parts[0](table)
        for part in parts[1:]:
            result = join(result, part(table))
        return result

    return predicate


def _at(side: str, ending: str, test: Callable[[Any], Any]) -> Predicate:
    names = {"src": ("source_",), "dst": ("destination_",)}.get(side, ("source_", "destination_"))

    def predicate(table: Any) -> Any:
        found = [test(table[name + ending]) for name in names]
        return found[0] if len(found) == 1 else found[0] | found[1]

    return predicate


def _within(column: Any, blocks: Sequence[tuple[bytes, bytes]]) -> Any:
    import ibis

    result = ibis.literal(value=False)
    for first, last in blocks:
        result = result | ((column >= ibis.literal(first, "binary")) & (column <= ibis.literal(last, "binary")))
    return result


def _measure(table: Any, word: str) -> Any:
    octets = table.octet_delta_count + table.reverse_octet_delta_count
    packets = table.packet_delta_count + table.reverse_packet_delta_count
    seconds = (table.flow_end.epoch_seconds() - table.flow_start.epoch_seconds()).cast("float64")
    lasting = seconds.nullif(0)  # a rate needs a duration; without one the flow does not match
    return {
        "bytes": octets,
        "octets": octets,
        "packets": packets,
        "duration": seconds,
        "bps": octets * 8 / lasting,
        "pps": packets / lasting,
        "bpp": octets / packets.nullif(0),
    }[word]


def _protocol(parser: _Parser) -> Predicate:
    token = parser.take()
    number = PROTOCOLS[token] if token in PROTOCOLS else _integer(parser, token)
    return lambda table: table.protocol_identifier == number


def _flags(parser: _Parser) -> Predicate:
    letters = parser.take()
    if not letters or set(letters) - _FLAGS.keys():
        parser.at -= 1
        parser.fail("TCP flags out of F S R P A U E C")
    mask = sum(_FLAGS[letter] for letter in set(letters))
    return lambda table: ((table.tcp_control_bits | table.reverse_tcp_control_bits) & mask) == mask


def _class(parser: _Parser) -> Predicate:
    wanted = parser.take()
    codes = [code for code, name in enumerate(CLASSES) if name == wanted or name.startswith(wanted.rstrip(".") + ".")]
    if not codes:
        raise UsageError.unknown("class", wanted, {*CLASSES, *(name.partition(".")[0] for name in CLASSES)})
    return lambda table: table.traffic_class.isin(codes)


def _direction(parser: _Parser) -> Predicate:
    wanted = parser.take()
    if wanted not in Direction.names:
        raise UsageError.unknown("direction", wanted, Direction.names)
    code = Direction.names.index(wanted)
    return lambda table: table.direction == code


def _family(low: bytes) -> Callable[[_Parser], Predicate]:
    mapped = (low + bytes(4), low + b"\xff" * 4)
    return lambda _parser: lambda table: _within(table.source_address, [mapped])


_MAPPED = bytes(10) + b"\xff\xff"
_OTHERS: dict[str, Callable[[_Parser], Predicate]] = {
    "proto": _protocol,
    "flags": _flags,
    "class": _class,
    "direction": _direction,
    "ipv4": _family(_MAPPED),
    "ipv6": lambda parser: _not(_family(_MAPPED)(parser)),
}


def _not(predicate: Predicate) -> Predicate:
    return lambda table: ~predicate(table)
