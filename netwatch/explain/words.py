"""The sentences' parts: amounts of each counter, intervals, lists, classes by their common names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from netwatch.model.application import APPLICATIONS
from netwatch.model.change import Change
from netwatch.model.finding import Composition, Share
from netwatch.model.series import Entity
from netwatch.model.taxonomy import family
from netwatch.model.text import bit_rate, count, day, digits, duration, instant, printable, scaled

FAMILY_WORDS = {"ordinary": "ordinary use", "attack": "attacks", "mining": "mining", "chain": "blockchain nodes",
                 "unknown": "unknown"}  # fmt: skip
_DIALECTS = {
    "mining.stratum.v1": "Stratum v1", "mining.stratum.cryptonote": "CryptoNote Stratum",
    "mining.stratum.ethproxy": "eth-proxy Stratum", "mining.stratum.ethereum": "EthereumStratum",
    "mining.stratum.equihash": "Equihash Stratum", "mining.stratum.v2": "Stratum v2", "mining.getwork": "getwork",
    "mining.encrypted": "an encrypted mining protocol", "mining.suspected": "a protocol that behaves like mining",
    "mining.aggregator": "a mining proxy", "mining.contact": "contact with a mining pool",
}  # fmt: skip
_COINS = {
    "XMR": "Monero", "BTC": "Bitcoin", "ETH": "Ethereum", "ETC": "Ethereum Classic", "ZEC": "Zcash", "LTC": "Litecoin",
    "RVN": "Ravencoin", "KAS": "Kaspa", "ERG": "Ergo", "BCH": "Bitcoin Cash", "DOGE": "Dogecoin", "DASH": "Dash",
    "WOW": "Wownero", "ARQ": "ArQmA",
}  # fmt: skip
_ATTACKS = {
    "dos.carpet": "carpet bombing",
    "dos.slow": "slow HTTP attack",
    "dos.backscatter": "backscatter of a flood",
    "scan.icmp": "ICMP sweep",
    "scan.udp": "UDP scan",
    "c2.beacon": "beaconing",
    "c2.longconn": "long connection",
    "c2.dns_tunnel": "DNS tunnel",
    "c2.dga": "search for generated names",
    "c2.irc": "IRC control",
    "c2.tor": "Tor",
    "exfil.volume": "exfiltration",
    "exfil.dns": "exfiltration by DNS",
    "exfil.icmp": "exfiltration by ICMP",
    "worm.spread": "worm spread",
}
_KINDS = {"flood": "flood", "reflection": "reflection flood", "scan": "scan", "bruteforce": "password guessing"}


_ORDINARY = {
    "vpn": "VPN", "dns": "DNS", "ntp": "NTP", "p2p": "peer-to-peer", "voip": "telephony", "ics": "plant control",
    "push": "messages", "game": "games", "update": "updates", "other": "other services",
}  # fmt: skip
_AS_THEY_ARE = ("host", "peer", "prefix", "application", "causes", "episode")
_SHORT = 60 * 86_400 * 10**9
"""Windows from this length on, ns, are told by dates."""
MOST = 100.0
"""A ratio above it compares with next to nothing, and its digits say nothing."""


class Names(NamedTuple):
    """How things are called: ``holder`` of an AS number, an empty text where none is known."""

    holder: Callable[[int], str] = lambda _number: ""

    def entity(self, entity: Entity) -> str:
        """An entity as it is read in a sentence."""
        if entity.kind == "scope":
            return "the watched networks"
        if entity.kind == "family":
            return f"{FAMILY_WORDS.get(entity.value, entity.value)}"
        if entity.kind == "class":
            return f"{class_words(entity.value)} ({entity.value})"
        if entity.kind in ("asn", "upstream"):
            return ("upstream " if entity.kind == "upstream" else "") + self.network(entity.value)
        if entity.kind == "port":
            return service(entity.value)
        return {"watch": f"group {entity.value.removeprefix('group ')}", "direction": f"{entity.value} traffic"}.get(
            entity.kind, f"{entity.kind} {entity.value}"
        )

    def value(self, dimension: str, value: str) -> str:
        """A cell's value as it is read in a sentence."""
        if dimension == "family":
            return FAMILY_WORDS.get(value, value)
        if dimension == "class":
            return class_words(value)
        if dimension in ("asn", "own_asn"):
            return self.network(value)
        if dimension == "upstream":
            return f"unknown {dimension}" if value == "unknown" else f"upstream {self.network(value)}"
        if dimension == "port":
            return service(value)
        return (
            value
            if dimension in ("host", "peer", "prefix", "application", "causes", "episode")
            else f"{dimension} {value}"
        )

    def network(self, asn: str) -> str:
        """``AS4808 (China Unicom Beijing)``."""
        number = asn.removeprefix("AS")
        name = printable(self.holder(int(number)), 40) if number.isdigit() else ""
        return f"{asn} ({name})" if name else asn


def service(port: str) -> str:
    """``tcp/443 (tls)``; what no protocol is known of stays as it is."""
    protocol, _, number = port.partition("/")
    if number.isdigit() and protocol in ("tcp", "udp"):
        for application in APPLICATIONS:
            if int(number) in (application.tcp if protocol == "tcp" else application.udp):
                return f"{port} ({application.name})"
    return port


def class_words(class_id: str) -> str:
    """A class of the taxonomy by its common name: ``VPN traffic``, ``SYN flood``, ``CryptoNote Stratum``."""
    of = family(class_id)
    if of == "ordinary":
        name = class_id.partition(".")[2]
        return f"{_ORDINARY.get(name, name)} traffic"
    if of == "chain":
        return f"{class_id.partition('.')[2].capitalize()} nodes"
    return {"mining": dialect, "attack": attack_name}.get(of, str)(class_id)


def amount(value: float, counter: str) -> str:
    """A rate of a counter with its unit; peers are counted per day."""
    if counter == "octets":
        return bit_rate(value)
    if counter == "peers":
        return f"{scaled(value, '').strip()} peers a day"
    if 0 < abs(value) < 0.1:
        many, span = (value * 3_600, "an hour") if abs(value) * 3_600 >= 1 else (value * 86_400, "a day")
        return f"{scaled(many, '').strip()} {counter} {span}"
    return scaled(value, f"{counter}/s")


def when(instant_ns: int, window: int) -> str:
    """A time as exactly as a window of that many ns deserves: the date for months, the second for an hour."""
    return day(instant_ns) if window >= _SHORT else instant(instant_ns)


def spans(since: int, until: int) -> str:
    """A span in few words: one date is said once."""
    if until - since >= _SHORT:
        return f"{day(since)} to {day(until)}"
    first, last = instant(since), instant(until)
    return f"{first[:10]} {_clock(first, last)} ({duration(until - since)})" if first[:10] == last[:10] else (
        f"{first[:10]} {first[11:16]} to {last[:10]} {last[11:16]} UTC ({duration(until - since)})"
    )  # fmt: skip


def _clock(first: str, last: str) -> str:
    width = slice(11, 16) if first[17:19] == last[17:19] == "00" else slice(11, 19)
    return f"{first[width]} to {last[width]} UTC"


def counted(number: float, noun: str) -> str:
    """``1 peer``, ``2 peers``."""
    return f"{count(number)} {noun}{'' if round(number) == 1 else 's'}"


def coin_name(ticker: str) -> str:
    """``Monero (XMR)``; what is not known stays as it is."""
    return f"{_COINS[ticker]} ({ticker})" if ticker in _COINS else ticker


def times(ratio: float) -> str:
    """A ratio with at most three significant digits; against next to nothing only that it is large."""
    if math.isnan(ratio):
        return "an unknown ratio"
    if ratio > MOST:
        return f"more than {MOST:.0f}×"
    return f"less than {1 / MOST:g}×" if 0 < ratio < 1 / MOST else f"{digits(ratio)}×" if ratio else "0×"


def appeared(change: Change) -> bool:
    """Whether there was next to nothing before."""
    return change.ratio > MOST or (change.before <= 0 < change.after)


def between(low: float, high: float, unit: str = "") -> str:
    """A 95 % interval in brackets, or that there is none."""
    if math.isnan(low) or math.isnan(high):
        return "(interval not known: too little data)"
    return f"(95 % interval {digits(low)} to {digits(high)}{unit})"


def percent(share: float) -> str:
    """A share as a percentage with sense: two digits, three near the whole, and what is very little as that."""
    if math.isnan(share):
        return "unknown"
    if 0 < abs(share) < 1e-4:
        return "less than 0.01 %" if share > 0 else "0.0 %"
    if abs(share) >= 0.0995:
        return f"{share * 100:.{int(0.945 <= abs(share) < 0.9995)}f} %"
    return f"{share * 100:#.2g} %" if share else "0.0 %"


def share_words(share: Share, names: Names) -> str:
    """``ordinary use 61 % (52 to 70 %)``."""
    name = ", ".join(names.value(dimension, value) for dimension, value in share.cell.items())
    return f"{name} {percent(share.share)}{interval_words(share)}"


def interval_words(share: Share) -> str:
    """`` (52 to 70 %)`` of a share; an empty text where it is not known or no wider than the share's digits."""
    if math.isnan(share.low) or math.isnan(share.high) or percent(share.low) == percent(share.high):
        return ""
    return f" ({percent(share.low).removesuffix(' %')} to {percent(share.high)})"


def carried_by(composition: Composition, names: Names, most: int = 3) -> str:
    """The first cells of a composition with their shares, or an empty text."""
    told = [share_words(s, names) for s in composition.shares[:most] if not math.isnan(s.share)]
    return listed(told)


def listed(parts: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else ""


BASES = {
    "payload": "by its payload", "behaviour": "by its behaviour", "knowledge": "by the names and ports it used",
    "mixed": "by payload and other grounds",
}  # fmt: skip
"""What a verdict rests on, after its probability."""


def sure(posterior: float, basis: str) -> str:
    """``probability 0.978 by its behaviour``; never rounded to certainty."""
    number = "above 0.999" if posterior > 0.9995 else f"{posterior:.3f}"
    return f"probability {number} {BASES.get(basis, f'by {basis}')}"


def dialect(class_id: str) -> str:
    """The common name of a mining class."""
    return _DIALECTS.get(class_id, class_id)


def attack_name(class_id: str, service: object = "") -> str:
    """The common name of an attack's class: ``SYN flood``, ``DNS reflection flood``, ``vertical scan``.

    ``service`` says by what, where the class has no name for it: ``IKE reflection flood``.
    """
    parts = class_id.split(".")
    if parts[0] == "dos" and len(parts) == 3:
        name = parts[2].upper() if len(parts[2]) <= 5 else parts[2]
        return " ".join(filter(None, (from_wire(service) if parts[2] == "other" else name, _KINDS[parts[1]])))
    if parts[0] in _KINDS and len(parts) == 2 and class_id not in _ATTACKS:
        name = parts[1].upper() if parts[0] == "bruteforce" and len(parts[1]) <= 4 else parts[1]
        return f"{name} {_KINDS[parts[0]]}"
    return _ATTACKS.get(class_id, class_id.replace(".", " ").replace("_", " "))


def from_wire(values: object, most: int = 3) -> str:
    """Text that came from the wire, made harmless: one value or the first of several."""
    several = values if isinstance(values, list | tuple) else [values]
    shown = [printable(str(v), 80) for v in several[:most] if v not in (None, "")]
    more = f" and {len(several) - most} more" if len(several) > most else ""
    return ", ".join(shown) + more
