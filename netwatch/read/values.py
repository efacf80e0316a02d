"""Text of flow files to columns: addresses, numbers, times, protocols; whole Arrow columns at once."""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_pton
from typing import Any

import numpy as np

from netwatch.model.address import from_octets

_MAPPED, _NO_ADDRESS = bytes(10) + b"\xff\xff", bytes(16)
SECOND = 1_000_000_000
_LATEST = 9_223_372_036
_WHOLE = r"^[0-9]{1,19}$"
_NUMBER = r"^[+-]?[0-9]{1,19}(\.[0-9]*)?([eE][+-]?[0-9]{1,2})?$"
_THOUSANDS = r"^[0-9]{1,3}\.[0-9]{3}$"
PROTOCOLS = {
    "icmp": 1, "igmp": 2, "ipip": 4, "ipnip": 4, "tcp": 6, "egp": 8, "igp": 9, "udp": 17, "ipv6": 41, "rsvp": 46,
    "gre": 47, "esp": 50, "ah": 51, "ipv6-icmp": 58, "icmp6": 58, "icmpv6": 58, "eigrp": 88, "ospf": 89, "ospfigp": 89,
    "pim": 103, "vrrp": 112, "l2tp": 115, "sctp": 132, "udt": 17, "rtp": 17, "rtcp": 17, "udplite": 136, "hopopt": 0,
    "dccp": 33, "rte6": 43, "ipv6-route": 43, "frag6": 44, "ipv6-frag": 44, "nohe6": 59, "ipv6-nonxt": 59, "opts6": 60,
    "ipv6-opts": 60, "ethip": 97, "etherip": 97, "ipcmp": 108, "ipcomp": 108, "udp-l": 136, "mpls": 137,
    "mpls-in-ip": 137,
}  # fmt: skip
NO_PROTOCOL = np.zeros(1, np.uint8)
_NOBODY = ".".join("0000")
_FLAGS = "FSRPAUEC"
"""TCP flags, the lowest bit first."""


def _unique(column: Any) -> tuple[list[Any], np.ndarray]:
    """Different values of a column, and for each row which one it has."""
    import pyarrow as pa

    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = column.fill_null("").dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False)


def mapped(column: Any, convert: Any, dtype: Any) -> np.ndarray:
    """``convert`` applied to each different value."""
    values, which = _unique(column)
    table = np.array([convert(value) for value in values], dtype)
    converted: np.ndarray = table[which] if len(values) else table
    return converted


def addresses(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """(uint64 (n, 2), bool (n,) whether it is an address)."""
    values, which = _unique(column)
    found = [_address(value) for value in values]
    table = from_octets(np.frombuffer(b"".join(found) or _NO_ADDRESS, np.uint8).reshape(-1, 16))
    valid = np.array([each is not _NO_ADDRESS for each in found] or [False], np.bool_)
    return table[which], valid[which]


def _address(text: str) -> bytes:
    """16 octets, IPv4 mapped; without a zone; _NO_ADDRESS itself where it is none."""
    text = text.partition("%")[0]
    try:
        return inet_pton(AF_INET6, text) if ":" in text else _MAPPED + inet_pton(AF_INET, text)
    except (OSError, ValueError):
        return _NO_ADDRESS


def numbers(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """(float64 (n,), bool (n,) whether it is a number); 0 where it is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = column.fill_null("")
    if _digits(column):
        return column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.ones(len(column), np.bool_)
    fits = pc.match_substring_regex(column, _NUMBER)
    values = pc.if_else(fits, column, "0").cast(pa.float64())
    return values.to_numpy(zero_copy_only=False), fits.to_numpy(zero_copy_only=False).astype(np.bool_)


def _digits(column: Any) -> bool:
    """Whether every text is of 1 to 19 digits and nothing else, as most are: seen at once."""
    import pyarrow.compute as pc

    longest = pc.max(pc.binary_length(column)).as_py() or 0
    return longest < 20 and bool(pc.all(pc.ascii_is_decimal(column), min_count=0).as_py())


def whole(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """(float64 (n,), bool (n,) whether it is a whole number from 0): 1.000 is none, which may stand for a thousand."""
    import pyarrow.compute as pc

    values, fits = numbers(column)
    if _digits(column):
        return values, fits
    dotted = np.asarray(pc.match_substring_regex(column.fill_null(""), _THOUSANDS), np.bool_)
    return values, fits & (values >= 0) & (values == np.floor(values)) & ~dotted


def trimmed(column: Any) -> Any:
    """The column without blanks around its texts."""
    import pyarrow.compute as pc

    return pc.utf8_trim_whitespace(column.fill_null(""))


def empty(column: Any) -> np.ndarray:
    """Bool (n,): where there is no text."""
    import pyarrow.compute as pc

    return np.asarray(pc.equal(column.fill_null(""), ""), np.bool_)


def vacant(column: Any) -> np.ndarray:
    """Bool (n,): where there is no text, or the number or address of zeros."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return np.asarray(pc.is_in(column.fill_null(""), pa.array(["", "0", _NOBODY, "::"])), np.bool_)


def zoneless(column: Any) -> np.ndarray:
    """Bool (n,): where there is the text of a date and time without a zone."""
    import pyarrow.compute as pc

    return np.asarray(pc.match_substring_regex(column.fill_null(""), r"^\d{4}[-/]\S+[Tt ][0-9:.,]+$"), np.bool_)


def counts(column: Any) -> np.ndarray:
    """Int64 (n,): whole numbers, 0 where there is none or a negative one."""
    values, _ = numbers(column)
    whole: np.ndarray = np.clip(values, 0, 2.0**62).astype(np.int64)
    return whole


def ports(column: Any) -> np.ndarray:
    """Uint16 (n,): decimal or, as Argus writes ICMP, 0x hexadecimal; 0 where there is none."""
    return mapped(column, _port, np.uint16)


def _port(text: str) -> int:
    try:
        value = int(text, 16 if text[:2] == "0x" else 10) if len(text) < 8 else 0
    except ValueError:
        return 0
    return value if 0 <= value <= 65_535 else 0


def flags(text: str) -> int:
    """TCP flags as a number, decimal or 0x hexadecimal, or as letters among dots and blanks; -1 for what is neither."""
    if text.isascii() and text.isdigit() and len(text) < 6:
        return int(text) if int(text) < 1 << 16 else -1
    if text[:2] == "0x" and len(text) < 7:
        try:
            return int(text, 16)
        except ValueError:
            return -1
    letters = set(text) - set(" .")
    return sum(1 << _FLAGS.index(letter) for letter in letters) if letters <= set(_FLAGS) else -1


def type_and_code(text: str) -> int:
    """``3.1`` as 3 * 256 + 1; -1 for what are not two numbers under 256."""
    one, _, two = text.partition(".")
    both = one + two
    if not (one and two and both.isascii() and both.isdigit() and len(both) < 7):
        return -1
    return int(one) << 8 | int(two) if int(one) < 256 and int(two) < 256 else -1


def protocols(column: Any) -> np.ndarray:
    """Int16 (n,): IP protocol numbers by name or number; -1 for what is none."""
    return mapped(column, _protocol, np.int16)


def _protocol(text: str) -> int:
    name = text.strip().lower()
    if name.isascii() and name.isdigit() and len(name) < 4:
        return int(name) if int(name) < 256 else -1
    return PROTOCOLS.get(name, -1)


def epochs(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """(int64 ns (n,), bool (n,) valid) of times since 1970, good to the microsecond.

    Seconds with a fraction, else milli-, micro- or nanoseconds: from 1973 on the size tells which.
    """
    values, fits = numbers(column)
    unit = np.select([values < _LATEST, values < 1e14, values < 1e17], [1e6, 1e3, 1.0], 1e-3)
    fits &= (values >= 0) & ((values < _LATEST) | (values >= 1e11)) & (values * unit < _LATEST * 1e6)
    return np.round(np.where(fits, values * unit, 0)).astype(np.int64) * 1000, fits


def spans(column: Any) -> np.ndarray:
    """Int64 ns (n,) of seconds with a fraction; 0 where there are none."""
    values, _ = numbers(column)
    nanoseconds: np.ndarray = np.round(np.clip(values, 0, 1e9) * 1e6).astype(np.int64) * 1000
    return nanoseconds


def lengths(column: Any, unit: int) -> tuple[np.ndarray, np.ndarray]:
    """(int64 ns (n,), bool (n,) valid) of numbers of ``unit`` ns, or of hours, minutes and seconds between colons."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = column.fill_null("")
    values, fits = numbers(column)
    parts = pc.extract_regex(
        column, r"^(?:(?P<days>\d{1,4})d )?(?P<hours>\d{1,4}):(?P<minutes>\d\d):(?P<seconds>\d\d(?:\.\d{1,9})?)$"
    )
    found = np.asarray(pc.is_valid(parts), np.bool_)
    nanoseconds = values * unit
    if found.any():
        clock = np.zeros(len(values))
        for name, factor in (("days", 86_400), ("hours", 3600), ("minutes", 60), ("seconds", 1)):
            part = pc.struct_field(parts, name)
            text = pc.if_else(pc.equal(part, ""), "0", part).fill_null("0")
            clock += text.cast(pa.float64()).to_numpy(zero_copy_only=False) * factor
        nanoseconds, fits = np.where(found, clock * SECOND, nanoseconds), fits | found
    fits = fits & (nanoseconds >= 0) & (nanoseconds < _LATEST * 1e9)
    return np.round(np.where(fits, nanoseconds, 0) / 1000).astype(np.int64) * 1000, fits


def times(column: Any, unit: int) -> tuple[np.ndarray, np.ndarray]:
    """(int64 ns (n,), bool (n,) valid): whole numbers of ``unit`` ns since 1970 unless it is 0, else as instants."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = column.fill_null("")
    if not unit:
        return instants(column)
    fits = pc.match_substring_regex(column, _WHOLE)
    whole = np.asarray(fits, np.bool_)
    number = pc.if_else(fits, column, "0").cast(pa.uint64()).to_numpy(zero_copy_only=False)
    good = number <= np.uint64(_LATEST * SECOND // unit)
    values = np.where(good, number, 0).astype(np.int64) * unit
    if whole.all():
        return values, good
    others, fitting = instants(column)
    return np.where(whole, values, others), np.where(whole, good, fitting)


def instants(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """(int64 ns (n,), bool (n,) valid) of times as text: RFC 3339, ``2011/08/10 09:46:53.047277``, or as in epochs."""
    import pyarrow.compute as pc

    column = column.fill_null("")
    values, fits = epochs(column)
    text = pc.replace_substring(pc.replace_substring(column, "/", "-"), ",", ".")
    parts = pc.extract_regex(
        text,
        r"^(?P<at>\d{4}-[01]\d-[0-3]\d[Tt ][0-2]\d:[0-5]\d:[0-5]\d(?:\.\d{1,9})?)"
        r"(?P<zone>[Zz]| UTC|[+-]\d\d:?\d\d)?$",
    )
    found = np.asarray(pc.is_valid(parts), np.bool_)
    if not found.any():
        return values, fits
    at = pc.struct_field(parts, "at").to_numpy(zero_copy_only=False)[found]
    offset = mapped(pc.struct_field(parts, "zone"), _offset, np.int64)[found]
    times = _dates(at)
    good = (times >= 0) & (times < _LATEST * SECOND)
    values[found] = np.where(good, times - offset, 0)
    fits = fits.copy()
    fits[found] = good
    return values, fits


def _dates(texts: np.ndarray) -> np.ndarray:
    """Int64 ns of dates and times, -1 where there is no such day or hour."""
    import pyarrow as pa

    try:
        stamps = pa.array(texts, pa.string()).cast(pa.timestamp("ns"))
    except pa.ArrowInvalid:
        return np.array([_instant(each) for each in texts], np.int64)
    dates: np.ndarray = stamps.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return dates


def _instant(text: str) -> int:
    try:
        return int(np.datetime64(text.replace("t", "T"), "ns").astype(np.int64))
    except ValueError:
        return -1


def _offset(zone: str) -> int:
    if len(zone) < 5:
        return 0
    sign = -1 if zone[0] == "-" else 1
    return sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60) * SECOND
