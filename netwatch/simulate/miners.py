"""Mining sessions on the wire, as clients and pools of 2019 spoke: Monero's JSON-RPC dialect and Stratum v1."""

from __future__ import annotations

import json
from typing import NamedTuple

from netwatch.simulate.frames import Endpoint
from netwatch.simulate.sessions import Wire

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Session(NamedTuple):
    """One miner at one pool from ``since`` to ``until`` (s); shares come every ``share_every`` s on average."""

    miner: str
    pool: Endpoint
    since: float
    until: float
    share_every: float = 30.0


class Counted(NamedTuple):
    """What happened: shares sent, jobs pushed, keepalives; ``hash_rate`` from the difficulty, H/s."""

    shares: int
    jobs: int
    keepalives: int
    hash_rate: float


def _line(**message: object) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def _hex(wire: Wire, octets: int) -> str:
    return wire.octets(octets).hex()


def wallet(wire: Wire) -> str:
    """Something of a Monero address's form; it belongs to nobody."""
    return "4" + "".join(BASE58[i] for i in wire.chance.integers(0, 58, 94))


def monero(wire: Wire, session: Session, block_times: list[float], agent: str) -> Counted:
    """XMRig at a pool: login, jobs on every block and every two minutes, memoryless shares, keepalives when idle."""
    talk = wire.conversation(session.miner, session.pool, 0.18)
    name, difficulty = str(_uuid(wire)), 120_000
    target = (0xFFFF_FFFF // difficulty).to_bytes(4, "little").hex()
    algorithms = ["cn/r", "cn/2", "cn/1", "cn/0"]
    login = {"login": wallet(wire), "pass": "x", "agent": agent, "algo": algorithms}
    at = talk.send(talk.open(session.since), 0, _line(id=1, jsonrpc="2.0", method="login", params=login))
    first = _job(wire, name, target)
    result = {"id": name, "job": first, "extensions": ["algo", "nicehash", "connect", "keepalive"], "status": "OK"}
    at = talk.send(at, 1, _line(id=1, jsonrpc="2.0", error=None, result=result))
    shares = jobs = keepalives = 0
    number, job, spoke = 1, str(first["job_id"]), at
    for due, what in _agenda(wire, session, at, block_times):
        time = max(due, at)
        if time - spoke > 61:
            number, keepalives, spoke = number + 1, keepalives + 1, spoke + 60
            alive = _line(id=number, jsonrpc="2.0", method="keepalived", params={"id": name})
            later = talk.send(max(spoke, at), 0, alive, acknowledged=False)
            at = talk.send(later, 1, _line(id=number, jsonrpc="2.0", error=None, result={"status": "KEEPALIVED"}))
        if what == "job":
            pushed = _job(wire, name, target)
            job, jobs = str(pushed["job_id"]), jobs + 1
            at = talk.send(time, 1, _line(jsonrpc="2.0", method="job", params=pushed))
            continue
        number, shares, spoke = number + 1, shares + 1, time
        found = {"id": name, "job_id": job, "nonce": _hex(wire, 4)[:6] + "00", "result": _hex(wire, 32)}
        later = talk.send(time, 0, _line(id=number, jsonrpc="2.0", method="submit", params=found), acknowledged=False)
        at = talk.send(later, 1, _line(id=number, jsonrpc="2.0", error=None, result={"status": "OK"}))
    talk.close(session.until)
    return Counted(shares, jobs, keepalives, difficulty * shares / (session.until - session.since))


def _agenda(wire: Wire, session: Session, start: float, block_times: list[float]) -> list[tuple[float, str]]:
    """Shares and job pushes in order of time: shares memoryless, a push at each block and 120 s after the last push."""
    events = []
    at = start + float(wire.chance.exponential(session.share_every))
    while at < session.until - 2:
        events.append((at, "share"))
        at += 0.8 + float(wire.chance.exponential(session.share_every - 0.8))
    pushed = start
    for block in [*(b for b in block_times if start < b < session.until - 2), session.until - 2]:
        while pushed + 120 < block:
            pushed += 120
            events.append((pushed, "job"))
        if block < session.until - 2:
            pushed = block + float(wire.chance.uniform(0.05, 0.6))
            events.append((pushed, "job"))
    return sorted(events)


def _job(wire: Wire, name: str, target: str) -> dict[str, object]:
    return {
        "blob": "0b0b" + _hex(wire, 74), "job_id": wire.chance.bytes(21).hex()[:28], "target": target, "id": name,
        "algo": "cn/r", "variant": "r", "height": int(1_847_000 + wire.chance.integers(900)),
    }  # fmt: skip


def _uuid(wire: Wire) -> str:
    text = _hex(wire, 16)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def blocks(wire: Wire, since: float, until: float, mean: float) -> list[float]:
    """Times at which a chain finds blocks: a Poisson process."""
    found, at = [], since
    while at < until:
        at += float(wire.chance.exponential(mean))
        found.append(at)
    return found


def stratum(wire: Wire, session: Session, agent: str) -> Counted:
    """A Bitcoin miner over Stratum v1: subscribe, authorize, set_difficulty, notify every 30 s, shares."""
    talk = wire.conversation(session.miner, session.pool, 0.12)
    worker, difficulty = "site4.rack2", 8192
    at = talk.send(talk.open(session.since), 0, _line(id=1, method="mining.subscribe", params=[agent]))
    subscribed = [[["mining.set_difficulty", _hex(wire, 4)], ["mining.notify", _hex(wire, 4)]], _hex(wire, 4), 4]
    at = talk.send(at, 1, _line(id=1, result=subscribed, error=None))
    at = talk.send(at, 0, _line(id=2, method="mining.authorize", params=[worker, "x"]))
    at = talk.send(at, 1, _line(id=2, result=True, error=None))
    at = talk.send(at, 1, _line(id=None, method="mining.set_difficulty", params=[difficulty]))
    shares = jobs = 0
    number, job, pushed = 3, "", at
    due = at + float(wire.chance.exponential(session.share_every))
    while pushed < session.until - 2:
        job, jobs = _hex(wire, 4), jobs + 1
        branches = [_hex(wire, 32) for _ in range(11)]
        params = [job, _hex(wire, 32), _hex(wire, 58), _hex(wire, 85), branches, "20000000", "17272fbd",
                  f"{int(pushed):08x}", jobs % 20 == 0]  # fmt: skip
        talk.send(pushed, 1, _line(id=None, method="mining.notify", params=params))
        pushed += min(60.0, max(5.0, float(wire.chance.normal(30, 4))))
        while due < min(pushed - 0.5, session.until - 2):
            number, shares = number + 1, shares + 1
            found = [worker, job, _hex(wire, 4), f"{int(due):08x}", _hex(wire, 4)]
            later = talk.send(due, 0, _line(id=number, method="mining.submit", params=found), acknowledged=False)
            talk.send(later, 1, _line(id=number, result=True, error=None))
            due += 0.6 + float(wire.chance.exponential(session.share_every))
        due = max(due, pushed)
    talk.close(session.until)
    return Counted(shares, jobs, 0, difficulty * 2**32 * shares / (session.until - session.since))
