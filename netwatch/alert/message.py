"""Notices → the title and body that people read: plain text, in which nothing from the wire can act."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from netwatch.alert.options import SEVERITIES
from netwatch.alert.plaintext import WORDS, inert
from netwatch.model.notice import Life, Notice
from netwatch.model.text import instant

LINES = 20
"""Findings that a message on many names one by one."""
_WORDS = 12


class Text(NamedTuple):
    """``title``: one line. ``body``: lines. ``tone``: "info", "warning", "failure" or "success"."""

    title: str
    body: str
    tone: str


def compose(notices: Sequence[Notice]) -> Text:
    """The message for notices that are told together: one finding in full, several as a list."""
    findings: dict[str, list[Notice]] = {}
    for notice in sorted(notices, key=lambda n: (n.said, n.key)):
        findings.setdefault(notice.id, []).append(notice)
    if len(findings) == 1:
        return _one(next(iter(findings.values())))
    return _many(list(findings.values()))


def _one(told: Sequence[Notice]) -> Text:
    last = told[-1]
    facts = [
        f"Severity: {last.severity}. Standing: {last.life}.",
        f"Since {instant(last.since)}" + (f" until {instant(last.until)}." if last.until is not None else "."),
        f"About: {inert(last.subject)}" + (f" (watch {inert(last.watch)})" if last.watch else ""),
    ]
    if last.classes:
        facts.append(f"Class: {', '.join(inert(name) for name in last.classes)}")
    if last.attack_techniques:
        facts.append(f"MITRE ATT&CK: {', '.join(inert(name) for name in last.attack_techniques)}")
    if len(told) > 1:
        facts.append("Before that: " + ", ".join(f"{n.life} at {instant(n.said)}" for n in told[:-1][-5:]))
    words = [inert(words, WORDS) for words in last.words[:_WORDS]]
    body = "\n".join([*words, "", *facts, f"Finding {inert(last.id)}"])
    return Text(_headline(last), body, _tone([last]))


def _many(findings: Sequence[Sequence[Notice]]) -> Text:
    last = sorted((told[-1] for told in findings), key=lambda n: (-SEVERITIES.index(n.severity), n.said, n.key))
    counts = [(severity, sum(n.severity is severity for n in last)) for severity in reversed(SEVERITIES)]
    by_severity = ", ".join(f"{count} {severity}" for severity, count in counts if count)
    lines = [f"{instant(n.since)} {_headline(n).removeprefix('netwatch ')} ({inert(n.id)})" for n in last[:LINES]]
    if len(last) > LINES:
        lines.append(f"and {len(last) - LINES} more")
    return Text(f"netwatch: {len(last)} findings ({by_severity})", "\n".join(lines), _tone(last))


def _headline(notice: Notice) -> str:
    return f"netwatch {notice.severity.upper()} {notice.life}: {inert(notice.title)}"


def _tone(notices: Sequence[Notice]) -> str:
    if all(notice.life is Life.ENDED for notice in notices):
        return "success"
    loudest = max(SEVERITIES.index(notice.severity) for notice in notices)
    return ("info", "info", "warning", "failure")[loudest]
