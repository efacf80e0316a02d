"""``Fingerprinter``: the stage's door: recognise while payload is at hand, conclude over all flows, classify them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from netwatch.fingerprint.applications import application_codes, sieve
from netwatch.fingerprint.behaviour.halves import halves
from netwatch.fingerprint.behaviour.strangers import PASSING
from netwatch.fingerprint.behaviour.targets import Targets
from netwatch.fingerprint.classify import Classifier
from netwatch.fingerprint.conversation import Conversations
from netwatch.fingerprint.engine import judge
from netwatch.fingerprint.features import FEATURES, Features, FeatureTable
from netwatch.fingerprint.load import load_rules
from netwatch.fingerprint.options import FingerprintOptions
from netwatch.fingerprint.queries import kept
from netwatch.model.flows import Flows
from netwatch.model.verdict import Verdict

if TYPE_CHECKING:
    import ibis


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
        for kind, features in self._features.items():
            features.prepare([p for rule in self.rules if rule.entity == kind for p in rule.patterns])
        self._targets = Targets(self.options)
        self._features["target"] = self._targets
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
            flows = flows.filter(flows.traffic_class < PASSING)
        with kept(halves, flows, "netwatch_halves") as halved:
            for kind, features in self._features.items():
                rules = [rule for rule in self.rules if rule.entity == kind]
                for table in self.tables(kind, halved if features.of_halves else flows) if rules else ():
                    found += judge(rules, table, self.options)
        found.sort(key=lambda v: (-v.octets, v.class_id, v.subject, v.peer, v.port))
        self.adopt(found)
        return found

    def adopt(self, verdicts: Sequence[Verdict]) -> None:
        """Classify by verdicts that were concluded elsewhere."""
        self._classifier = Classifier(verdicts, self.rules)

    def classify(self, flows: Flows) -> Flows:
        """The flows with ``traffic_class`` and ``role``, by the verdicts concluded, else by application."""
        return self._classifier.classify(flows)
