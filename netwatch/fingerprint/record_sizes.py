"""Sizes and timing of messages from Flow Records, for conversations of which no packet was seen.

What ``rebuilt`` finds fills the columns that packets would have filled, so that the same grounds weigh it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from netwatch.fingerprint import exact_sizes
from netwatch.fingerprint.rebuilt import LEAST, MOST, WHOLE, Rebuilt, Rows, rebuild
from netwatch.fingerprint.rhythm import atom_score

CANDIDATES = 1000
"""Conversations whose records are looked at: those with the most records."""
LEAST_SECONDS = 240
"""Time from the first to the last of their records, at least."""
_FILLED = (
    "sizes.known", "sizes.rebuilt", "sizes.client_mode", "sizes.server_mode", "sizes.client_top2", "sizes.server_top3",
    "sizes.client_messages", "sizes.client_count", "sizes.server_count", "sizes.cryptonote",
    "sizes.stratum1", "sizes.stratum2", "sizes.equihash", "sizes.score", "timing.client_cv", "timing.server_cv",
    "timing.answered", "timing.pushed", "timing.messages_per_minute",
)  # fmt: skip
MANY = 8
"""Records with data of the client, from which on it tells something that no size makes them come out."""
_LOGIN = 1
"""The server's answer to the login, in the record that is left out."""


def candidates(columns: Mapping[str, np.ndarray], unseen: np.ndarray) -> np.ndarray:
    """Rows of conversations that are long and thin enough to be a pool's, with enough records of which no packet was
    seen (``unseen`` (n,)): where one was, what it showed of messages is better than what records leave to guess.
    """
    thin = (columns["shape.client_packet_octets"] <= 1100) & (columns["shape.server_packet_octets"] <= 1000)
    long = (columns["shape.seconds"] >= LEAST_SECONDS) & (columns["quality.least_packets"] >= 8)
    told = (columns["quality.sampling"] == 1) & (columns["shape.rate"] <= 3e4) & (columns["shape.tcp"] == 1)
    unknown = (columns["sizes.known"] != 1) & (unseen > LEAST)
    rows = np.flatnonzero(thin & long & told & unknown)
    ranked = rows[np.argsort(-columns["shape.records"][rows], kind="stable")]
    chosen: np.ndarray = np.sort(ranked[:CANDIDATES])
    return chosen


def fill(
    columns: dict[str, np.ndarray], rows: np.ndarray, records: Callable[[np.ndarray, int], Mapping[str, Any]]
) -> None:
    """Fill the columns of the rows whose messages can be rebuilt; ``records(rows, most)`` gives the Flow Records of
    some rows, as ``stitched.first_records`` does.
    """
    n = len(columns["shape.seconds"])
    for name in _FILLED:
        columns.setdefault(name, np.full(n, np.nan))
    if not len(rows):
        return
    found = records(rows, MOST + 1)
    bounds = np.searchsorted(found["of"], np.arange(len(rows) + 1))
    for row, since, until in zip(rows, bounds[:-1], bounds[1:], strict=True):
        told = rebuild(Rows(*(found[name][since:until] for name in Rows._fields)))
        if told is None:
            continue
        if not (np.isnan(told.share) and np.isnan(told.pushed)):
            _put(columns, int(row), _values(told, float(columns["shape.seconds"][row])))
        elif told.client_data >= MANY:
            _put(columns, int(row), {"sizes.known": 1.0, "sizes.rebuilt": 0.0})


def _put(columns: dict[str, np.ndarray], row: int, values: Mapping[str, float]) -> None:
    for name, value in values.items():
        columns[name][row] = value


def _values(told: Rebuilt, seconds: float) -> dict[str, float]:
    """The columns of a conversation of ``seconds``, of which ``told`` covers a part."""
    answered = told.shares if told.answer > 0 else 0.0
    silent = told.client_data * 4 <= told.server_data
    unasked = told.unasked > 0 if told.shares else silent and told.pushes > 0
    asked = answered > 0 and not told.pushes and told.server_held >= WHOLE
    scale = max(seconds / max(told.seconds, 1.0), 1.0)
    values = {
        "sizes.known": 1.0,
        "sizes.rebuilt": 1.0,
        "sizes.client_mode": told.share,
        "sizes.server_mode": told.answer if answered > told.pushes else told.pushed,
        "sizes.client_top2": told.client_held if told.shares else np.nan,
        "sizes.server_top3": told.server_held if told.server_data else np.nan,
        "sizes.client_messages": told.shares / max(told.client_held, 0.1) * scale,
        "sizes.client_count": told.shares * scale,
        "sizes.server_count": max(answered, told.pushes) * scale,
        "timing.client_cv": told.client_cv,
        "timing.server_cv": told.server_cv,
        "timing.answered": 1.0 if answered else np.nan,
        "timing.pushed": told.pushes / (told.pushes + answered + _LOGIN) if unasked or asked else np.nan,
        "timing.messages_per_minute": (told.shares + answered + told.pushes) * 60 / max(told.seconds, 1.0),
    }
    return values | _exact(told) | {"sizes.score": _score(values, seconds)}


def _exact(told: Rebuilt) -> dict[str, float]:
    """Whether sizes are exactly a dialect's."""
    share, answer = (np.array([np.nan_to_num(size)]) for size in (told.share, told.answer))
    return {
        "sizes.cryptonote": float(exact_sizes.share_and_acceptance(share, answer)[0]),
        "sizes.stratum1": float(exact_sizes.share_of_stratum1(share, answer)[0]),
        "sizes.stratum2": float(exact_sizes.share_of_stratum2(share, answer)[0]),
        "sizes.equihash": float(exact_sizes.solution_of_equihash(share)[0]),
    }


def _score(values: Mapping[str, float], seconds: float) -> float:
    """Points as for packets, where both sides' sizes are told."""
    if np.isnan(values["sizes.client_mode"]) or np.isnan(values["sizes.server_top3"]):
        return float("nan")
    large = np.nanmax([values["sizes.client_mode"], np.nan_to_num(values["sizes.server_mode"])]) > 1000
    columns = {name: np.array([value]) for name, value in values.items()}
    return float(atom_score(columns, np.array([float(large)]), np.array([seconds]))[0])
