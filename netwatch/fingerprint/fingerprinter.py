"""``Fingerprinter``: the stage's door: recognise while payload is at hand, conclude over all flows, classify them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch.fingerprint.engine import judge
from netwatch.fingerprint.features import FEATURES, Features
from netwatch.fingerprint.load import load_rules
from netwatch.fingerprint.options import FingerprintOptions
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
        wanted = {rule.entity for rule in self.rules}
        self._features: dict[str, Features] = {
            kind: made(self.options) for kind, made in FEATURES.items() if kind in wanted
        }
        self.verdicts: list[Verdict] = []

    def observe(self, flows: Flows) -> Flows:
        """The flows with ``application``; payload evidence is remembered, within bounds."""
        for features in self._features.values():
            features.observe(flows)
        return flows

    def conclude(self, flows: ibis.Table) -> list[Verdict]:
        """Verdicts over all stored flows, most octets first."""
        found = []
        for kind, features in self._features.items():
            rules = [rule for rule in self.rules if rule.entity == kind]
            found += judge(rules, features.table(flows), self.options)
        found.sort(key=lambda v: (-v.octets, v.class_id, v.subject, v.peer, v.port))
        self.verdicts = found
        return found
