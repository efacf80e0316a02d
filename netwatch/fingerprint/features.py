"""Feature tables: what is known of each entity, in columns that rules compare."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from netwatch.errors import UsageError
from netwatch.fingerprint.condition import NO, Condition, evaluate
from netwatch.fingerprint.options import FingerprintOptions
from netwatch.model.flows import Flows
from netwatch.registry import Registry

if TYPE_CHECKING:
    import ibis

    from netwatch.fingerprint.applications import Sieved
    from netwatch.fingerprint.behaviour.floors import Floor
    from netwatch.fingerprint.pattern import Pattern

FEATURES: Registry[type[Features]] = Registry(
    "features",
    {
        "conversation": "netwatch.fingerprint.conversation:Conversations",
        "payload": "netwatch.fingerprint.payloads:Payloads",
        "target": "netwatch.fingerprint.behaviour.targets:Targets",
        "prefix": "netwatch.fingerprint.behaviour.prefixes:Prefixes",
        "source": "netwatch.fingerprint.behaviour.sources:Sources",
        "domain": "netwatch.fingerprint.behaviour.domains:Domains",
        "denied": "netwatch.fingerprint.behaviour.denied:DeniedNames",
        "beacon": "netwatch.fingerprint.behaviour.beacons:Beacons",
        "upload": "netwatch.fingerprint.behaviour.uploads:Uploads",
        "echo": "netwatch.fingerprint.behaviour.echoes:Echoes",
        "control": "netwatch.fingerprint.behaviour.controls:Controls",
        "spread": "netwatch.fingerprint.behaviour.spreads:Spreads",
        "movement": "netwatch.fingerprint.behaviour.movements:Movements",
        "questions": "netwatch.fingerprint.behaviour.questions:Questions",
        "guess": "netwatch.fingerprint.behaviour.guesses:Guesses",
        "spray": "netwatch.fingerprint.behaviour.sprays:Sprays",
    },
)
"""One class per kind of entity. Its name here is what a rule's ``entity`` says."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A column of a feature table: what it measures, in words that fit before a value, and its unit.

    ``unit`` "yes/no" marks a truth value (0 or 1), "share" a ratio from 0 to 1.
    """

    about: str
    unit: str = ""


def no_details(_row: int) -> dict[str, object]:
    """Facts of a table that has none."""
    return {}


def no_words(_row: int) -> tuple[str, ...]:
    """References or quality flags of a table that has none."""
    return ()


@dataclass(slots=True)
class FeatureTable:
    """Features of n entities of one kind.

    ``subject`` (n, 2) uint64: the watched side's address; ``prefix_length`` uint8 (n,): bits of the 128 that count.
    ``peer`` (n, 2) uint64: the other side, all zero for many. ``port`` uint16 and ``protocol`` uint8: of the service,
    0 for many. ``since``, ``until`` int64 ns. ``octets``, ``packets``, ``flows`` float64, corrected for sampling;
    ``peers`` int64. ``columns``: float64 (n,) by feature name; NaN where the feature could not be had for a row, and a
    feature that is no key could be had for none.
    ``facts``, ``references``, ``quality``: asked only for rows that are told of.
    """

    subject: np.ndarray
    peer: np.ndarray
    port: np.ndarray
    protocol: np.ndarray
    since: np.ndarray
    until: np.ndarray
    octets: np.ndarray
    packets: np.ndarray
    flows: np.ndarray
    peers: np.ndarray
    columns: dict[str, np.ndarray]
    prefix_length: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint8))
    facts: Callable[[int], dict[str, object]] = no_details
    references: Callable[[int], tuple[str, ...]] = no_words
    quality: Callable[[int], tuple[str, ...]] = no_words

    def __post_init__(self) -> None:
        n = len(self.subject)
        if not len(self.prefix_length):
            self.prefix_length = np.full(n, 128, np.uint8)
        wrong = [name for name, column in self.columns.items() if column.shape != (n,)]
        if wrong:
            raise ValueError(f"columns that do not fit {n} entities: {wrong}")

    def __len__(self) -> int:
        return len(self.subject)

    def taken(self, rows: np.ndarray) -> FeatureTable:
        """The entities at some rows, in that order."""
        every = {one.name: getattr(self, one.name) for one in fields(self)}
        return replace(
            self,
            **{name: column[rows] for name, column in every.items() if isinstance(column, np.ndarray)},
            columns={name: column[rows] for name, column in self.columns.items()},
            facts=lambda row: self.facts(int(rows[row])),
            references=lambda row: self.references(int(rows[row])),
            quality=lambda row: self.quality(int(rows[row])),
        )

    @classmethod
    def of(cls, columns: Mapping[str, np.ndarray]) -> FeatureTable:
        """A table of features alone, its entities without address or time; for examples and tests."""
        n = len(next(iter(columns.values()))) if columns else 1
        zero, address = np.zeros(n, np.int64), np.zeros((n, 2), np.uint64)
        real = {name: np.asarray(column, np.float64) for name, column in columns.items()}
        small, none = zero.astype(np.uint16), zero.astype(np.float64)
        return cls(address, address, small, small.astype(np.uint8), zero, zero, none, none, none, zero, real)


class Features(ABC):
    """Makes one feature table. A subclass is one kind of entity: it declares its columns and computes them.

    ``observe`` sees every batch in the first pass, with payload at hand, and may remember a bounded amount;
    ``table`` is asked once, after the last batch.
    """

    declared: ClassVar[Mapping[str, Feature]] = {}
    floors: ClassVar[tuple[Floor, ...]] = ()
    """Of a kind that is made of half flows (``behaviour.halves``): some key must reach one before there is a row."""

    def __init__(self, options: FingerprintOptions) -> None:
        self.options = options
        self.required: Sequence[Condition | None] = (None,)
        """What each of the rules that will compare the features requires; None for nothing."""

    def wanted(self, columns: Mapping[str, np.ndarray], n: int) -> np.ndarray:
        """Bool (n,): of which entities some rule may yet tell, by the columns that are known so far."""
        told = [np.ones(n, bool) if one is None else evaluate(one, columns, n) != NO for one in self.required]
        some: np.ndarray = np.any([np.zeros(n, bool), *told], axis=0)
        return some

    def prepare(self, patterns: Sequence[Pattern]) -> None:  # noqa: B027 - a hook that a kind may leave
        """Be told the patterns of the rules that will compare the features, before the first batch."""

    def observe(self, flows: Flows, sieved: Sieved) -> None:  # noqa: B027 - a hook that a kind may leave
        """See one batch of the first pass; ``flows`` has the columns of the stages before and ``application``.

        ``sieved`` says which payload heads are worth reading.
        """

    def beside(self) -> bool:
        """Whether there are rows beside those that the stored flows make."""
        return False

    @abstractmethod
    def table(self, flows: ibis.Table) -> FeatureTable:
        """The features of every entity in the stored flows (columns at rest, see ``store.schema``)."""

    def tables(self, flows: ibis.Table) -> Iterator[FeatureTable]:
        """The same in parts, each judged by itself: for kinds of which there are as many as there are flows."""
        yield self.table(flows)

    @classmethod
    def from_payload(cls, client: bytes, server: bytes) -> dict[str, float]:
        """The features that the first octets of both directions give; for a rule's examples.

        Raises:
            UsageError: features of this kind are not made of payload, so that no rule can give such examples.
        """
        octets = len(client) + len(server)
        raise UsageError(f"{octets} octets of payload, of which its kind of entity has no features")
