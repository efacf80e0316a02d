"""What stored flows are grouped by: columns, and addresses cut to their network of a given length."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from netwatch.errors import UsageError
from netwatch.model.address import MAPPED, from_octets, texts
from netwatch.model.elements import Direction, Role
from netwatch.model.prefix import Prefix
from netwatch.model.taxonomy import CLASSES
from netwatch.store.filter.primitives import PROTOCOLS

PROTOCOL_NAMES = {number: name for name, number in PROTOCOLS.items()}
WORDS = {
    "src ip": "source_address", "dst ip": "destination_address", "srcip": "source_address",
    "dstip": "destination_address", "src": "source_address", "dst": "destination_address",
    "src port": "source_transport_port", "dst port": "destination_transport_port", "srcport": "source_transport_port",
    "dstport": "destination_transport_port", "proto": "protocol_identifier", "protocol": "protocol_identifier",
    "srcas": "source_as", "dstas": "destination_as", "src as": "source_as", "dst as": "destination_as",
    "class": "traffic_class", "country": "destination_country", "exporter": "exporter_address",
    "upstream": "bgp_next_adjacent_as_number",
}  # fmt: skip
"""What people type for a column, beside the column's own name."""
GROUPABLE = (
    "source_address", "destination_address", "source_transport_port", "destination_transport_port",
    "protocol_identifier", "source_as", "destination_as", "source_country", "destination_country", "direction",
    "traffic_class", "role", "exporter_address", "bgp_next_adjacent_as_number", "next_hop_address", "vlan_id",
    "ingress_interface", "egress_interface", "ip_class_of_service", "sampling_packet_interval", "input",
)  # fmt: skip
_FOUR, _SIX = 32, 128
_DIGITS = "0123456789ABCDEF"
_MAPPED_DIGITS = f"{MAPPED:032X}"[:24]


class Key(NamedTuple):
    """A column, and of an address how many bits of it count, in IPv4 and in IPv6 (all of them where not said)."""

    column: str
    four: int = _FOUR
    six: int = _SIX

    @property
    def whole(self) -> bool:
        """Whether the column counts as it is."""
        return self.four == _FOUR and self.six == _SIX

    @property
    def name(self) -> str:
        """``source_address``, ``source_address/24`` for both families, ``source_address4/24`` for one of them."""
        if self.whole:
            return self.column
        if self.six == _SIX:
            return f"{self.column}4/{self.four}"
        return f"{self.column}/{self.six}" if self.four == min(self.six, _FOUR) else f"{self.column}6/{self.six}"

    def of(self, table: Any) -> Any:
        """The Ibis column; a cut address is the hexadecimal digits of what counts, in text that sorts by address."""
        import ibis

        if self.whole:
            return table[self.column]
        digits = ibis.udf.scalar.builtin(_hex, name="hex", signature=(("binary",), "string"))(table[self.column])
        return digits.startswith(_MAPPED_DIGITS).ifelse(
            _cut(digits, _SIX - _FOUR + self.four),
            _cut(digits, self.six),
        )

    def texts(self, column: pa.ChunkedArray) -> list[str]:
        """The values of :meth:`of` as people read them."""
        if self.whole:
            return as_text(self.column, column)
        return [self._network(digits) for digits in column.to_pylist()]

    def _network(self, digits: str) -> str:
        length = _SIX - _FOUR + self.four if digits.startswith(_MAPPED_DIGITS) else self.six
        written = str(Prefix(int(digits.ljust(32, "0"), 16), length))
        return written if length < _SIX else written.partition("/")[0]


def key_of(word: str) -> Key:
    """What a typed word means: a column, or an address of which so many bits count.

    ``srcip/24`` cuts addresses of both families, ``srcip4/24`` and ``srcip6/48`` those of one.

    Raises:
        UsageError: no column is called that, it is no address, or no network has that length.
    """
    name, cut, length = word.strip().lower().partition("/")
    name, length = name.strip(), length.strip()
    if not cut:
        return Key(column_of(name))
    family = name[-1:] if re.fullmatch(r"\D+[46]", name) else ""
    column = column_of(name.removesuffix(family))
    most = _FOUR if family == "4" else _SIX
    if not column.endswith("_address"):
        raise UsageError(f"only addresses have networks, not {column}: {word!r}")
    if not re.fullmatch(r"[0-9]{1,3}", length) or int(length) > most:
        raise UsageError(f"not the length of a network: {word!r} (write {name}/24, from 0 to {most})")
    bits = int(length)
    return Key(column, _FOUR if family == "6" else min(bits, _FOUR), _SIX if family == "4" else bits)


def keyed(table: Any, keys: Sequence[Key]) -> Any:
    """The Ibis table with a column of the name of each key.

    Raises:
        UsageError: the table lacks the column.
    """
    for key in keys:
        if key.column not in table.columns:
            raise UsageError.unknown("column", key.column, [name for name in GROUPABLE if name in table.columns])
    return table.mutate(**{key.name: key.of(table) for key in keys if not key.whole})


def column_of(word: str) -> str:
    """The column that a typed word means.

    Raises:
        UsageError: no column is called that.
    """
    name = word.strip().lower()
    name = WORDS.get(name, name.replace("-", "_"))
    if name and name not in GROUPABLE and f"src{name}" in WORDS:
        raise UsageError(f"{word!r} is a column of each end: write src{name} or dst{name}")
    if name not in GROUPABLE:
        raise UsageError.unknown("column", word, {*GROUPABLE, *WORDS})
    return name


def _cut(digits: Any, bits: int) -> Any:
    """The first bits of an address in hexadecimal digits; of the last digit, those that do not count are 0."""
    whole, rest = divmod(bits, 4)
    kept = digits[:whole]
    if not rest:
        return kept
    step = 1 << (4 - rest)
    return kept + digits[whole : whole + 1].translate(_DIGITS, "".join(_DIGITS[n - n % step] for n in range(16)))


def _hex(octets: Any) -> Any:
    """The function that DuckDB and Spark both call so: octets to digits, in capitals."""


def as_text(name: str, column: pa.ChunkedArray) -> list[str]:
    """A stored column as people read it: addresses, AS numbers, protocol, class, direction and role by name."""
    if name.endswith("_address"):
        octets = np.frombuffer(b"".join(column.to_pylist()), np.uint8).reshape(-1, 16)
        return texts(from_octets(octets))
    values = column.to_pylist()
    if name in ("source_as", "destination_as", "bgp_next_adjacent_as_number"):
        return [f"AS{value}" if value else "unknown" for value in values]
    if name.endswith("_country"):
        return [value.to_bytes(2, "big").decode("ascii", "replace") if value else "unknown" for value in values]
    if name == "protocol_identifier":
        return [PROTOCOL_NAMES.get(value, str(value)) for value in values]
    named = {"traffic_class": CLASSES, "direction": Direction.names, "role": Role.names}.get(name)
    return [named[value] for value in values] if named else [str(value) for value in values]
