"""Windows that follow each other joined into episodes."""

from __future__ import annotations

from typing import Any

import numpy as np


def episodes(keys: list[np.ndarray], window: np.ndarray, apart: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """(order, starts): rows sorted by key and window, and where in that order each episode begins.

    Windows of one key at most ``apart`` from each other belong together. A key is an array (n,) or octets (n, k).
    """
    flat = [k if k.ndim == 1 else np.ascontiguousarray(k).view(f"V{k.shape[1]}").reshape(-1) for k in keys]
    ranks = [np.unique(k, return_inverse=True)[1] for k in flat]
    order = np.lexsort((window, *reversed(ranks)))
    if not len(order):
        return order, order
    new = np.r_[True, window[order][1:] - window[order][:-1] > apart]
    for rank in ranks:
        new[1:] |= rank[order][1:] != rank[order][:-1]
    return order, np.flatnonzero(new)


def folded(columns: dict[str, Any], order: np.ndarray, starts: np.ndarray, how: dict[str, Any]) -> dict[str, Any]:
    """One row per episode: ``how`` names the ufunc (np.add, np.maximum, np.minimum) or "first" for each column."""
    made = {}
    for name, what in how.items():
        sorted_column = columns[name][order]
        made[name] = sorted_column[starts] if what == "first" else what.reduceat(sorted_column, starts)
    return made


def common_prefix(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """uint8 (n,): leading bits that two columns of addresses (n, 16) share."""
    bits = np.unpackbits(low ^ high, axis=1)
    differ = bits.any(axis=1)
    return np.where(differ, bits.argmax(axis=1), 128).astype(np.uint8)


def ends(columns: dict[str, Any], order: np.ndarray, starts: np.ndarray) -> dict[str, np.ndarray]:
    """``low`` and ``high`` of each episode, octet-wise, uint8 (n, 16): enough to tell which leading bits are shared."""
    return {
        name: ufunc.reduceat(columns[name][order], starts, axis=0) if len(starts) else columns[name]
        for name, ufunc in (("low", np.minimum), ("high", np.maximum))
    }


def pointers(t: dict[str, Any]) -> dict[str, Any]:
    """What a feature table says beside its columns: where each row's first packet or record is, and its quality."""
    return {
        "references": lambda row: (f"{int(t['input'][row])}#{int(t['first_frame'][row])}",),
        "quality": lambda row: ("sampled",) if t["interval"][row] > 1 else (),
    }


def measured(t: dict[str, Any]) -> dict[str, Any]:
    """When each row was, how much it moved, and :func:`pointers`: of columns that bear the usual names."""
    return {
        "since": t["since_us"] * 1000,
        "until": t["until_us"] * 1000,
        "octets": t["octets"],
        "packets": t["packets"],
        **pointers(t),
    }


def towards(t: dict[str, Any], count: str = "flows") -> tuple[np.ndarray, np.ndarray]:
    """(inbound, outbound) float64: whether at least half of what ``count`` counts went that way."""
    inbound, outbound = (np.asarray(t[way] * 2 >= t[count], np.float64) for way in ("inbound", "outbound"))
    return inbound, outbound
