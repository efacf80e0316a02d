"""Messages of exactly the lengths that a mining dialect gives them, in the clear or grown by what encryption adds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Told = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Which octets of client messages and of server messages are those of a share and of its acceptance, bool."""
LEAST_MESSAGES = 6
"""Of each direction, before sizes say anything."""
_SHARES = ((177, 190), (191, 204), (213, 218), (231, 238), (245, 252))
"""Octets of a CryptoNote share by the pool's software, with and without the algorithm's name (XMRig's fixed text and
the lengths of session and job names); measured on three data sets."""
ACCEPTANCE = 64
"""Octets of a CryptoNote share's acceptance, give or take three."""
WORK, ACCEPTED = (236, 250), (33, 44)
"""Octets of an eth-proxy pool's work package and of its acceptance, by the request's number and the order of keys."""
_GROWN = (0, 21, 22, 29, 53, 56)
"""Octets that are added by nothing, TLS 1.2 with ChaCha20, TLS 1.3, TLS 1.2 with AES-GCM, and two kinds of VPN."""
_SV2_CLIENT = np.array([62, 67, 71])
_SV2_ACCEPTED = 58
_SV2_SERVER = np.array([58, 74, 83, 86, 87, 116, 141, 144, 145, 169, 173])
"""Encrypted frames of Stratum v2 (22 octets of header and tag, payload, 16 of tag): shares; their acceptance, target,
job, previous hash, and two of them in one message."""


def total(entity: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    """Sums of ``values`` (k,) over the records of each of ``n`` entities, float64."""
    total: np.ndarray = np.bincount(entity, values.astype(np.float64), n)
    return total


def noise(records: np.ndarray, entity: np.ndarray, n: int) -> np.ndarray:
    """1.0 where a flow began as Stratum v2's handshake does: 64 octets, then 234 (170 before EllSwift keys)."""
    begins = (records["first"][:, 0] == 64) & np.isin(records["first"][:, 1], (234, 170))
    held: np.ndarray = (np.bincount(entity, begins.astype(float), n) > 0).astype(np.float64)
    return held


def stratum2(records: np.ndarray, entity: np.ndarray, n: int, messages: np.ndarray) -> np.ndarray:
    """Share of each entity's messages that have exactly the lengths of Stratum v2's frames."""
    held: np.ndarray = np.zeros(n)
    for side, sizes in ((0, _SV2_CLIENT), (1, _SV2_SERVER)):
        exact = np.isin(records["size"][:, side], sizes)
        held += total(entity, (records["size_count"][:, side] * exact).sum(axis=1), n)
    share: np.ndarray = np.minimum(held / np.maximum(messages, 1), 1.0)
    return share


def answered_shares(records: np.ndarray, entity: np.ndarray, n: int, told: Told) -> np.ndarray:
    """1.0 where the commonest client message has the size of a share and the server often answers with that of its
    acceptance, as ``told`` says of octets of both; else 0.0.
    """
    often = records["size_count"][:, 1] * 5 >= records["messages"][:, 1:]
    client, server = records["size"][:, 0, :1].astype(np.int64), records["size"][:, 1].astype(np.int64)
    found = (told(client, server) & often).any(axis=1)
    both = np.bincount(entity, (found & (records["messages"].min(axis=1) >= LEAST_MESSAGES)).astype(float), n)
    held: np.ndarray = (both > 0).astype(np.float64)
    return held


def share_and_acceptance(client: np.ndarray, server: np.ndarray) -> np.ndarray:
    """Where messages of ``client`` and ``server`` octets are a CryptoNote share and its acceptance, both grown by what
    one kind of tunnel adds; bool.
    """
    found = np.zeros(np.broadcast_shapes(client.shape, server.shape), bool)
    for grown in _GROWN:
        share = np.zeros(client.shape, bool)
        for low, high in _SHARES:
            share |= (client - grown >= low) & (client - grown <= high)
        found |= share & (np.abs(server - grown - ACCEPTANCE) <= 3)
    return found


def share_of_stratum1(client: np.ndarray, server: np.ndarray) -> np.ndarray:
    """Where messages of these octets may be a share of Stratum v1 or of its KawPow dialect and its acceptance, which is
    fixed text but for the number of the request; both grown by what one kind of tunnel adds; bool.
    """
    found = np.zeros(np.broadcast_shapes(client.shape, server.shape), bool)
    for grown in _GROWN:
        share = (client - grown >= 95) & (client - grown <= 135) | (client - grown >= 240) & (client - grown <= 300)
        found |= share & (server - grown >= 34) & (server - grown <= 41)
    return found


def solution_of_equihash(client: np.ndarray) -> np.ndarray:
    """Where messages of these octets hold a solution of Equihash (200, 9): 2,694 digits in hex and the share's text."""
    told = np.zeros(client.shape, bool)
    for grown in _GROWN:
        told |= (client - grown >= 2840) & (client - grown <= 2895)
    return told


def solutions(records: np.ndarray, entity: np.ndarray, n: int) -> np.ndarray:
    """1.0 where the commonest client message has the size of a solution of Equihash, else 0.0."""
    often = records["size_count"][:, 0, 0] * 2 >= np.maximum(records["messages"][:, 0], LEAST_MESSAGES)
    found = solution_of_equihash(records["size"][:, 0, 0].astype(np.int64)) & often
    held: np.ndarray = (np.bincount(entity, found.astype(float), n) > 0).astype(np.float64)
    return held


def share_of_stratum2(client: np.ndarray, server: np.ndarray) -> np.ndarray:
    """Where messages of these octets are a share of Stratum v2 and its acceptance; bool."""
    told: np.ndarray = np.isin(client, _SV2_CLIENT) & (server == _SV2_ACCEPTED)
    return told


def shifted(records: np.ndarray, entity: np.ndarray, n: int) -> np.ndarray:
    """1.0 where the commonest client message exceeds one that is common from the server by what a CryptoNote share
    exceeds its acceptance, and both are larger than these in the clear; else 0.0. For tunnels of any growth.
    """
    client, server = records["size"][:, 0, :1].astype(np.int64), records["size"][:, 1].astype(np.int64)
    often = records["size_count"][:, 1] * 5 >= records["messages"][:, 1:]
    grown = server - ACCEPTANCE
    found = np.zeros(server.shape, bool)
    for low, high in _SHARES:
        found |= (client - grown >= low - 1) & (client - grown <= high)
    found &= often & (grown >= 20) & (grown <= 140)
    held: np.ndarray = (np.bincount(entity, found.any(axis=1).astype(float), n) > 0).astype(np.float64)
    return held


def ethproxy(records: np.ndarray, entity: np.ndarray, n: int, messages: np.ndarray) -> np.ndarray:
    """1.0 where the server's commonest message has the size of a work package (three 32-octet values in hex) and others
    that of a bare acceptance, both grown by what one kind of tunnel adds; else 0.0.
    """
    size, count = records["size"][:, 1].astype(np.int64), records["size_count"][:, 1]
    held = np.zeros(n, bool)
    for grown in _GROWN:
        work = (size - grown >= WORK[0]) & (size - grown <= WORK[1])
        plain = (size - grown >= ACCEPTED[0]) & (size - grown <= ACCEPTED[1])
        works, plains = (total(entity, (count * which).sum(axis=1), n) for which in (work, plain))
        held |= (works >= 0.4 * messages) & (plains >= 0.03 * messages) & (works + plains >= 0.8 * messages)
    return held.astype(np.float64)
