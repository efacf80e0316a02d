"""Findings from verdicts: who mines what and where, and each attack by class, role, subject and episode."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace

from netwatch.explain import severity
from netwatch.explain.words import attack_name, coin_name, counted, dialect, from_wire, listed, spans, sure
from netwatch.model.finding import Finding, Severity
from netwatch.model.taxonomy import family
from netwatch.model.text import bit_rate, count, duration, instant, printable, scaled, volume
from netwatch.model.verdict import Evidence, Stand, Verdict

TOGETHER = 3_600 * 10**9
"""Verdicts of one kind whose spans lie no further apart, ns, are one episode."""
_NUMBERS = 2
"""Measures of a ground that a sentence tells."""
SINGLY = 3
"""Episodes of one attack that are told one by one; of more there is one finding for all."""
_ORDER = [*Severity]
_ROLES = {
    "source": "{who} sent it", "target": "{who} was its target", "reflector": "{who} was used to reflect it at others",
    "backscatter-victim": "{who} was flooded elsewhere and answers to forged sources, or is a forged source itself",
    "internal": "both sides are watched; {who} sent it", "relay": "{who} relayed it", "none": "it concerns {who}",
}  # fmt: skip


def threat_findings(verdicts: Sequence[Verdict]) -> list[Finding]:
    """A finding for each watched miner and kind of mining, and for each episode of each attack.

    Verdicts that are not likelier than not are left out; so are nodes of blockchains, which are no threat.
    """
    told = [v for v in verdicts if v.confidence != "not reported"]
    mining = _grouped((v for v in told if family(v.class_id) == "mining"), lambda v: (v.subject, v.class_id, v.role))
    attacks = _grouped((v for v in told if family(v.class_id) == "attack"), lambda v: (v.class_id, v.role, v.subject))
    findings = [_mining(group) for group in mining]
    for group in attacks:
        episodes = _episodes(group)
        findings += [_recurring(episodes)] if len(episodes) > SINGLY else [_attack(episode) for episode in episodes]
    return findings


def _grouped(verdicts: Iterable[Verdict], key: Callable[[Verdict], Hashable]) -> list[list[Verdict]]:
    groups: dict[Hashable, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(key(verdict), []).append(verdict)
    return [sorted(g, key=lambda v: (v.since, v.peer, v.port)) for g in groups.values()]


def _episodes(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    """Verdicts in order of time, cut where nothing was seen for longer than :data:`TOGETHER`."""
    episodes: list[list[Verdict]] = []
    until = -math.inf
    for verdict in verdicts:
        if verdict.since > until + TOGETHER:
            episodes.append([])
        episodes[-1].append(verdict)
        until = max(until, verdict.until)
    return episodes


def _strongest(verdicts: Sequence[Verdict]) -> Verdict:
    return max(verdicts, key=lambda v: (v.posterior, v.octets))


def _mining(verdicts: list[Verdict]) -> Finding:
    best = _strongest(verdicts)
    who = printable(best.subject)
    coin = from_wire([coin_name(ticker) for ticker in _all_facts(verdicts, "coin")])
    since, until = min(v.since for v in verdicts), max(v.until for v in verdicts)
    title = f"{who} {_mining_verb(best)} {coin or 'a coin that is not told'}{_machines(verdicts)}: {best.confidence}"
    seconds = max((until - since) / 1e9, 1.0)
    octets = sum(v.octets for v in verdicts)
    words = [
        f"{who} {_did(best)}{_transport(best)} with {_peers(verdicts)} from {instant(since)} to {instant(until)} "
        f"({duration(until - since)}): {best.confidence}, {sure(best.posterior, best.basis)}.",
        f"It moved {volume(octets)} in {counted(sum(v.packets for v in verdicts), 'packet')} and "
        f"{counted(sum(v.flows for v in verdicts), 'flow')}, {bit_rate(octets / seconds)} on average: mining "
        "moves few octets, so volume neither proves nor excludes it.",
        *_known(verdicts),
        *evidence_words(best.evidence),
    ]
    if best.class_id == "mining.aggregator":
        words.append(
            "A proxy stands for any number of machines: how many mine behind it cannot be told from its traffic."
        )
    limits = ["That it mines does not tell who profits, nor whether it is wanted there."]
    if best.basis == "behaviour":
        limits.append("No payload tells so: sizes and times of packets do.")
    return Finding(
        "mining", title, tuple(words), max((severity.of_mining(v) for v in verdicts), key=_ORDER.index), since, until,
        best.subject, None, tuple(_ranked(verdicts)), (), _figures(verdicts), (*limits, *_quality(verdicts)),
    )  # fmt: skip


def miner_words(finding: Finding) -> str:
    """A finding on mining in a clause: who, what, since when, how sure."""
    title, _, confidence = finding.title.rpartition(": ")
    since, until = (min(v.since for v in finding.verdicts), max(v.until for v in finding.verdicts))
    return f"{title}, {confidence}, {spans(since, until)}"


def _did(verdict: Verdict) -> str:
    """``spoke Stratum v1``; what is mere contact, or a place that many mine through, does not speak mining itself."""
    if verdict.class_id == "mining.contact":
        return "named or asked for a mining pool"
    return f"acted as {dialect(verdict.class_id)}" if verdict.class_id == "mining.aggregator" else (
        f"spoke {dialect(verdict.class_id)}"
    )  # fmt: skip


def _machines(verdicts: Sequence[Verdict]) -> str:
    """For how many machines one address stands, where that can be told."""
    least = max((_number(v.facts.get("miners_at_least")) for v in verdicts), default=0)
    return f" for at least {least} machines" if least > 1 else ""


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else 0


def _mining_verb(verdict: Verdict) -> str:
    if verdict.class_id == "mining.aggregator":
        return "is a proxy of machines that mine"
    if verdict.class_id == "mining.contact":
        return "was in touch with a pool of"
    return "serves miners of" if verdict.role == "target" else "mines"


def _transport(verdict: Verdict) -> str:
    if verdict.transport == "":  # what carried it is not known
        return ""
    return f" over {verdict.transport}" if verdict.transport != "plain" else " in plain text"


def _peers(verdicts: Sequence[Verdict]) -> str:
    places = sorted({(v.peer, v.port) for v in verdicts})
    shown = [f"{printable(peer) or 'many peers'}{f' port {port}' if port else ''}" for peer, port in places[:3]]
    more = len(places) - len(shown)
    return listed(shown) + (f" and {more} more" if more else "")


def _known(verdicts: Sequence[Verdict]) -> list[str]:
    """What the miner told of itself on the wire."""
    parts = []
    for key, name in (("agents", "program"), ("algorithm", "algorithm"), ("pool_names", "pool"), ("wallets", "wallet"),
                      ("workers", "worker")):  # fmt: skip
        if values := _all_facts(verdicts, key):
            parts.append(f"{name} {from_wire(values)}")
    return [f"It told on the wire: {'; '.join(parts)}."] if parts else []


def _all_facts(verdicts: Sequence[Verdict], key: str) -> list[str]:
    found: dict[str, None] = {}
    for verdict in verdicts:
        values = verdict.facts.get(key)
        for value in values if isinstance(values, list | tuple) else [values]:
            if value not in (None, ""):
                found[str(value)] = None
    return list(found)


_UNSEEN = {
    "dos.flood": "Source addresses of floods can be forged: they do not tell who sent them.",
    "dos.reflection": "The senders are servers that were asked in another's name; who asked them is not seen.",
}
"""What an attack's packets do not tell, by the beginning of its class."""


def _attack(verdicts: list[Verdict]) -> Finding:
    best = _strongest(verdicts)
    who, name = printable(best.subject), attack_name(best.class_id, best.facts.get("service", ""))
    since, until = min(v.since for v in verdicts), max(v.until for v in verdicts)
    seconds = max((until - since) / 1e9, 1.0)
    octets, packets = sum(v.octets for v in verdicts), sum(v.packets for v in verdicts)
    role = _ROLES.get(best.role, _ROLES["none"]).format(who=who)
    peers = counted(max(v.peers for v in verdicts), "peer")
    words = [
        f"{name[0].upper()}{name[1:]} from {instant(since)} to {instant(until)} ({duration(until - since)}): {role}. "
        f"{best.confidence.capitalize()}, {sure(best.posterior, best.basis)}.",
        f"It made up {counted(packets, 'packet')}, {volume(octets)} and "
        f"{counted(sum(v.flows for v in verdicts), 'flow')} with {peers}: {scaled(packets / seconds, 'packets/s')} and "
        f"{bit_rate(octets / seconds)} on average over that time{_service(best)}.",
        *evidence_words(best.evidence),
    ]
    if best.attack_techniques:
        words.append(f"MITRE ATT&CK: {', '.join(best.attack_techniques)}.")
    limits = [told for kind, told in _UNSEEN.items() if best.class_id.startswith(kind)]
    title = f"{name[0].upper()}{name[1:]} {_role_title(best)} {who}: {best.confidence}"
    return Finding(
        "attack", title, tuple(words), max((severity.of_attack(v) for v in verdicts), key=_ORDER.index), since, until,
        best.subject, None, tuple(_ranked(verdicts)), (), _figures(verdicts), (*limits, *_quality(verdicts)),
    )  # fmt: skip


def _recurring(episodes: Sequence[list[Verdict]]) -> Finding:
    """One finding for many episodes: the largest of them in full, the others in figures."""
    largest = max(episodes, key=lambda episode: sum(v.packets for v in episode))
    every = [verdict for episode in episodes for verdict in episode]
    one = _attack(largest)
    spans = [(min(v.since for v in e), max(v.until for v in e), sum(v.packets for v in e)) for e in episodes]
    since, until = min(a for a, _, _ in spans), max(b for _, b, _ in spans)
    together = sum(b - a for a, b, _ in spans)
    words = (
        f"{len(episodes)} episodes from {instant(since)} to {instant(until)}, {duration(together)} in all, with "
        f"{counted(sum(v.packets for v in every), 'packet')} and {volume(sum(v.octets for v in every))}.",
        f"The largest: {one.words[0]}",
        *one.words[1:],
    )
    told = [{"since": instant(a), "until": instant(b), "packets": p} for a, b, p in spans]
    return replace(
        one, title=f"{one.title} ({len(episodes)} episodes)", words=words, since=since, until=until,
        severity=max((severity.of_attack(v) for v in every), key=_ORDER.index), verdicts=tuple(_ranked(every)),
        figures={**_figures(every), "episodes": told},
    )  # fmt: skip


def _role_title(verdict: Verdict) -> str:
    return {"source": "from", "internal": "from", "target": "against", "reflector": "reflected by",
            "backscatter-victim": "answered by"}.get(verdict.role, "at")  # fmt: skip


def _service(verdict: Verdict) -> str:
    return f", port {verdict.port}" if verdict.port else ""


def evidence_words(evidence: Sequence[Evidence]) -> list[str]:
    """The weightiest grounds for, those against, and what could not be looked at, each one sentence.

    Of each group the strongest ground is told, as no other of it counts.
    """
    parts = []
    for stand, opening, most in (
        (Stand.FOR, "For it", 4),
        (Stand.AGAINST, "Against it", 3),
        (Stand.MISSING, "Not known here, so it counts neither way", 3),
    ):
        mine = sorted((e for e in evidence if e.stand is stand), key=lambda e: (-abs(e.weight), e.rule))
        first = list({e.group: e for e in reversed(mine)}.values()) if stand is not Stand.MISSING else mine
        first = sorted(first, key=mine.index)[:most]
        told = [words for e in first if (words := _ground(e))]
        if told:
            left = len(mine) - len(first)
            more = f"; {count(left)} more {'are' if left > 1 else 'is'} with the evidence" if left else ""
            parts.append(f"{opening}: {'; '.join(told)}{more}.")
    return parts


def _ground(evidence: Evidence) -> str:
    """What a ground says, with the first numbers that were measured for it."""
    says, _, measures = evidence.observed.partition(": ")
    numbers = [m for m in measures.split("; ") if any(c.isdigit() for c in m)]
    shown = f" ({', '.join(numbers[:_NUMBERS])})" if numbers and evidence.stand is not Stand.MISSING else ""
    return printable(f"{says}{shown}")


def _ranked(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return sorted(verdicts, key=lambda v: (-v.posterior, v.since, v.peer, v.port))


def _quality(verdicts: Sequence[Verdict]) -> list[str]:
    flags = sorted({flag for v in verdicts for flag in v.quality})
    return [f"Seen under: {', '.join(flags)}."] if flags else []


def _figures(verdicts: Sequence[Verdict]) -> dict[str, object]:
    best = _strongest(verdicts)
    facts = {key: _all_facts(verdicts, key) for key in sorted({key for v in verdicts for key in v.facts})}
    return {
        "class": best.class_id,
        "role": best.role,
        "posterior": best.posterior,
        "octets": sum(v.octets for v in verdicts),
        "packets": sum(v.packets for v in verdicts),
        "flows": sum(v.flows for v in verdicts),
        "peers": sorted({v.peer for v in verdicts if v.peer})[:100],
        "ports": sorted({v.port for v in verdicts if v.port})[:100],
        "facts": facts,
    }
