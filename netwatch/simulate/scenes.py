"""The packet captures: what happens in each, and the truth about it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from netwatch.simulate import assaults, miners, quiet, sessions
from netwatch.simulate.exporter import seconds
from netwatch.simulate.frames import Capture, Endpoint
from netwatch.simulate.nation import AS_NUMBER, PREFIX
from netwatch.simulate.sessions import Wire
from netwatch.simulate.truth import instant, write_truth

DAY = seconds("2019-06-05")
POOL_NAME, POOL = "xmr-eu1.nanopool.org", Endpoint("51.68.1.77", 14444)
SITES = (
    ("www.google.com", "172.217.16.4"), ("mail.yandex.ru", "87.250.250.37"), ("vk.com", "94.100.180.70"),
    ("www.alibaba.com", "47.92.0.25"), ("cdn.cloudflare.com", "104.17.0.9"), ("outlook.live.com", "40.76.1.160"),
)  # fmt: skip
CLIENTS = ("175.45.176.71", "175.45.176.84", "175.45.176.97", "175.45.177.14", "175.45.177.52")
WEB_SERVER, SSH_SERVER = "175.45.176.80", "175.45.176.22"
SCANNER, PROBER, GUESSER = "192.0.2.23", "198.51.100.77", "203.0.113.45"
EVERY_ADDRESS = [f"175.45.176.{host}" for host in range(256)]
ALIVE = {f"175.45.176.{host}" for host in (15, 22, 33, 71, 80, 84, 97)}


class Scene:
    """A capture under way: labelled wires into it, and what is expected to be found."""

    def __init__(self, name: str, seed: int) -> None:
        self.name, self.capture = name, Capture()
        self.chance = np.random.Generator(np.random.PCG64(seed))
        self._expected: list[dict[str, object]] = []

    def wire(self, label: str) -> Wire:
        """Where sessions of one label go."""
        return Wire(self.capture, label, self.chance)

    def expect(self, label: str, class_id: str, role: str, **more: object) -> None:
        """One verdict that the capture must give."""
        self._expected.append({"label": label, "class": class_id, "role": role, **more})

    def write(self, out: Path) -> list[Path]:
        """The capture and its truth, with packets and layer-3 octets by label."""
        path = self.capture.write(out / f"{self.name}.pcap.gz")
        for one in self._expected:
            one["packets"] = self.capture.packets[str(one["label"])]
            one["octets"] = self.capture.octets[str(one["label"])]
        since, until = self.capture.span()
        truth = {
            "scenario": self.name,
            "scope": {"asn": AS_NUMBER, "prefixes": [PREFIX]},
            "since": instant(since),
            "until": instant(until),
            "packets": len(self.capture),
            "octets": sum(self.capture.octets.values()),
            "packets_by_label": dict(self.capture.packets),
            "octets_by_label": dict(self.capture.octets),
            "verdict": self._expected,
        }
        return [path, write_truth(out, truth)]


def _browse(scene: Scene, since: float, until: float, pages: int) -> None:
    wire = scene.wire("ordinary")
    for time in np.sort(scene.chance.uniform(since, until - 60, pages)):
        client = CLIENTS[int(scene.chance.integers(len(CLIENTS)))]
        name, server = SITES[int(scene.chance.integers(len(SITES)))]
        ready = sessions.dns(wire, float(time), client, name, server)
        kind = scene.chance.random()
        if kind < 0.65:
            sessions.web(wire, ready, client, Endpoint(server, 443), name)
        elif kind < 0.85:
            sessions.http(wire, ready, client, Endpoint(server, 80), name)
        else:
            sessions.quic(wire, ready, client, server)


def _office(scene: Scene, since: float, until: float, pages: int) -> None:
    _browse(scene, since, until, pages)
    wire = scene.wire("ordinary")
    for number, client in enumerate(CLIENTS):
        for time in np.arange(since + 7 * number, until - 1, 1024):
            sessions.ntp(wire, float(time), client, "104.17.0.123")
    sessions.imap(wire, since + 11, CLIENTS[0], "94.100.180.198", until)
    sessions.mqtt(wire, since + 3, "175.45.177.90", "47.92.0.60", until - 10)
    sessions.json_rpc(wire, since + 20, CLIENTS[2], Endpoint("175.45.176.33", 9090), min(until, since + 1800))
    sessions.ssh(wire, since + 240, CLIENTS[1], "163.172.1.9", 60)


def _mine_monero(scene: Scene, session: miners.Session) -> None:
    wire = scene.wire("monero")
    sessions.dns(wire, session.since - 0.1, session.miner, POOL_NAME, session.pool.address)
    blocks = miners.blocks(wire, session.since, session.until, 120.0)
    counted = miners.monero(wire, session, blocks, "XMRig/2.14.4 (Linux x86_64) libuv/1.24.1 gcc/8.3.0")
    scene.expect(
        "monero", "mining.stratum.cryptonote", "source", subject=session.miner, peer=session.pool.address,
        port=session.pool.port, coin="XMR", agent="XMRig/2.14.4", pool=POOL_NAME, shares=counted.shares,
        jobs=counted.jobs, keepalives=counted.keepalives, hash_rate=round(counted.hash_rate, 1),
        since=instant(session.since), until=instant(session.until),
    )  # fmt: skip


def _mine_bitcoin(scene: Scene, session: miners.Session) -> None:
    wire = scene.wire("bitcoin")
    sessions.dns(wire, session.since - 0.1, session.miner, "btc.f2pool.com", session.pool.address)
    counted = miners.stratum(wire, session, "cgminer/4.11.1")
    scene.expect(
        "bitcoin", "mining.stratum.v1", "source", subject=session.miner, peer=session.pool.address,
        port=session.pool.port, coin="BTC", agent="cgminer/4.11.1", pool="btc.f2pool.com", shares=counted.shares,
        jobs=counted.jobs, hash_rate=round(counted.hash_rate, 1), since=instant(session.since),
        until=instant(session.until),
    )  # fmt: skip


def _flood(scene: Scene, since: float, until: float, count: int) -> None:
    assaults.syn_flood(scene.wire("syn-flood"), (since, until), Endpoint(WEB_SERVER, 80), count)
    scene.expect("syn-flood", "dos.flood.syn", "target", subject=WEB_SERVER, port=80,
                 since=instant(since), until=instant(until))  # fmt: skip


def _reflect(scene: Scene, since: float, until: float, count: int) -> None:
    target = Endpoint("175.45.177.33", 40053)
    assaults.dns_reflection(scene.wire("dns-reflection"), (since, until), target, 150, count)
    scene.expect("dns-reflection", "dos.reflection.dns", "target", subject=target.address, port=53, sources=150,
                 since=instant(since), until=instant(until))  # fmt: skip


def _scan(scene: Scene, since: float) -> None:
    assaults.sweep(scene.wire("sweep"), since, SCANNER, [Endpoint(a, 445) for a in EVERY_ADDRESS], ALIVE)
    scene.expect("sweep", "scan.horizontal", "target", subject="175.45.176.0/24", source=SCANNER, port=445)
    ports = scene.chance.permutation(np.arange(1, 1025))
    probes = [Endpoint("175.45.176.33", int(port)) for port in ports]
    assaults.sweep(scene.wire("probe"), since + 30, PROBER, probes, ALIVE)
    scene.expect("probe", "scan.vertical", "target", subject="175.45.176.33", source=PROBER)


def _guess(scene: Scene, since: float, tries: int) -> None:
    until = assaults.guess(scene.wire("ssh-guess"), since, GUESSER, SSH_SERVER, tries)
    scene.expect("ssh-guess", "bruteforce.ssh", "target", subject=SSH_SERVER, source=GUESSER, port=22, tries=tries,
                 since=instant(since), until=instant(until))  # fmt: skip


def monero_day(out: Path, seed: int) -> list[Path]:
    """A day of one XMRig miner at a Monero pool, beside a little web traffic."""
    scene = Scene("monero-day", seed)
    _browse(scene, DAY, DAY + 86400, 60)
    _mine_monero(scene, miners.Session("175.45.178.19", POOL, DAY + 60, DAY + 86340))
    return scene.write(out)


def bitcoin_stratum(out: Path, seed: int) -> list[Path]:
    """Two hours of a Bitcoin miner over Stratum v1."""
    scene = Scene("bitcoin-stratum", seed)
    _browse(scene, DAY, DAY + 7200, 20)
    _mine_bitcoin(scene, miners.Session("175.45.178.44", Endpoint("47.92.0.111", 3333), DAY + 30, DAY + 7170, 12.0))
    return scene.write(out)


def syn_flood(out: Path, seed: int) -> list[Path]:
    """A SYN flood from spoofed sources on one of our web servers, amid ordinary traffic."""
    scene = Scene("syn-flood", seed)
    _browse(scene, DAY, DAY + 600, 40)
    _flood(scene, DAY + 200, DAY + 320, 12_000)
    return scene.write(out)


def dns_reflection(out: Path, seed: int) -> list[Path]:
    """Answers from 150 resolvers to questions that were never asked, on one of our hosts."""
    scene = Scene("dns-reflection", seed)
    _browse(scene, DAY, DAY + 600, 40)
    _reflect(scene, DAY + 200, DAY + 320, 6_000)
    return scene.write(out)


def port_scan(out: Path, seed: int) -> list[Path]:
    """One scanner over a /24 on port 445, another over 1,024 ports of one host."""
    scene = Scene("port-scan", seed)
    _browse(scene, DAY, DAY + 300, 20)
    _scan(scene, DAY + 60)
    return scene.write(out)


def ssh_guess(out: Path, seed: int) -> list[Path]:
    """A hundred SSH passwords tried on one server, all refused; and one proper login elsewhere."""
    scene = Scene("ssh-guess", seed)
    _browse(scene, DAY, DAY + 600, 20)
    sessions.ssh(scene.wire("ordinary"), DAY + 50, CLIENTS[1], "163.172.1.9", 80)
    _guess(scene, DAY + 30, 100)
    return scene.write(out)


def ordinary_office(out: Path, seed: int) -> list[Path]:
    """An hour of an office: web, mail, time, a login, a sensor, a media player; nothing to be alarmed about."""
    scene = Scene("ordinary-office", seed)
    _office(scene, DAY, DAY + 3600, 110)
    return scene.write(out)


def mixed_hour(out: Path, seed: int) -> list[Path]:
    """An hour in which all of it happens: an office, miners, a flood, a reflection, scans and password guessing."""
    scene = Scene("mixed-hour", seed)
    _office(scene, DAY, DAY + 3600, 40)
    _mine_monero(scene, miners.Session("175.45.178.19", POOL, DAY + 60, DAY + 3540))
    _mine_bitcoin(scene, miners.Session("175.45.178.44", Endpoint("47.92.0.111", 3333), DAY + 30, DAY + 3570, 12.0))
    _scan(scene, DAY + 500)
    _guess(scene, DAY + 900, 60)
    _flood(scene, DAY + 1800, DAY + 1890, 7_000)
    _reflect(scene, DAY + 2700, DAY + 2760, 1_500)
    return scene.write(out)


def quiet_hours(out: Path, seed: int) -> list[Path]:
    """An hour and a half of what hides: a miner inside TLS at a mail server's port, a beacon, data in DNS, sweeps by
    ICMP and UDP; and a harmless JSON-RPC service at a port common among pools.
    """
    scene, until = Scene("quiet-hours", seed), DAY + 5400
    sessions.json_rpc(scene.wire("ordinary"), DAY + 9, CLIENTS[2], Endpoint("203.0.113.80", 3333), DAY + 900)
    miner = quiet.Session("175.45.178.61", Endpoint("203.0.113.61", 993), DAY + 30, until - 30)
    shares = quiet.encrypted_monero(scene.wire("hidden-monero"), miner, "imap.mail.example")
    scene.expect("hidden-monero", "mining.encrypted", "source", subject=miner.client, peer=miner.server.address,
                 port=993, shares=shares)  # fmt: skip
    caller = quiet.Session("175.45.177.66", Endpoint("203.0.113.66", 8081), DAY + 100, until - 100)
    visits = quiet.beacon(scene.wire("beacon"), caller, 60.0)
    scene.expect("beacon", "c2.beacon", "source", subject=caller.client, peer=caller.server.address, port=8081,
                 visits=visits)  # fmt: skip
    carrier = quiet.Session("175.45.177.77", Endpoint("203.0.113.53", 53), DAY + 3000, DAY + 3120)
    quiet.dns_tunnel(scene.wire("dns-tunnel"), carrier, "t.carrier.example", 120)
    scene.expect("dns-tunnel", "c2.dns_tunnel", "source", subject=carrier.client, domain="carrier.example")
    quiet.ping_sweep(scene.wire("ping-sweep"), DAY + 4000, "192.0.2.99", EVERY_ADDRESS[1:255:4], ALIVE)
    scene.expect("ping-sweep", "scan.icmp", "target", subject="175.45.176.0/24", source="192.0.2.99")
    ports = [int(port) for port in scene.chance.permutation(np.arange(20, 1000))[:60]]
    quiet.udp_probe(scene.wire("udp-probe"), DAY + 4500, "198.51.100.98", "175.45.176.33", ports)
    scene.expect("udp-probe", "scan.udp", "target", subject="175.45.176.33", source="198.51.100.98")
    return scene.write(out)
