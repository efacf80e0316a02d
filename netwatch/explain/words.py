"""The sentences' parts: amounts of each counter, intervals, lists, classes by their common names."""

from __future__ import annotations

import math
from collections.abc import Sequence

from netwatch.model.finding import Composition, Share
from netwatch.model.series import Entity
from netwatch.model.text import bit_rate, count, percent, printable, scaled

_FAMILY_WORDS = {"ordinary": "ordinary use", "attack": "attacks", "mining": "mining", "chain": "blockchain nodes",
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
_KINDS = {"flood": "flood", "reflection": "reflection flood", "scan": "scan", "bruteforce": "password guessing"}


def amount(value: float, counter: str) -> str:
    """A rate of a counter with its unit; peers are counted per day."""
    if counter == "octets":
        return bit_rate(value)
    if counter == "flows" and 0 < abs(value) < 0.1:
        return f"{scaled(value * 86_400, '').strip()} flows a day"
    unit = {"packets": "packets/s", "flows": "flows/s"}.get(counter)
    return f"{scaled(value, unit)}" if unit else f"{scaled(value, '').strip()} peers a day"


def whose(entity: Entity) -> str:
    """An entity as it is read in a sentence."""
    return "the watched networks" if entity.kind == "scope" else str(entity)


def counted(number: float, noun: str) -> str:
    """``1 peer``, ``2 peers``."""
    return f"{count(number)} {noun}{'' if round(number) == 1 else 's'}"


def coin_name(ticker: str) -> str:
    """``Monero (XMR)``; what is not known stays as it is."""
    return f"{_COINS[ticker]} ({ticker})" if ticker in _COINS else ticker


def times(ratio: float) -> str:
    """A ratio with three significant digits."""
    if math.isnan(ratio):
        return "an unknown ratio"
    return f"{ratio:.3g}×" if ratio < 1000 else f"{ratio:,.0f}×"


def between(low: float, high: float, unit: str = "") -> str:
    """A 95 % interval in brackets, or that there is none."""
    if math.isnan(low) or math.isnan(high):
        return "(interval not known: too little data)"
    return f"(95 % interval {low:.3g} to {high:.3g}{unit})"


def share_words(share: Share) -> str:
    """``ordinary use 61 % (52 to 70 %)``."""
    name = ", ".join(named(dimension, value) for dimension, value in share.cell.items())
    if math.isnan(share.low) or math.isnan(share.high):
        return f"{name} {percent(share.share)}"
    return f"{name} {percent(share.share)} ({percent(share.low)} to {percent(share.high)})"


def named(dimension: str, value: str) -> str:
    """A cell's value as it is read in a sentence."""
    if dimension == "family":
        return _FAMILY_WORDS.get(value, value)
    return value if dimension in ("class", "port", "host", "peer", "prefix", "asn") else f"{dimension} {value}"


def carried_by(composition: Composition, most: int = 3) -> str:
    """The first cells of a composition with their shares, or an empty text."""
    told = [share_words(s) for s in composition.shares[:most] if not math.isnan(s.share)]
    return listed(told)


def listed(parts: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else ""


def dialect(class_id: str) -> str:
    """The common name of a mining class."""
    return _DIALECTS.get(class_id, class_id)


def attack_name(class_id: str) -> str:
    """The common name of an attack's class: ``SYN flood``, ``DNS reflection flood``, ``vertical scan``."""
    parts = class_id.split(".")
    if parts[0] == "dos" and len(parts) == 3:
        return f"{parts[2].upper() if len(parts[2]) <= 5 else parts[2]} {_KINDS[parts[1]]}"
    if parts[0] in _KINDS and len(parts) == 2:
        name = parts[1].upper() if parts[0] == "bruteforce" and len(parts[1]) <= 4 else parts[1]
        return f"{name} {_KINDS[parts[0]]}"
    return {
        "dos.carpet": "carpet bombing",
        "dos.slow": "slow HTTP attack",
        "dos.backscatter": "backscatter of a flood",
    }.get(class_id, class_id.replace(".", " ").replace("_", " "))


def from_wire(values: object, most: int = 3) -> str:
    """Text that came from the wire, made harmless: one value or the first of several."""
    several = values if isinstance(values, list | tuple) else [values]
    shown = [printable(str(v), 80) for v in several[:most] if v not in (None, "")]
    more = f" and {len(several) - most} more" if len(several) > most else ""
    return ", ".join(shown) + more
