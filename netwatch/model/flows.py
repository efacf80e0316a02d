"""``Flows``: a batch of Flow Records as equally long columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from netwatch.model.elements import FLOW, JUDGED, SCOPED, Element
from netwatch.model.exchange import Exchange

ELEMENTS: dict[str, Element] = {e.name: e for e in (*FLOW, *SCOPED, *JUDGED)}
_DEFAULTS = {"sampling_packet_interval": 1, "watch": 65535}


class Flows:
    """A batch of Flow Records.

    ``columns`` maps a name of :data:`ELEMENTS` to an array of shape ``(n,)``, addresses ``(n, 2)``
    uint64. Every column of ``FLOW`` is there; those of ``SCOPED`` and ``JUDGED`` after their stage.
    ``exchange`` holds what the packets showed beyond the counters, for the flows that carried payload;
    ``flows.exchange.row`` has length n.
    """

    __slots__ = ("columns", "exchange")

    def __init__(self, columns: Mapping[str, np.ndarray], exchange: Exchange | None = None) -> None:
        given = {len(c) for c in columns.values()}
        if len(given) > 1:
            raise ValueError(f"columns differ in length: { {k: len(v) for k, v in columns.items()} }")
        n = given.pop() if given else 0
        self.columns: dict[str, np.ndarray] = {}
        for name, column in columns.items():
            self.columns[name] = np.ascontiguousarray(column, ELEMENTS[name].dtype.base)
        for element in FLOW:
            if element.name not in self.columns:
                self.columns[element.name] = filled(element, n)
        self.exchange = exchange

    def __len__(self) -> int:
        return len(self.columns["flow_start_nanoseconds"])

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def with_columns(self, **columns: np.ndarray) -> Flows:
        """The same flows with columns added or replaced; nothing is copied."""
        return Flows({**self.columns, **columns}, self.exchange)

    def take(self, rows: np.ndarray) -> Flows:
        """The flows at ``rows`` (an index array or a boolean mask)."""
        exchange = self.exchange.take(rows) if self.exchange is not None else None
        return Flows({name: column[rows] for name, column in self.columns.items()}, exchange)

    @classmethod
    def empty(cls) -> Flows:
        """No flows, every column of ``FLOW``."""
        return cls({})

    @classmethod
    def concatenate(cls, batches: Sequence[Flows]) -> Flows:
        """The rows of all batches in order; columns that not all have are left out.

        Exchanges are joined; a batch without one counts as having no payload.
        """
        if not batches:
            return cls.empty()
        if len(batches) == 1:
            return batches[0]
        shared = [name for name in batches[0] if all(name in b for b in batches)]
        columns = {name: np.concatenate([b[name] for b in batches]) for name in shared}
        exchange = None
        if any(b.exchange is not None for b in batches):
            exchange = Exchange.concatenate([b.exchange or Exchange.none(len(b)) for b in batches])
        return cls(columns, exchange)


def filled(element: Element, n: int) -> np.ndarray:
    """A column of ``n`` rows holding the element's value for "not told"."""
    shape = (n, *element.dtype.shape)
    default = _DEFAULTS.get(element.name, 0)
    return np.full(shape, default, element.dtype.base)


def blank(name: str, n: int) -> np.ndarray:
    """As :func:`filled`, read-only: batches share the memory of what none of their flows tells."""
    if name not in _BLANKS or n > len(_BLANKS[name]):
        _BLANKS[name] = filled(ELEMENTS[name], max(n, 1 << 16))
        _BLANKS[name].flags.writeable = False
    return _BLANKS[name][:n]


_BLANKS: dict[str, np.ndarray] = {}


def octets_both(flows: Flows) -> np.ndarray:
    """Octets of both directions of each flow, int64 (n,)."""
    total: np.ndarray = flows["octet_delta_count"] + flows["reverse_octet_delta_count"]
    return total


def packets_both(flows: Flows) -> np.ndarray:
    """Packets of both directions of each flow, int64 (n,)."""
    total: np.ndarray = flows["packet_delta_count"] + flows["reverse_packet_delta_count"]
    return total


def rebatched(batches: Iterable[Flows], size: int) -> Iterator[Flows]:
    """The same flows in batches of at least ``size`` rows, the last excepted; order is kept."""
    held: list[Flows] = []
    count = 0
    for batch in batches:
        if not len(batch):
            continue
        held.append(batch)
        count += len(batch)
        if count >= size:
            yield Flows.concatenate(held)
            held, count = [], 0
    if held:
        yield Flows.concatenate(held)
