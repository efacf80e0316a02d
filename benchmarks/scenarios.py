"""Attacks of many sizes and rates, seen in many ways: which are told, as what, and in which role.

    python benchmarks/scenarios.py [NAME...] [--views VIEW...] [--each]

Each attack of ``assault_kinds.py`` is judged among an hour of people (``people``): as the meter tells it from packets,
as biflows, as records of one direction with a minute's active timeout, without TCP flags, sampled, of one direction
only, cut in its midst, behind one translated address, and over IPv6. Printed is what was told instead of, or beside,
the right class and role; "too few" where sampling left fewer packets of it than a verdict can rest on. So are ordinary
services that resemble attacks (``innocents.py``, ``bystanders.py``, ``crowds.py``), of which nothing may be told.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections import Counter
from typing import Any

import ibis
import numpy as np
from assault_kinds import ASSAULTS
from assaults import ACK, DONE, TCP, UDP, Assault, Traffic, flows, inside, number, own_ports, together
from bystanders import BYSTANDERS
from crowds import CROWDS
from innocents import INNOCENTS

from netwatch.fingerprint import Fingerprinter
from netwatch.model.address import MAPPED
from netwatch.model.elements import Detail, Direction, Orientation
from netwatch.model.flows import Flows
from netwatch.model.taxonomy import family
from netwatch.model.verdict import Verdict
from netwatch.store.schema import to_arrow

START = 1_600_000_200 * 10**9
FIRST, LAST = number("10.7.0.0"), number("10.7.3.255")
ENDS = (
    ("source", "target"),
    ("source_port", "port"),
    ("packets", "back"),
    ("octets", "back_octets"),
    ("flags", "back_flags"),
)
VIEWS = (
    "packets",
    "biflow",
    "records",
    "records, no flags",
    "1:10",
    "1:100",
    "1:1000",
    "inbound only",
    "second half",
    "translated",
    "IPv6",
)


def people(random: np.random.Generator, hours: float = 1.0, hosts: int = 40) -> Traffic:
    """Web, QUIC, names, time and mail of so many hosts."""
    n = int(hosts * 60 * hours)
    big = random.lognormal(9.5, 1.6, n).astype(int) + 400
    common = random.zipf(1.6, n) % 300
    web = flows(
        n,
        at=np.sort(random.uniform(0, hours * 3600, n)),
        seconds=random.lognormal(1.5, 1.2, n),
        source=inside(random, n, hosts),
        source_port=own_ports(random, n),
        target=number("198.51.100.0") + common,
        port=443,
        packets=6 + big // 3000,
        octets=900 + big // 20,
        back=6 + big // 1200,
        back_octets=big,
        flags=DONE,
        back_flags=DONE,
    )
    quic = random.random(n) < 0.3
    web["protocol"][quic], web["flags"][quic], web["back_flags"][quic] = UDP, 0, 0
    names = {name: column.copy() for name, column in web.items()}
    names |= {
        "at": web["at"] - 0.05,
        "target": np.full(n, number("10.7.0.2")),
        "port": np.full(n, 53),
        "source_port": own_ports(random, n),
    }
    ones = np.ones(n, int)
    names |= {
        "protocol": ones * UDP,
        "packets": ones,
        "octets": ones * 66,
        "back": ones,
        "back_octets": ones * 130,
        "flags": ones * 0,
        "back_flags": ones * 0,
        "seconds": np.full(n, 0.02),
    }
    m = max(1, int(hosts * 3 * hours))
    mail = flows(
        m,
        at=random.uniform(0, hours * 3600, m),
        source=inside(random, m, hosts),
        source_port=own_ports(random, m),
        target=number("198.51.100.200"),
        port=993,
        packets=14,
        octets=1800,
        back=13,
        back_octets=6000,
        flags=DONE,
        back_flags=DONE,
        seconds=2.0,
    )
    return together(web, names, mail)


def seen(traffic: Traffic, view: str, middle: float, random: np.random.Generator) -> Flows:
    """The traffic as that view has it; ``middle`` is where the cut ones are cut."""
    t = dict(traffic)
    if view == "second half":
        t = _cut(t, middle)
    if view == "translated":
        crosses = _within(t["source"]) & ~_within(t["target"])
        t["source"] = np.where(crosses, number("10.7.0.254"), t["source"])
    if view in ("packets", "biflow", "second half", "translated", "IPv6"):
        made = _flows(t, Detail.BIFLOW | (Detail.PACKETS if view != "biflow" else 0))
        return _longer(made) if view == "IPv6" else made
    t = _slices(t, 60.0)
    forward, backward = _taken(t, t["packets"] > 0), _turned(_taken(t, t["back"] > 0))
    t = together(forward, backward)
    if view == "records, no flags":
        t["flags"] = t["flags"] * 0
    if view == "inbound only":
        t = _taken(t, _within(t["target"]))
    interval = int(view[2:]) if view.startswith("1:") else 1
    if interval > 1:
        left = random.binomial(t["packets"], 1 / interval)
        t["octets"] = np.rint(t["octets"] / t["packets"] * left).astype(int)
        t["packets"] = left
        t = _taken(t, left > 0)
    return _flows(t, 0, interval)


def _cut(t: Traffic, middle: float) -> Traffic:
    """What a capture has that began in the midst: later flows whole, the rest of those that were under way."""
    end = t["at"] + t["seconds"]
    t = _taken(t, end >= middle)
    gone = np.clip((middle - t["at"]) / np.maximum(t["seconds"], 1e-9), 0, 1)
    under_way = t["at"] < middle
    for name in ("packets", "octets", "back", "back_octets"):
        t[name] = np.where(t[name] > 0, np.maximum(1, (t[name] * (1 - gone)).astype(int)), 0)
    for name in ("flags", "back_flags"):
        t[name] = np.where(under_way & (t[name] & ACK > 0), t[name] & ~2, t[name])
    t["seconds"] = np.where(under_way, t["seconds"] * (1 - gone), t["seconds"])
    t["at"] = np.maximum(t["at"], middle)
    return t


def _slices(t: Traffic, timeout: float) -> Traffic:
    """Biflows cut where an exporter's active timeout cuts them."""
    pieces = np.maximum(1, np.minimum(np.ceil(t["seconds"] / timeout), np.maximum(t["packets"], t["back"]))).astype(int)
    row = np.repeat(np.arange(len(pieces)), pieces)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    made = _taken(t, row)
    of = pieces[row]
    for name, other in (("packets", "octets"), ("back", "back_octets")):
        whole = made[name]
        made[name] = whole // of + (nth < whole % of)
        made[other] = np.rint(made[other] * made[name] / np.maximum(1, whole)).astype(int)
    made["seconds"] = made["seconds"] / of
    made["at"] = made["at"] + nth * made["seconds"]
    return made


def _taken(t: Traffic, chosen: np.ndarray) -> Traffic:
    return {name: column[chosen] for name, column in t.items()}


def _turned(t: Traffic) -> Traffic:
    turned = dict(t)
    for one, other in ENDS:
        turned |= {one: t[other], other: t[one]}
    icmp = t["protocol"] == 1
    turned["port"], turned["source_port"] = np.where(icmp, 0, turned["port"]), np.where(icmp, 0, turned["source_port"])
    return turned | {"back": t["back"] * 0, "back_octets": t["back"] * 0, "back_flags": t["back"] * 0}


def _within(address: np.ndarray) -> np.ndarray:
    return (address >= FIRST) & (address <= LAST)


def _flows(t: Traffic, detail: int, interval: int = 1) -> Flows:
    n = len(t["at"])
    order = np.argsort(t["at"], kind="stable")
    t = _taken(t, order)

    def address(end: str) -> np.ndarray:
        low = t[end].astype(np.uint64) | np.uint64(MAPPED)
        return np.stack([np.zeros(n, np.uint64), low], axis=1)

    start = (t["at"] * 1e9).astype(np.int64) + START
    way = _within(t["source"]) * 2 + _within(t["target"])
    told = np.array([Direction.TRANSIT, Direction.INBOUND, Direction.OUTBOUND, Direction.INTERNAL], np.uint8)
    one_way = t["back"] * 0 if not detail else t["back"]
    return Flows(
        {
            "source_address": address("source"),
            "destination_address": address("target"),
            "source_transport_port": t["source_port"],
            "destination_transport_port": t["port"],
            "protocol_identifier": t["protocol"],
            "packet_delta_count": t["packets"],
            "octet_delta_count": t["octets"],
            "reverse_packet_delta_count": one_way,
            "reverse_octet_delta_count": t["back_octets"] * (one_way > 0),
            "tcp_control_bits": t["flags"],
            "reverse_tcp_control_bits": t["back_flags"] * (one_way > 0),
            "flow_start_nanoseconds": start,
            "flow_end_nanoseconds": start + (t["seconds"] * 1e9).astype(np.int64),
            "first_frame": np.arange(1, n + 1),
            "fragment_flags": t["fragments"],
            "sampling_packet_interval": np.full(n, interval),
            "orientation": np.where(
                (t["protocol"] == TCP) & (t["flags"] & 2 > 0) & (t["flags"] & ACK == 0) | (t["flags"] == DONE),
                Orientation.SYN,
                Orientation.FIRST_PACKET,
            )
            if detail & Detail.PACKETS
            else np.zeros(n, int),
            "detail": np.full(n, int(detail)),
            "direction": told[way],
        }
    )


def _longer(flows_: Flows) -> Flows:
    """The same with addresses of IPv6: the watched network in one /64, every /24 outside one of its own."""
    moved = {}
    for name in ("source_address", "destination_address"):
        low = flows_[name][:, 1] & np.uint64(0xFFFF_FFFF)
        within = _within(low)
        high = np.where(within, np.uint64(0x2001_0DB8_0000_0007), np.uint64(0x2400 << 48) | low >> np.uint64(8))
        moved[name] = np.stack([high, np.where(within, low - np.uint64(FIRST), low & np.uint64(0xFF))], axis=1)
    icmp = flows_["protocol_identifier"] == 1
    ports = flows_["destination_transport_port"]
    return flows_.with_columns(
        **moved,
        protocol_identifier=np.where(icmp, 58, flows_["protocol_identifier"]),
        destination_transport_port=np.where(icmp & (ports == 2048), 128 * 256, ports),
    )


def judge(flows_: Flows, engine: Any) -> list[Verdict]:
    """Attacks that the stage tells of in these flows."""
    stage = Fingerprinter()
    batches = [
        stage.observe(flows_.take(np.arange(at, min(at + 65_536, len(flows_))))) for at in range(0, len(flows_), 65_536)
    ]
    whole = Flows.concatenate([Flows(batch.columns) for batch in batches])
    engine.con.register("flows", to_arrow(whole))
    return [v for v in stage.conclude(engine.table("flows")) if family(v.class_id) in ("attack", "mining")]


def outcome(assault: Assault, verdicts: list[Verdict], left: float) -> tuple[str, str]:
    """(word, what was told otherwise): "likely", "suspected", "role", "other", "missed" or "too few"."""
    right = [v for v in verdicts if v.class_id.startswith(assault.classes)]
    placed = [v for v in right if v.role == assault.role]
    rest = Counter(f"{v.class_id} {v.role}" for v in verdicts if v not in placed)
    told = ", ".join(f"{n} x {name}" if n > 1 else name for name, n in rest.items())
    if placed:
        return ("likely" if max(v.posterior for v in placed) >= 0.9 else "suspected"), told
    if left < assault.packets and not verdicts:
        return "too few", ""
    return ("role" if right else "other" if verdicts else "missed"), told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="beginnings of names of attacks")
    parser.add_argument("--views", nargs="*", default=list(VIEWS))
    parser.add_argument("--each", action="store_true", help="print the evidence of each verdict")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    engine = ibis.duckdb.connect(threads=2)
    counts: dict[str, Counter[str]] = {view: Counter() for view in options.views}
    beside: dict[str, Counter[str]] = {view: Counter() for view in options.views}
    for name, assault in ASSAULTS.items():
        if options.names and not name.startswith(tuple(options.names)):
            continue
        random = np.random.default_rng([options.seed, zlib.crc32(name.encode())])
        attack = assault.make(random)
        middle = (float(attack["at"].min()) + float((attack["at"] + attack["seconds"]).max())) / 2
        hours = min(24.0, max(1.0, float(attack["at"].max()) / 3600))
        whole = together(attack, people(random, hours, 40 if hours < 4 else 6))
        for view in options.views:
            leaves = assault.role in ("source", "internal", "reflector")
            if (view == "inbound only" and leaves) or (view == "translated" and not leaves):
                continue
            interval = int(view[2:]) if view.startswith("1:") else 1
            flows_ = seen(whole, view, middle, random)
            verdicts = judge(flows_, engine)
            word, told = outcome(assault, verdicts, attack["packets"].sum() / interval)
            counts[view][word] += 1
            beside[view]["beside"] += bool(told) and word in ("likely", "suspected")
            if word not in ("likely", "suspected", "too few") or told:
                print(f"{word:9} {view:17} {name}: {told}", flush=True)
            for v in verdicts if options.each else ():
                print(f"    {v.class_id} {v.posterior:.3f} {v.role} {v.subject} > {v.peer}:{v.port}")
                print(*(f"        {e.stand} {e.weight:+.1f} {e.rule}: {e.observed}" for e in v.evidence), sep="\n")
    for name, make in (INNOCENTS | BYSTANDERS | CROWDS).items():
        if options.names and not name.startswith(tuple(options.names)):
            continue
        random = np.random.default_rng([options.seed, zlib.crc32(name.encode())])
        ordinary = make(random)
        middle = float((ordinary["at"] + ordinary["seconds"] / 2).mean())
        for view in options.views:
            verdicts = judge(seen(together(ordinary, people(random)), view, middle, random), engine)
            counts[view]["ordinary"] += 1
            counts[view]["false"] += bool(verdicts)
            if verdicts:
                told = Counter(f"{v.class_id} {v.role} {v.posterior:.2f} :{v.port}" for v in verdicts)
                print(f"FALSE     {view:17} {name}: {dict(told)}", flush=True)
    words = ("likely", "suspected", "role", "other", "missed", "too few")
    print(
        "| view | attacks | " + " | ".join(words) + " | told beside | ordinary | false |",
        "|---|" + "--:|" * (len(words) + 4),
        sep="\n",
    )
    for view in options.views:
        count = counts[view]
        attacks = sum(count[word] for word in words)
        told = [attacks, *(count[word] for word in words), beside[view]["beside"], count["ordinary"], count["false"]]
        print(f"| {view} | " + " | ".join(str(number) for number in told) + " |")


if __name__ == "__main__":
    sys.exit(main())
