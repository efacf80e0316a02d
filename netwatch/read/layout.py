"""Templates to layouts: which Information Elements are kept, and in which column."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.kernels import moments as m
from netwatch.kernels import records as r
from netwatch.kernels.machine import Arguments
from netwatch.model.elements import Detail
from netwatch.wire.ipfix import REVERSE
from netwatch.wire.template import VARIABLE, Field, Template

LAYOUTS = 1 << 14
"""Different templates that are kept; more are only seen with hostile exporters."""
FIELDS = 1 << 20


class Place(NamedTuple):
    """Where a field goes: ``kind`` names the array of Columns, ``row`` its row there."""

    kind: str
    row: int


def _numbers(kind: str, operation: int, rows: dict[int, str]) -> dict[tuple[int, int], list[tuple[Place, int, int]]]:
    """Elements as "number, number of the reverse direction with r"; earlier ones are preferred."""
    table: dict[tuple[int, int], list[tuple[Place, int, int]]] = {}
    for row, elements in rows.items():
        for rank, element in enumerate(elements.split()):
            key = (int(element.lstrip("r")), REVERSE if element.startswith("r") else 0)
            table.setdefault(key, []).append((Place(kind, row), rank, operation))
    return table


_KEPT: dict[tuple[int, int], list[tuple[Place, int, int]]] = {}
for _part in (
    _numbers(
        "wide",
        m.WIDE,
        {
            # octetDelta, octetTotal, postOctetDelta, initiatorOctets, layer2OctetDelta; packets likewise
            r.OCTETS: "1 85 23 231 352",
            r.PACKETS: "2 86 24 298",
            r.REVERSE_OCTETS: "r1 r85 232",
            r.REVERSE_PACKETS: "r2 r86 299",
            r.INITIATOR: "231",
            r.RESPONDER: "232",
        },
    ),
    _numbers("wide", m.MILLISECONDS, {r.BOOT: "160"}),
    _numbers("wide", m.MILLI_SPAN, {r.LASTING: "161"}),
    _numbers(
        "four",
        m.FOUR,
        {
            r.INGRESS: "10 252",
            r.EGRESS: "14 253",
            r.SOURCE_AS: "16",
            r.DESTINATION_AS: "17",
            r.NEXT_AS: "128",
            r.SAMPLING: "305 34 50",
            r.SAMPLER: "302 48",
        },
    ),
    _numbers(
        "two",
        m.TWO,
        {
            r.SOURCE_PORT: "7 180 182",
            r.DESTINATION_PORT: "11 181 183",
            r.FLAGS: "6",
            r.REVERSE_FLAGS: "r6",
            r.VLAN: "58 243",
            r.MINIMUM: "25",
            r.MAXIMUM: "26",
            r.ICMP: "32 139",
        },
    ),
    _numbers(
        "one",
        m.ONE,
        {
            r.PROTOCOL: "4",
            r.END_REASON: "136",
            r.CLASS: "5",
            r.FRAGMENTS: "197",
            r.ICMP_TYPE: "176 178",
            r.ICMP_CODE: "177 179",
        },
    ),
):
    _KEPT |= {key: _KEPT.get(key, []) + places for key, places in _part.items()}

_SECOND = {Place("wide", r.INITIATOR), Place("wide", r.RESPONDER)}
"""Filled from what no other column wants."""
_START, _END = Place("wide", r.START), Place("wide", r.END)
_FILLED = frozenset(
    {Place("wide", r.FRAME), Place("address", r.EXPORTER), Place("four", r.DOMAIN), Place("four", r.INPUT),
     Place("one", r.DETAIL)}
)  # fmt: skip
"""Written for every record, whatever its layout."""
_ALWAYS = _FILLED | {_START, _END, Place("four", r.SAMPLING)}
"""Written for every record, by what its layout gives."""
_CERT, _CERT_REVERSE = 6871, 0x4000
"""Enterprise number of YAF and SiLK; what it adds to an element's number for the reverse direction."""
for _turn, _all, _initial in ((0, r.FLAGS, r.INITIAL), (_CERT_REVERSE, r.REVERSE_FLAGS, r.REVERSE_INITIAL)):
    # initialTCPFlags are the first packet's, unionTCPFlags those of all others.
    _KEPT[14 | _turn, _CERT] = [(Place("two", _initial), 0, m.TWO)]
    _KEPT[15 | _turn, _CERT] = [(Place("two", _all), 1, m.TWO)]
_INITIAL = frozenset({Place("two", r.INITIAL), Place("two", r.REVERSE_INITIAL)})
_FLAGS = frozenset({Place("two", r.FLAGS), Place("two", r.REVERSE_FLAGS)})
_ICMP = frozenset({Place("two", r.ICMP), Place("one", r.ICMP_TYPE), Place("one", r.ICMP_CODE)})
_PORT = Place("two", r.DESTINATION_PORT)
for _rank, (_first, _last, _operation) in enumerate(
    (
        (156, 157, m.NTP_NANO),
        (154, 155, m.NTP_MICRO),
        (152, 153, m.MILLISECONDS),
        (158, 159, m.BEFORE),
        (22, 21, m.UPTIME),
        (150, 151, m.SECONDS),
        (0, 324, m.NTP_MICRO),
        (0, 323, m.MILLISECONDS),
        (0, 322, m.SECONDS),
    )
):
    _KEPT[_last, 0] = [(_END, _rank, _operation)]
    if _first:
        _KEPT[_first, 0] = [(_START, _rank, _operation)]
_KEPT[162, 0] = [(Place("wide", r.LASTING), 1, m.MICRO_SPAN)]
# Each address has a place for IPv4 and one for IPv6, the same row: templates of dual-stack exporters carry both.
for _row, _four, _six in ((r.SOURCE, 8, 27), (r.DESTINATION, 12, 28), (r.NEXT_HOP, 15, 62)):
    _KEPT[_four, 0] = [(Place("address", _row), 0, m.ADDRESS4)]
    _KEPT[_six, 0] = [(Place("address", _row), 1, m.ADDRESS6)]
_KEPT[18, 0] = [(Place("address", r.NEXT_HOP), 2, m.ADDRESS4)]
_KEPT[63, 0] = [(Place("address", r.NEXT_HOP), 3, m.ADDRESS6)]


def _fits(field: Field, operation: int) -> bool:
    if field.length == VARIABLE:
        return True
    if operation in (m.ADDRESS4, m.ADDRESS6):
        return field.length == (4 if operation == m.ADDRESS4 else 16)
    if operation in (m.NTP_MICRO, m.NTP_NANO):
        return field.length == 8
    return 0 < field.length <= 8


def _chosen(template: Template) -> dict[int, tuple[Place, int]]:
    """Index of a field → where it goes and how; of the elements that could fill a column the preferred one does.

    An address may be filled by an IPv4 and by an IPv6 field: dual-stack templates carry both, one of them zero.
    """
    candidates = []
    for index, field in enumerate(template.fields):
        for place, rank, operation in _KEPT.get((field.element, field.enterprise), ()):
            if _fits(field, operation):
                candidates.append((place in _SECOND, rank, index, place, operation))
    taken: set[tuple[Place, bool]] = set()
    chosen: dict[int, tuple[Place, int]] = {}
    for _, _, index, place, operation in sorted(candidates):
        if index not in chosen and (place, operation == m.ADDRESS6) not in taken:
            taken.add((place, operation == m.ADDRESS6))
            chosen[index] = (place, operation)
    return chosen


class Use(NamedTuple):
    """What some layouts do to columns: ``written`` by one at least; ``zeroed``: those that not every record fills."""

    written: frozenset[Place]
    zeroed: frozenset[Place]


class LayoutTable:
    """All layouts, as the kernels take them."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[tuple[Field, ...], int], int] = {}
        self._first = [0]
        self._sizes: list[int] = []
        self._varies: list[bool] = []
        self._has: list[tuple[int, ...]] = []
        self._fields: list[tuple[int, int, int, int]] = []
        self._places: list[frozenset[Place]] = []
        self._uses: dict[tuple[int, ...], Use] = {}
        self._given: Arguments | None = None
        self.templates: list[Template] = []
        self.flows: list[bool] = []

    def add(self, template: Template) -> int:
        """The layout's number; -1 where too many are known already."""
        key = (template.fields, template.scopes)
        if key not in self._numbers:
            if len(self._sizes) >= LAYOUTS or len(self._fields) + len(template.fields) > FIELDS:
                return -1
            self._numbers[key] = len(self._sizes)
            self._compile(template)
        return self._numbers[key]

    def _compile(self, template: Template) -> None:
        chosen = {} if template.scopes else _chosen(template)
        places = dict(chosen.values())
        # Asked once: it looks at every field.
        varies = template.variable
        offset = 0
        for index, field in enumerate(template.fields):
            place, operation = chosen.get(index, (Place("", 0), m.SKIP))
            # Only what is kept needs a step, except that fields of variable length are found by all before them.
            if field.length and (operation != m.SKIP or varies):
                self._step((operation, place.row, offset, field.length), varies)
            offset += field.length
        self._first.append(len(self._fields))
        self._sizes.append(template.size)
        self._varies.append(varies)
        self._has.append(_has(places))
        self._places.append(frozenset(places))
        self.templates.append(template)
        self.flows.append(Place("address", r.SOURCE) in places or Place("address", r.DESTINATION) in places)
        self._given = None

    def _step(self, step: tuple[int, int, int, int], varies: bool) -> None:
        last = self._fields[-1] if len(self._fields) > self._first[-1] else None
        joined = last is not None and last[0] == step[0] == m.SKIP and VARIABLE not in (last[3], step[3])
        if varies and joined and last is not None and last[3] + step[3] < VARIABLE:
            self._fields[-1] = (m.SKIP, 0, last[2], last[3] + step[3])
        else:
            self._fields.append(step)

    def use(self, layouts: tuple[int, ...]) -> Use:
        """What these layouts do to columns, with what is written for every record."""
        if layouts not in self._uses:
            if len(self._uses) >= LAYOUTS:
                self._uses.clear()
            written = frozenset(_ALWAYS).union(*(self._places[each] for each in layouts))
            icmp = _ICMP | {_PORT, Place("one", r.PROTOCOL)} if written & _ICMP else frozenset()
            flags = _INITIAL | _FLAGS if written & _INITIAL else frozenset()
            written |= ({_PORT} & icmp) | (_FLAGS & flags)
            # An address of zeros is not written, nor what a field of variable length cannot hold.
            sure = [
                frozenset() if self._varies[each] else {p for p in self._places[each] if p.kind != "address"}
                for each in layouts
            ]
            filled = frozenset.intersection(*map(frozenset, sure)) | _FILLED
            # Where one layout tells of ICMP, what makes a port of it is read of every record; flags likewise.
            self._uses[layouts] = Use(written, (written | icmp | flags) - filled)
        return self._uses[layouts]

    @property
    def given(self) -> Arguments:
        """The layouts of now, as kernels take :class:`netwatch.kernels.records.Layouts`."""
        if self._given is None:
            steps = np.array(self._fields or np.empty((0, 4)), np.int64).reshape(-1, 4)
            layouts = r.Layouts(
                np.array(self._first, np.int64),
                np.array(self._sizes, np.int64),
                np.array(self._varies, np.bool_),
                np.array(self._has, np.uint8).reshape(-1, 8),
                *(np.ascontiguousarray(steps[:, k]) for k in range(4)),
            )
            self._given = Arguments([layouts])
        return self._given


def _has(places: dict[Place, int]) -> tuple[int, ...]:
    both = Place("wide", r.REVERSE_OCTETS) in places or Place("wide", r.REVERSE_PACKETS) in places
    return (
        _START in places,
        _END in places,
        Place("wide", r.BOOT) in places,
        Place("wide", r.LASTING) in places,
        any(place in places for place in _ICMP),
        Detail.BIFLOW if both else 0,
        places.get(_START) == m.UPTIME and places.get(_END, m.UPTIME) == m.UPTIME,
        any(place in places for place in _INITIAL),
    )
