"""Verdicts back onto flows: each flow gets the class and role of the likeliest verdict that covers it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from netwatch.fingerprint.condition import YES, evaluate
from netwatch.fingerprint.flowview import FlowView
from netwatch.fingerprint.rule import Rule
from netwatch.model.address import pack
from netwatch.model.application import APPLICATIONS
from netwatch.model.elements import Role
from netwatch.model.flows import Flows
from netwatch.model.prefix import Prefix
from netwatch.model.taxonomy import CODE
from netwatch.model.verdict import Verdict

_BY_APPLICATION = np.array([CODE[application.traffic_class] for application in APPLICATIONS], np.uint16)
_ODD = np.uint64(0x9E3779B97F4A7C15)


class _Form(NamedTuple):
    """What a verdict pins down: bits of its subject, whether it names a peer, a port, a protocol; and its rule."""

    length: int
    peer: bool
    port: bool
    protocol: bool
    rule: str


@dataclass(slots=True)
class _Covers:
    """Verdicts of one form: ``key`` uint64 ascending, and in that order what they give."""

    key: np.ndarray
    since: np.ndarray
    until: np.ndarray
    posterior: np.ndarray
    code: np.ndarray
    role: np.ndarray


class Classifier:
    """Joins flows with verdicts on hashed keys and time; what no verdict covers is told by its application."""

    def __init__(self, verdicts: Sequence[Verdict], rules: Sequence[Rule]) -> None:
        self._rules: Mapping[str, Rule] = {rule.id: rule for rule in rules}
        grouped: dict[_Form, list[Verdict]] = defaultdict(list)
        for verdict in verdicts:
            grouped[_form(verdict)].append(verdict)
        self._covers = {form: _covers(form, found) for form, found in sorted(grouped.items())}

    def classify(self, flows: Flows) -> Flows:
        """The flows with ``traffic_class`` and ``role``."""
        n = len(flows)
        traffic_class = _BY_APPLICATION[flows["application"]] if "application" in flows else np.zeros(n, np.uint16)
        role, best = np.zeros(n, np.uint8), np.zeros(n)
        for form, covers in self._covers.items():
            for subject_is_source in (True, False):
                for service_is_source in (False, True) if form.port else (False,):
                    key = _flow_keys(flows, form, subject_is_source, service_is_source)
                    self._give(flows, form, covers, (key, subject_is_source), (traffic_class, role, best))
        return flows.with_columns(traffic_class=traffic_class, role=role)

    def _give(
        self,
        flows: Flows,
        form: _Form,
        covers: _Covers,
        keyed: tuple[np.ndarray, bool],
        given: tuple[np.ndarray, np.ndarray, np.ndarray],
    ) -> None:
        key, from_subject = keyed
        traffic_class, role, best = given
        rule = self._rules.get(form.rule)
        left = np.searchsorted(covers.key, key, "left")
        count = np.searchsorted(covers.key, key, "right") - left
        start, end = flows["flow_start_nanoseconds"], flows["flow_end_nanoseconds"]
        for nth in range(int(count.max(initial=0))):
            rows = np.flatnonzero(count > nth)
            at = left[rows] + nth
            covered = (start[rows] < covers.until[at]) & (end[rows] >= covers.since[at])
            covered &= covers.posterior[at] > best[rows]
            rows, at = rows[covered], at[covered]
            if rule is not None and rule.flows is not None and len(rows):
                view = FlowView(flows, rows, np.full(len(rows), from_subject))
                belongs = evaluate(rule.flows, view, len(rows)) == YES
                rows, at = rows[belongs], at[belongs]
            traffic_class[rows], role[rows], best[rows] = covers.code[at], covers.role[at], covers.posterior[at]


def _form(verdict: Verdict) -> _Form:
    length = Prefix.parse(verdict.subject).length if verdict.subject else 0
    rule = str(verdict.facts.get("rule", ""))
    return _Form(length, bool(verdict.peer), verdict.port > 0, verdict.protocol > 0, rule)


def _covers(form: _Form, verdicts: Sequence[Verdict]) -> _Covers:
    subject = np.array([_halves(v.subject) for v in verdicts], np.uint64).reshape(-1, 2)
    peer = np.array([pack(v.peer) if v.peer else (0, 0) for v in verdicts], np.uint64).reshape(-1, 2)
    port = np.array([v.port for v in verdicts], np.uint64)
    key = _mix(form, subject, peer, port, np.array([v.protocol for v in verdicts], np.uint64))
    order = np.argsort(key, kind="stable")
    return _Covers(
        key[order],
        np.array([v.since for v in verdicts], np.int64)[order],
        np.array([v.until for v in verdicts], np.int64)[order] + 1,  # at rest times are whole microseconds
        np.array([v.posterior for v in verdicts])[order],
        np.array([CODE[v.class_id] for v in verdicts], np.uint16)[order],
        np.array([Role.names.index(v.role) for v in verdicts], np.uint8)[order],
    )


def _halves(subject: str) -> tuple[int, int]:
    first = Prefix.parse(subject).first if subject else 0
    return first >> 64, first & 0xFFFF_FFFF_FFFF_FFFF


def _flow_keys(flows: Flows, form: _Form, subject_is_source: bool, service_is_source: bool) -> np.ndarray:
    source, destination = flows["source_address"], flows["destination_address"]
    port = flows["source_transport_port" if service_is_source else "destination_transport_port"]
    ends = (source, destination) if subject_is_source else (destination, source)
    return _mix(form, *ends, port.astype(np.uint64), flows["protocol_identifier"].astype(np.uint64))


def _mix(form: _Form, subject: np.ndarray, peer: np.ndarray, port: np.ndarray, protocol: np.ndarray) -> np.ndarray:
    """uint64 (n,): a hash of what the form pins down; equal for a verdict and the flows it covers."""
    ones = (1 << 128) - 1
    mask = ones ^ (ones >> form.length)
    parts = [subject[:, 0] & np.uint64(mask >> 64), subject[:, 1] & np.uint64(mask & 0xFFFF_FFFF_FFFF_FFFF)]
    if form.peer:
        parts += [peer[:, 0], peer[:, 1]]
    if form.port:
        parts.append(port)
    if form.protocol:
        parts.append(protocol)
    key = np.zeros(len(port), np.uint64)
    for part in parts:
        key = (key ^ part) * _ODD
        key ^= key >> np.uint64(29)
    return key
