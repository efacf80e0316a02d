"""What a verdict tells of a conversation beyond its class: coin, agent, pool, wallet, worker, difficulty."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from netwatch.fingerprint.coins import coin_of
from netwatch.fingerprint.names import PoolNames, reads_like_a_pool

if TYPE_CHECKING:
    from netwatch.fingerprint.ledger import Noted
    from netwatch.fingerprint.options import FingerprintOptions

_MINERS = re.compile(
    r"(?i)\b(xmrig|xmr-stak|xmrigcc|cpuminer|ccminer|cgminer|bfgminer|sgminer|ethminer|ewbf|equihashminer|nheqminer"
    r"|claymore|phoenixminer|lolminer|t-rex|trex|teamredminer|nbminer|gminer|srbminer|bzminer|rigel|nanominer|wildrig"
    r"|miniz|onezerominer|kawpowminer|iceriverminer|bmminer|whatsminer|nicehash|minergate|jce|cryptodredge|antminer"
    r"|minerd|bosminer|cudaminer|grinprominer|xmr-node-proxy)"
)

OWN_THREADS = 31
"""Highest octet of the nonces of one miner with 128 threads."""


def is_miner(agent: str) -> bool:
    """Whether a program names itself as one that mines."""
    return bool(_MINERS.search(agent[:200]))


def masked(user: str) -> str:
    """A wallet or worker name so that two of them can be told apart but neither can be used: first 4 and last 4."""
    return user if len(user) <= 10 else f"{user[:4]}…{user[-4:]}"


def names_of(entry: Noted | None, answered: str | None, names: PoolNames) -> dict[str, float]:
    """Values of the ``names`` columns that can be told; nothing where no name was seen."""
    told: dict[str, float] = {}
    reached = [name for kind, name in entry.names if kind != "question"] if entry else []
    asked = [name for kind, name in entry.names if kind == "question"] if entry else []
    if answered:
        reached.append(answered)
    for prefix, hosts in (("", reached), ("asked", asked)):
        if not hosts:
            continue
        pools = [pool for pool in map(names.find, hosts) if pool is not None]
        confirmed = any(pool.level in ("confirmed", "multi") for pool in pools)
        told["asked_confirmed" if prefix else "confirmed"] = float(confirmed)
        told["asked" if prefix else "listed"] = float(bool(pools))
        if not prefix:
            told["pattern"] = float(any(map(reads_like_a_pool, hosts)))
    return told


def splits(ranges: set[int]) -> float:
    """Workers between whom a proxy splits the nonce, of those whose shares were seen; 0 where one miner could be all.

    A proxy gives each worker an octet of its own, the nonce's highest (XMRig's NiceHash mode). One miner counts up from
    0, or gives each thread a 2^22 of nonces (xmr-stak), so that its highest octets are few and low.
    """
    return float(len(ranges)) if len(ranges) >= 3 and max(ranges) > OWN_THREADS else 0.0


def facts_of(
    entry: Noted | None, options: FingerprintOptions, columns: dict[str, np.ndarray], row: int
) -> dict[str, object]:
    """JSON-ready facts; text that came from the wire is as it came, whoever prints it escapes it."""
    facts: dict[str, object] = {}
    for name in ("sizes.score", "timing.client_cv", "timing.pushed", "timing.synchrony", "context.clients"):
        if name in columns and not np.isnan(columns[name][row]):
            facts[name] = round(float(columns[name][row]), 3)
    facts |= _miners(columns, row)
    if entry is None:
        return facts
    show = str if options.show_wallets else masked
    coin, why = coin_of(entry)
    if coin:
        facts["coin"], facts["coin_by"] = coin, why
    if entry.agents:
        facts["agents"] = [agent for agent, _ in sorted(entry.agents.items(), key=lambda i: (-i[1], i[0]))[:8]]
    if entry.users:
        users = sorted({user.partition(".")[0] for user in entry.users})
        facts["wallets"] = [show(user) for user in users[:8]]
        workers = sorted({user.partition(".")[2] for user in entry.users if "." in user} - {""})
        if workers:
            facts["workers"] = [show(worker) for worker in workers[:16]]
    hosts = sorted({name for _, name in entry.names})
    if hosts:
        facts["pool_names"] = hosts[:8]
    for key in ("algorithm", "ja3", "ja4"):
        if key in entry.facts:
            facts[key] = entry.facts[key]
    if entry.targets:
        difficulties = [d for d in (difficulty(kind, value) for _, kind, value in entry.targets) if d]
        if difficulties:
            facts["difficulty_first"], facts["difficulty_last"] = difficulties[0], difficulties[-1]
            facts |= hash_rate(difficulties, columns, row)
    return facts


_MINERS_BY = (
    (("aggregate.shares", "aggregate.miners"), "shares uploaded, at one per miner in 5 s"),
    (("aggregate.splits",), "octets of the nonce that a proxy gives to one worker each, seen in shares"),
    (("aggregate.accounts",), "accounts or workers that logged in"),
    (("aggregate.sessions",), "sessions open at once on average; one miner holds one"),
)


def _miners(columns: dict[str, np.ndarray], row: int) -> dict[str, object]:
    """The least number of miners behind the address and what tells it: the largest of the bounds that can be had."""
    least, by = 1, ""
    for names, why in _MINERS_BY:
        told = [columns[name][row] for name in names if name in columns and not np.isnan(columns[name][row])]
        if told and int(told[0]) > least:
            least, by = int(told[0]), why
    if not by:
        return {}
    return {"miners_at_least": least, "miners_by": f"{by}; several miners share this address"}


def hash_rate(difficulties: list[float], columns: dict[str, np.ndarray], row: int) -> dict[str, object]:
    """Hashes per second from shares and the difficulty in force, with a range; nothing where shares cannot be counted.

    Shares are the client's messages of its commonest size, when that is a CryptoNote share's. The difficulty is seen
    once per flow record, so the range spans those seen and the 95 % interval of a Poisson count.
    """
    if "sizes.cryptonote" not in columns or columns["sizes.cryptonote"][row] != 1:
        return {}
    shares, seconds = float(columns["sizes.client_count"][row]), float(columns["shape.seconds"][row])
    if shares < 10 or not seconds > 0:
        return {}
    mean = sum(difficulties) / len(difficulties)
    error = 1.96 * shares**0.5
    return {
        "shares": int(shares),
        "hash_rate": shares * mean / seconds,
        "hash_rate_low": (shares - error) * min(difficulties) / seconds,
        "hash_rate_high": (shares + error) * max(difficulties) / seconds,
        "hash_rate_by": f"{int(shares)} shares in {seconds:.0f} s, difficulty seen {len(difficulties)} times",
    }


def difficulty(kind: str, value: str) -> float | None:
    """Hashes that one share takes on average, from the field in which a pool sets it; None when it says nothing.

    CryptoNote ``target``: 4 or 8 octets, least first; 32-octet boundaries: 2^256 / (boundary + 1); Stratum v1
    ``difficulty``: times 2^32, as Bitcoin's pools count.
    """
    if kind in ("difficulty", "difficulty_first"):
        try:
            number = float(value)
        except ValueError:
            return None
        return number * 2.0**32 if 0 < number < 1e30 else None
    octets = bytes.fromhex(value)
    if len(octets) == 32:
        return 2.0**256 / (int.from_bytes(octets, "big") + 1)
    whole = int.from_bytes(octets, "little")
    return (256 ** len(octets) - 1) / whole if whole else None
