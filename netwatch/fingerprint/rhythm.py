"""Message sizes and timing of long flows: what encryption leaves visible.

Scores after the "size atoms" measured on CJ-Sniffer and the nDPI corpus (docs/fingerprints.md): a miner's messages come
in two or three sizes, shares arrive without memory, and the pool speaks unasked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

from netwatch.fingerprint import exact_sizes
from netwatch.fingerprint.exact_sizes import LEAST_MESSAGES, total
from netwatch.fingerprint.keys import KEY, Keyed
from netwatch.model.application import CODE
from netwatch.model.exchange import PUSHES, SIZES
from netwatch.model.flows import Flows

NEAR = 3
"""Octets by which sizes of one kind of message differ (share numbers and job names grow by digits)."""
_TLS = [CODE["tls"], CODE["dtls"]]
_PLAIN = [
    CODE[name]
    for name in (
        "http", "ssh", "smb", "smtp", "imap", "pop3", "sip", "rtsp", "rdp", "vnc", "mqtt", "xmpp", "dnp3", "redis",
        "irc", "rsync", "bittorrent", "stun", "dns", "bitcoin", "levin", "electrum",
    )
]  # fmt: skip
"""Applications that payload shows to be something else than mining."""

UNNAMED, NAMED = 1, 2
UDP = 17
WIDTH, LEAST_PUSHES, BY_CHANCE = 2 * 10**9, 8, 0.001
"""Nanoseconds within which pushes fall together; pushes of either; how likely the best of all pairs may be chance."""
AGAIN, ABOVE = 300 * 10**9, 1.5
"""Nanoseconds by which one of two trains is moved to see whether they fall together as well then; and by how much more
they must do so where they are."""
TUNNELLED = 40
"""Octets that the least message of interest has over an acknowledgement inside a tunnel."""

RECORD = np.dtype(
    [
        ("key", f"V{KEY}"),
        ("application", "u2"),
        ("named", "u1"),
        ("swapped", "?"),
        ("since", "i8"),
        ("until", "i8"),
        ("first", "u2", 2),
        ("messages", "u4", 2),
        ("large", "u4", 2),
        ("size", "u2", (2, SIZES)),
        ("size_count", "u4", (2, SIZES)),
        ("interval_sum", "f8", 2),
        ("interval_squares", "f8", 2),
        ("interval_count", "u4", 2),
        ("answered", "u4"),
        ("unsolicited", "u4"),
        ("push_time", "i8", PUSHES),
    ]
)
"""One flow record's exchange, index 0 of a pair the client."""


class Rhythms:
    """Exchanges of the flows that last and talk, at most ``limit`` of them: the longest-lived stay."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.left_out = 0
        self._parts: list[np.ndarray] = []
        self._count = 0

    def add(self, flows: Flows, keyed: Keyed, told: np.ndarray, named: np.ndarray) -> None:
        """Keep the exchanges with some messages in either direction and half a minute of life.

        ``told`` uint16 (n,): application codes by payload, 0 where it told none; ``named`` uint8 (n,): NAMED where a
        ClientHello named the server, UNNAMED where it did not, 0 where none was seen.
        """
        exchange = flows.exchange
        if exchange is None or not len(exchange):
            return
        flow = np.flatnonzero(exchange.row >= 0)
        at = exchange.row[flow]
        lived = flows["flow_end_nanoseconds"][flow] - flows["flow_start_nanoseconds"][flow] >= 30 * 10**9
        talks = exchange.messages[at].sum(axis=1) >= 2
        flow, at = flow[lived & talks], at[lived & talks]
        part = np.zeros(len(flow), RECORD)
        part["key"], part["swapped"] = keyed.keys[flow], keyed.swapped[flow]
        part["application"], part["named"] = told[flow], named[flow]
        part["since"], part["until"] = flows["flow_start_nanoseconds"][flow], flows["flow_end_nanoseconds"][flow]
        for name, column in (
            ("first", exchange.first), ("messages", exchange.messages), ("large", exchange.large_messages),
            ("size", exchange.size), ("size_count", exchange.size_count), ("interval_sum", exchange.interval_sum),
            ("interval_squares", exchange.interval_squares), ("interval_count", exchange.interval_count),
        ):  # fmt: skip
            chosen = column[at]
            turned = chosen[:, ::-1]
            shape = (-1,) + (1,) * (chosen.ndim - 1)
            part[name] = np.where(part["swapped"].reshape(shape), turned, chosen)
        for name, column in (
            ("answered", exchange.answered), ("unsolicited", exchange.unsolicited), ("push_time", exchange.push_time),
        ):  # fmt: skip
            part[name] = column[at]
        _leave_out_acknowledgements(part, keyed.keys[flow])
        self._parts.append(part)
        self._count += len(part)
        if self._count > 2 * self.limit:
            self._shrink()

    def records(self) -> np.ndarray:
        """RECORD (k,), in the order in which they came."""
        if self._count > self.limit:
            self._shrink()
        return np.concatenate(self._parts) if self._parts else np.zeros(0, RECORD)

    def _shrink(self) -> None:
        joined = np.concatenate(self._parts)
        kept = np.sort(np.argsort(joined["since"] - joined["until"], kind="stable")[: self.limit])
        self.left_out += len(joined) - len(kept)
        self._parts, self._count = [joined[kept]], len(kept)


def _leave_out_acknowledgements(part: np.ndarray, keys: np.ndarray) -> None:
    """Inside a tunnel over UDP acknowledgements are datagrams too: the smallest size that makes a twentieth of a
    direction's messages, and what is not 40 octets larger, is left out of sizes and messages.
    """
    datagrams = keys.view(np.uint8).reshape(-1, KEY)[:, -1] == UDP
    count, size = part["size_count"], part["size"]
    often = (count > 0) & (count >= 0.05 * part["messages"][:, :, None])
    least = np.where(often, size, 0xFFFF).min(axis=2).astype(np.int64)
    small = (size <= least[:, :, None] + TUNNELLED) & datagrams[:, None, None]
    part["messages"] -= np.where(small, count, 0).sum(axis=2).astype(np.uint32)
    count[small] = 0
    order = np.argsort(-count.astype(np.int64), axis=2, kind="stable")
    part["size_count"], part["size"] = np.take_along_axis(count, order, 2), np.take_along_axis(size, order, 2)


class Atoms(NamedTuple):
    """Commonest sizes of one direction of each entity: shares (n,) of the top 2 and 3 clusters, octets and count of the
    commonest.
    """

    top2: np.ndarray
    top3: np.ndarray
    mode: np.ndarray
    commonest: np.ndarray


def features(records: np.ndarray, entity: np.ndarray, n: int) -> dict[str, np.ndarray]:
    """Columns ``sizes.*`` and ``timing.*`` of ``n`` entities; ``entity`` int64 (k,) says whose each record is.

    NaN where too few messages were seen to tell.
    """
    messages = np.stack([total(entity, records["messages"][:, side], n) for side in (0, 1)], axis=1)
    large = total(entity, records["large"].sum(axis=1), n)
    since = np.full(n, np.iinfo(np.int64).max)
    until = np.zeros(n, np.int64)
    np.minimum.at(since, entity, records["since"])
    np.maximum.at(until, entity, records["until"])
    seconds = np.maximum((until - since) / 1e9, 0.0)
    client, server = (_atoms(records, entity, n, side, messages[:, side]) for side in (0, 1))
    both = messages.sum(axis=1)
    enough = (messages >= LEAST_MESSAGES).all(axis=1)
    speaks = messages >= LEAST_MESSAGES
    straight = ~np.isin(np.arange(n), entity[records["swapped"]])
    answered = _share(total(entity, records["answered"], n), messages[:, 0], speaks[:, 0] & straight)
    pushed = _share(total(entity, records["unsolicited"], n), messages[:, 1], speaks[:, 1] & straight)
    per_minute = _share(both * 60.0, seconds, seconds > 0)
    codes = [np.bincount(entity, np.isin(records["application"], group).astype(float), n) for group in (_TLS, _PLAIN)]
    heard = np.isin(np.arange(n), entity)
    named, unnamed = (np.bincount(entity, records["named"] == how, n) for how in (NAMED, UNNAMED))
    shares = partial(exact_sizes.answered_shares, records, entity, n)
    columns = {
        "payload.tls": np.where(heard, codes[0], np.nan),
        "payload.other": np.where(heard, codes[1], np.nan),
        "handshake.named": np.where(named + unnamed > 0, (named > 0).astype(np.float64), np.nan),
        "sizes.client_messages": np.where(heard, messages[:, 0], np.nan),
        "sizes.client_count": np.where(speaks[:, 0], client.commonest, np.nan),
        "sizes.client_top2": np.where(speaks[:, 0], client.top2, np.nan),
        "sizes.server_top3": np.where(speaks[:, 1], server.top3, np.nan),
        "sizes.client_mode": np.where(speaks[:, 0], client.mode, np.nan),
        "sizes.server_mode": np.where(speaks[:, 1], server.mode, np.nan),
        "sizes.cryptonote": np.where(enough, shares(exact_sizes.share_and_acceptance), np.nan),
        "sizes.stratum1": np.where(enough, shares(exact_sizes.share_of_stratum1), np.nan),
        "sizes.equihash": np.where(enough, exact_sizes.solutions(records, entity, n), np.nan),
        "sizes.noise": np.where(heard, exact_sizes.noise(records, entity, n), np.nan),
        "sizes.server_count": np.where(speaks[:, 1], server.commonest, np.nan),
        "sizes.shifted": np.where(enough, exact_sizes.shifted(records, entity, n), np.nan),
        "sizes.known": np.asarray(speaks.any(axis=1), np.float64),
        "sizes.ethproxy": np.where(heard, exact_sizes.ethproxy(records, entity, n, messages[:, 1]) * enough, np.nan),
        "sizes.stratum2": np.where(enough, exact_sizes.stratum2(records, entity, n, both), np.nan),
        "timing.client_cv": _spread(records, entity, n, 0),
        "timing.server_cv": _spread(records, entity, n, 1),
        "timing.answered": answered,
        "timing.pushed": pushed,
        "timing.messages_per_minute": per_minute,
    }
    big = _share(large, both, both > 0)
    score = atom_score(columns, big, seconds)
    columns["sizes.score"] = np.where(enough & (seconds >= 120), score, np.nan)
    return columns


def atom_score(columns: Mapping[str, np.ndarray], large: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Points of 11 for how few sizes the messages have, and how they are asked for, by the columns ``sizes.*`` and
    ``timing.*``; ``large`` is the share of messages beyond 1,000 octets. What is not known gives no point.
    """
    client, server = columns["sizes.client_mode"], columns["sizes.server_mode"]
    per_minute, pushed = columns["timing.messages_per_minute"], columns["timing.pushed"]
    score = 2.0 * (columns["sizes.client_top2"] >= 0.95) + 2.0 * (columns["sizes.server_top3"] >= 0.9)
    score += ((per_minute >= 1) & (per_minute <= 120)).astype(float) + (large < 0.02) + (seconds > 600)
    score += (columns["timing.answered"] > 0.8).astype(float) + ((pushed >= 0.03) & (pushed <= 0.95))
    score += ((client >= 100) & (client <= 400)).astype(float) + ((server >= 40) & (server <= 400))
    return score


def _share(part: np.ndarray, whole: np.ndarray, valid: np.ndarray) -> np.ndarray:
    share: np.ndarray = np.full(len(whole), np.nan)
    np.divide(part, whole, out=share, where=valid & (whole > 0))
    return share


def _spread(records: np.ndarray, entity: np.ndarray, n: int, side: int) -> np.ndarray:
    """Coefficient of variation of the intervals between messages; NaN below eight intervals."""
    count = total(entity, records["interval_count"][:, side], n)
    mean = _share(total(entity, records["interval_sum"][:, side], n), count, count >= 8)
    square = _share(total(entity, records["interval_squares"][:, side], n), count, count >= 8)
    spread: np.ndarray = np.full(n, np.nan)
    np.divide(np.sqrt(np.maximum(square - mean * mean, 0.0)), mean, out=spread, where=mean > 0)
    return spread


def _atoms(records: np.ndarray, entity: np.ndarray, n: int, side: int, messages: np.ndarray) -> Atoms:
    owner = np.repeat(entity, SIZES)
    size, count = records["size"][:, side].ravel().astype(np.int64), records["size_count"][:, side].ravel()
    used = count > 0
    owner, size, count = owner[used], size[used], count[used].astype(np.float64)
    order = np.lexsort((size, owner))
    owner, size, count = owner[order], size[order], count[order]
    new = np.ones(len(owner), bool)
    new[1:] = (owner[1:] != owner[:-1]) | (size[1:] - size[:-1] > NEAR)
    cluster = np.cumsum(new) - 1
    held = np.bincount(cluster, count) if len(cluster) else np.zeros(0)
    whose, smallest = owner[new], size[new]
    ranked = np.lexsort((smallest, -held, whose))
    whose, held, smallest = whose[ranked], held[ranked], smallest[ranked]
    first = np.searchsorted(whose, np.arange(n))
    rank = np.arange(len(whose)) - first[whose]
    top2 = np.bincount(whose[rank < 2], held[rank < 2], n)
    top3 = np.bincount(whose[rank < 3], held[rank < 3], n)
    mode = np.full(n, np.nan)
    mode[whose[rank == 0]] = smallest[rank == 0]
    whole = np.maximum(messages, 1)
    commonest = np.bincount(whose[rank == 0], held[rank == 0], n)
    return Atoms(np.minimum(top2 / whole, 1.0), np.minimum(top3 / whole, 1.0), mode, commonest)


def synchrony(records: np.ndarray, entity: np.ndarray, n: int, chosen: np.ndarray) -> np.ndarray:
    """Largest share of an entity's pushes that fall within 2 s of those of one other of the ``chosen`` entities.

    float64 (n,); NaN where there are fewer than 8 pushes, or chance alone would give a quarter; 0 where chance gives as
    much to the best of so many pairs one time in a thousand, or the trains fall together nearly as well when one of
    them is moved: two clocks of one period, in step from wherever they are read.
    """
    trains: dict[int, np.ndarray] = {}
    for who in np.flatnonzero(chosen)[:512]:
        times = records["push_time"][entity == who].ravel()
        times = np.unique(times[times > 0])
        if len(times) >= LEAST_PUSHES:
            trains[int(who)] = times
    out = np.full(n, np.nan)
    for who, mine in trains.items():
        for other, theirs in trains.items():
            share = np.nan if who == other else _coincidence(mine, theirs, BY_CHANCE / len(trains))
            out[who] = np.fmax(out[who], share)
    return out


def _coincidence(mine: np.ndarray, theirs: np.ndarray, chance: float) -> float:
    since, until = max(mine[0], theirs[0]), min(mine[-1], theirs[-1])
    within = mine[(mine >= since) & (mine <= until)]
    against = theirs[(theirs >= since) & (theirs <= until)]
    if len(within) < LEAST_PUSHES or len(against) < LEAST_PUSHES:
        return float("nan")
    covered = float(np.minimum(np.diff(against), 2 * WIDTH).sum()) / float(until - since)
    if covered > 1 / 4:
        return float("nan")
    at = np.searchsorted(against, within)
    before = within - against[np.maximum(at - 1, 0)]
    after = against[np.minimum(at, len(against) - 1)] - within
    near: np.ndarray = (np.abs(before) <= WIDTH) | (np.abs(after) <= WIDTH)
    # Pushes in one burst fall together or not at all: they are one.
    apart = np.r_[True, np.diff(within) > WIDTH]
    share = float(near.mean())
    unlikely = _at_least(int(near[apart].sum()), int(apart.sum()), covered) <= chance
    return share if unlikely and _only_here(mine, theirs) else 0.0


def _only_here(mine: np.ndarray, theirs: np.ndarray) -> bool:
    """Whether pushes fall together more often than after any move of one of the trains."""
    apart = (theirs[None, :] - mine[:, None]).ravel()
    apart = apart[np.abs(apart) <= AGAIN]
    widths = np.abs(np.rint(apart / (2 * WIDTH))).astype(np.int64) * np.sign(apart).astype(np.int64)
    at, pairs = np.unique(widths, return_counts=True)
    elsewhere = pairs[np.abs(at) > 1].max(initial=0)
    return bool(pairs[at == 0].sum() >= ABOVE * elsewhere)


def _at_least(hits: int, tries: int, chance: float) -> float:
    """Probability of so many hits and more of so many tries (the binomial distribution)."""
    if hits <= tries * chance:
        return 1.0
    log, other = math.log(max(chance, 1e-12)), math.log1p(-chance)
    whole = math.lgamma(tries + 1)
    return sum(
        math.exp(whole - math.lgamma(k + 1) - math.lgamma(tries - k + 1) + k * log + (tries - k) * other)
        for k in range(hits, tries + 1)
    )
