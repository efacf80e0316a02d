"""``Fingerprinter``: the stage's door: recognise while payload is at hand, conclude over all flows, classify them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import numpy as np

from netwatch.fingerprint.applications import application_codes, sieve
from netwatch.fingerprint.behaviour.floors import Reached, reached, touched
from netwatch.fingerprint.behaviour.halves import HALVED, halves_of, told_by_input
from netwatch.fingerprint.behaviour.strangers import PASSING
from netwatch.fingerprint.behaviour.targets import Targets
from netwatch.fingerprint.classify import Classifier
from netwatch.fingerprint.conversation import Conversations
from netwatch.fingerprint.engine import judge
from netwatch.fingerprint.features import FEATURES, Features, FeatureTable
from netwatch.fingerprint.load import load_rules
from netwatch.fingerprint.options import FingerprintOptions
from netwatch.fingerprint.queries import at_hand, chosen, count, kept, near, run
from netwatch.model.flows import Flows
from netwatch.model.verdict import Verdict

if TYPE_CHECKING:
    import ibis

HALVES = "netwatch_halves"
MOST_NEAR = 1 << 18
"""Flows that are taken into memory, and halves of so many, some 200 octets each; of more each query reads them anew."""


class Fingerprinter:
    """``observe`` every batch, then ``conclude`` once, then ``classify`` every batch again.

    Raises:
        UsageError: a rule or a file of names of the user is wrong.

    """

    def __init__(self, options: FingerprintOptions | None = None) -> None:
        self.options = options or FingerprintOptions()
        self.rules = load_rules(self.options.rules)
        self._conversations = Conversations(self.options)
        self._features: dict[str, Features] = {"conversation": self._conversations}
        wanted = {rule.entity for rule in self.rules} - self._features.keys()
        self._features |= {kind: FEATURES[kind](self.options) for kind in sorted(wanted)}
        self._targets = Targets(self.options)
        self._features["target"] = self._targets
        for kind, features in self._features.items():
            rules = [rule for rule in self.rules if rule.entity == kind]
            features.required = [rule.required for rule in rules]
            features.prepare([pattern for rule in rules for pattern in rule.patterns])
        self._classifier = Classifier([], self.rules)

    def observe(self, flows: Flows) -> Flows:
        """The flows with ``application``; payload evidence is remembered, within bounds."""
        sieved = sieve(flows, self._conversations.names.hashes)
        codes = application_codes(flows, sieved)
        self._conversations.observe(flows, sieved)
        dialects = self._conversations.dialects
        if dialects:
            codes[np.fromiter(dialects.keys(), np.int64)] = np.fromiter(dialects.values(), np.uint16)
        flows = self._targets.mark(flows.with_columns(application=codes))
        for features in self._features.values():
            if features is not self._conversations:
                features.observe(flows, sieved)
        return flows

    def tables(self, kind: str, flows: ibis.Table) -> Iterable[FeatureTable]:
        """The features of all entities of one kind over all stored flows."""
        return self._features[kind].tables(flows)

    def conclude(self, flows: ibis.Table) -> list[Verdict]:
        """Verdicts over all stored flows, most octets first."""
        found: list[Verdict] = []
        if "traffic_class" in flows.columns:
            flows = chosen(flows, f"traffic_class < {PASSING}")
        with near(flows, HALVED, MOST_NEAR) as held:
            found += self._judged(held)
        found.sort(key=lambda v: (-v.octets, v.class_id, v.subject, v.peer, v.port))
        self.adopt(found)
        return found

    def _judged(self, flows: ibis.Table) -> Iterator[Verdict]:
        """Verdicts of each kind of entity in turn."""
        asked, there = self._asked(flows)
        of_halves = any(self._features[kind].floors for kind in asked)
        with _halved(flows, there) if of_halves else nullcontext(flows) as halved:
            for kind in asked:
                rules = [rule for rule in self.rules if rule.entity == kind]
                for table in self.tables(kind, halved if self._features[kind].floors else flows):
                    yield from judge(rules, table, self.options)

    def _asked(self, flows: ibis.Table) -> tuple[list[str], Reached]:
        """The kinds of entity that rules are about and of which there may be rows; and what flows they need."""
        wanted = {rule.entity for rule in self.rules}
        kinds = {kind: features for kind, features in self._features.items() if kind in wanted}
        there = reached(flows, [(kind, floor) for kind, features in kinds.items() for floor in features.floors])
        asked = [kind for kind, one in kinds.items() if kind in there.kinds or not one.floors or one.beside()]
        return asked, there

    def adopt(self, verdicts: Sequence[Verdict]) -> None:
        """Classify by verdicts that were concluded elsewhere."""
        self._classifier = Classifier(verdicts, self.rules)

    def classify(self, flows: Flows) -> Flows:
        """The flows with ``traffic_class`` and ``role``, by the verdicts concluded, else by application."""
        return self._classifier.classify(flows)


@contextmanager
def _halved(flows: ibis.Table, there: Reached) -> Iterator[ibis.Table]:
    """The halves of the flows that matter, for as long as the ``with`` block."""
    few = None if there.marks is None else touched(flows, there.marks)
    inputs = {"inputs": run(told_by_input, flows)}
    if few is None:
        # Of many a table would be written to disk and read again, with all its columns.
        with kept(halves_of, flows, HALVES, inputs, made=count(flows) <= MOST_NEAR) as halved:
            yield halved
        return
    with at_hand(few, "netwatch_touched", flows) as some, kept(halves_of, some, HALVES, inputs) as halved:
        yield halved
