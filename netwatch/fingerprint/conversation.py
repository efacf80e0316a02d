"""Feature table of conversations: payload, names, sizes, timing and shape of each client's use of one service."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from netwatch.fingerprint import rhythm
from netwatch.fingerprint.applications import DYNAMIC, Sieved
from netwatch.fingerprint.condition import least
from netwatch.fingerprint.conversation_facts import facts_of, is_miner, names_of, splits
from netwatch.fingerprint.conversation_features import BY_RECORD, DECLARED, PAYLOAD
from netwatch.fingerprint.features import Feature, Features, FeatureTable
from netwatch.fingerprint.keys import conversation_keys, pack_keys
from netwatch.fingerprint.ledger import Ledger, Noted
from netwatch.fingerprint.names import POOL_PORTS, load_names
from netwatch.fingerprint.options import FingerprintOptions
from netwatch.fingerprint.recognise import look
from netwatch.fingerprint.record_sizes import LEAST_SECONDS, candidates, fill
from netwatch.fingerprint.rhythm import NAMED, UNNAMED, Rhythms
from netwatch.fingerprint.stitched import first_records, long_ones, stitched
from netwatch.kernels.heads import CUT, HELLO, SNI
from netwatch.model.address import from_octets
from netwatch.model.application import CODE, TCP, UDP, by_port
from netwatch.model.flows import Flows
from netwatch.wire.stratum import CLIENT, SERVER, fields, messages, unwrapped

if TYPE_CHECKING:
    import ibis


_TUNNELS = [CODE[name] for name in ("openvpn", "wireguard", "ipsec", "l2tp", "quic")]
"""Services over UDP inside which other services may be."""


_BY_RECORDS = [name for name in DECLARED if name.startswith(("shape.", "context.", "scope.", "quality.", "ports."))] + [
    "sizes.known",
    "aggregate.miners",
]
"""Features that records give of every conversation; those of rebuilt messages they give of ``candidates`` alone."""


class Conversations(Features):
    """One row per (client, server, service port, protocol) with payload evidence, or long enough for its shape to say
    something.
    """

    declared: ClassVar[dict[str, Feature]] = DECLARED

    def __init__(self, options: FingerprintOptions) -> None:
        super().__init__(options)
        self.names = load_names(options.knowledge)
        self.ledger = Ledger(options.candidates)
        self.rhythms = Rhythms(options.candidates)
        self.dialects: dict[int, int] = {}

    def observe(self, flows: Flows, sieved: Sieved) -> None:
        """Read the marked heads; ``dialects`` then holds the application of each flow of the batch that showed one."""
        if not len(sieved.flow):
            self.dialects = {}
            return
        keyed = conversation_keys(flows)
        self.dialects = look(flows, sieved, keyed, self.names, self.ledger)
        told = np.zeros(len(flows), np.uint16)
        told[sieved.flow] = np.where(sieved.code[:, 0] > 0, sieved.code[:, 0], sieved.code[:, 1])
        told[list(self.dialects)] = list(self.dialects.values())
        named = np.zeros(len(flows), np.uint8)
        hello = ((sieved.marks & HELLO > 0) & (sieved.marks & CUT == 0)).any(axis=1)
        named[sieved.flow[hello]] = np.where((sieved.marks[hello] & SNI > 0).any(axis=1), NAMED, UNNAMED)
        self.rhythms.add(flows, keyed, told, named)

    def table(self, flows: ibis.Table) -> FeatureTable:
        """Features of all conversations that payload, names, or a long life make worth judging."""
        return self._table(stitched(flows, list(self.ledger.noted)), flows)

    def tables(self, flows: ibis.Table) -> Iterator[FeatureTable]:
        """Where payload or packets told of some, one table of all, as they are compared; else in parts."""
        if self.ledger.noted or len(self.rhythms.records()):
            yield self.table(flows)
        else:
            yield from self._parts(flows)

    def _parts(self, flows: ibis.Table) -> Iterator[FeatureTable]:
        """Tables of the long conversations. Those whose records are worth a look come last, for no other query runs
        while the parts come.
        """
        held: list[dict[str, Any]] = []
        for frame in long_ones(flows, self._least_seconds()):
            worth = np.zeros(len(frame["port"]), bool)
            worth[candidates(shape(frame) | {"sizes.known": np.zeros(len(worth))}, frame["unseen"])] = True
            held.append({name: column[worth] for name, column in frame.items()})
            yield self._table({name: column[~worth] for name, column in frame.items()}, None)
        if held:
            yield self._table({name: np.concatenate([part[name] for part in held]) for name in held[0]}, flows)

    def _least_seconds(self) -> float:
        """How long a conversation lasts at least of which any rule tells, if there are records alone to go by."""
        told = [-math.inf if one is None else least(one, "shape.seconds", _BY_RECORDS) for one in self.required]
        return min(*told, LEAST_SECONDS) if told else LEAST_SECONDS

    def _table(self, frame: dict[str, Any], flows: ibis.Table | None) -> FeatureTable:
        """Features of what was stitched; with ``flows``, also what their records tell of messages."""
        n = len(frame["port"])
        keys = pack_keys(frame["client"], frame["server"], frame["port"], frame["protocol"])
        noted = self._noted(keys)
        columns = shape(frame) | self._payload(noted) | self._names(noted, frame)
        columns["ports.pool"] = np.isin(frame["port"], list(POOL_PORTS)).astype(np.float64)
        columns["ports.rare"] = np.isin(frame["port"], self.names.rare_ports()).astype(np.float64)
        columns["ports.service"] = _of_another_service(frame["port"], frame["protocol"], self._listed_ports())
        columns |= self._rhythm(keys, frame)
        if flows is not None:
            rows = candidates(columns, frame["unseen"])
            fill(columns, rows, lambda rows, most: first_records(flows, _keys_at(keys, rows), most))
        columns["aggregate.accounts"] = np.array([np.nan if e is None else float(len(e.users)) for e in noted])
        columns["aggregate.sessions"] = _like_a_miners_sessions(columns)
        columns["aggregate.splits"] = np.array([np.nan if e is None else splits(e.ranges) for e in noted])
        if "sizes.client_count" in columns:
            columns["aggregate.shares"] = _miners_by_shares(columns)
        flipped = np.array([entry is not None and entry.flipped for entry in noted], bool)
        client, server = from_octets(frame["client"]), from_octets(frame["server"])
        client, server = (
            np.where(flipped[:, None], server, client),
            np.where(flipped[:, None], client, server),
        )
        own_server = frame["own_server"] & ~frame["own_client"]
        return FeatureTable(
            subject=np.where(own_server[:, None], server, client),
            peer=np.where(own_server[:, None], client, server),
            port=frame["port"].astype(np.uint16),
            protocol=frame["protocol"].astype(np.uint8),
            since=frame["since"],
            until=frame["until"],
            octets=frame["octets"],
            packets=frame["packets"],
            flows=frame["records"].astype(np.float64),
            peers=np.ones(n, np.int64),
            columns=columns,
            facts=lambda row: (
                self._port_coin(int(frame["port"][row])) | facts_of(noted[row], self.options, columns, row)
            ),
            references=lambda row: tuple(entry.references) if (entry := noted[row]) else _first(frame, row),
            quality=lambda row: _quality(columns, row),
        )

    def _noted(self, keys: np.ndarray) -> list[Noted | None]:
        """What payload told of each conversation; of most there is nothing, as they come from flow exports."""
        if not self.ledger.noted:
            return [None] * len(keys)
        return [self.ledger.noted.get(key.tobytes()) for key in keys]

    def _listed_ports(self) -> np.ndarray:
        return np.array(sorted({port for pool in self.names.pools.values() for port in pool.ports}), np.int64)

    def _port_coin(self, port: int) -> dict[str, object]:
        """The coin that the port hints at, for want of anything better."""
        coin, hosts = self.names.port_coin(port)
        return {"coin": coin, "coin_by": f"port {port}, as {hosts} listed pools of {coin} use"} if coin else {}

    def _payload(self, noted: list[Noted | None]) -> dict[str, np.ndarray]:
        columns = {name: np.full(len(noted), np.nan) for name in PAYLOAD}
        for row, entry in enumerate(noted):
            if entry is None:
                continue
            for name in PAYLOAD.keys() - BY_RECORD:
                columns[name][row] = entry.hits[name.partition(".")[2]]
            columns["payload.seen"][row] = 1
            columns["payload.miner_agent"][row] = any(is_miner(agent) for agent in entry.agents)
        for kind in ("no_sni", "no_alpn", "browser"):
            if not self.ledger.noted:
                columns[f"handshake.{kind}"] = np.full(len(noted), np.nan)
                continue
            hits = np.array([np.nan if e is None or not e.hits["no_sni"] else float(e.hits[kind] > 0) for e in noted])
            columns[f"handshake.{kind}"] = hits
        return columns

    def _names(self, noted: list[Noted | None], frame: dict[str, Any]) -> dict[str, np.ndarray]:
        kinds = ("confirmed", "listed", "pattern", "asked", "asked_confirmed")
        columns = {f"names.{kind}": np.full(len(noted), np.nan) for kind in kinds}
        if not self.ledger.noted and not self.ledger.answers:
            return columns
        for row, entry in enumerate(noted):
            answered = self.ledger.answers.get(frame["server"][row].tobytes())
            for kind, value in names_of(entry, answered, self.names).items():
                columns[f"names.{kind}"][row] = value
        return columns

    def _rhythm(self, keys: np.ndarray, frame: dict[str, Any]) -> dict[str, np.ndarray]:
        records, n = self.rhythms.records(), len(keys)
        if not len(records) or not n:
            return {"sizes.known": np.zeros(n)}
        order = np.argsort(keys)
        at = np.minimum(np.searchsorted(keys[order], records["key"]), n - 1)
        entity = order[at]
        held = keys[entity] == records["key"]
        records, entity = records[held], entity[held].astype(np.int64)
        columns = rhythm.features(records, entity, n)
        chosen = columns["sizes.score"] >= 6
        return columns | {"timing.synchrony": rhythm.synchrony(records, entity, n, chosen)}

    @classmethod
    def from_payload(cls, client: bytes, server: bytes) -> dict[str, float]:
        """Counts of messages in one flow's heads."""
        sent, received = unwrapped(client), unwrapped(server)
        seen = messages(sent, CLIENT) | messages(received, SERVER)
        told = {name: float(name.partition(".")[2] in seen) for name in PAYLOAD}
        agents = [v for k, v in fields(sent).items() if k in ("agent", "subscribe", "subscribe_first", "user_agent")]
        return told | {"payload.seen": 1.0, "payload.miner_agent": float(any(map(is_miner, agents)))}


def shape(frame: dict[str, Any]) -> dict[str, np.ndarray]:
    """Columns ``shape.*``, ``context.*`` and ``quality.*`` from stitched counters.

    Shape is not available where one packet in more than a hundred was seen and these are few.
    """
    seconds = (frame["until"] - frame["since"]) / 1e9
    minutes = np.maximum(seconds, 1.0) / 60
    with np.errstate(divide="ignore", invalid="ignore"):
        client = frame["client_octets"] / np.where(frame["client_packets"] > 0, frame["client_packets"], np.nan)
        server = frame["server_octets"] / np.where(frame["server_packets"] > 0, frame["server_packets"], np.nan)
        ratio = frame["client_octets"] / np.where(frame["server_octets"] > 0, frame["server_octets"], np.nan)
    columns = {
        "shape.seconds": seconds,
        "shape.packets_per_minute": frame["packets"] / minutes,
        "shape.client_packet_octets": client,
        "shape.server_packet_octets": server,
        "shape.octet_ratio": ratio,
        "shape.rate": frame["octets"] * 8 / np.maximum(seconds, 1.0),
        "shape.spread": np.where(frame["records"] >= 4, frame["spread"], np.nan),
        "shape.dispersion": np.where(frame["paced"] >= 5, frame["dispersion"], np.nan),
        "shape.records": frame["records"].astype(np.float64),
        "shape.one_connection": frame["one_port"].astype(np.float64),
        "shape.tcp": (frame["protocol"] == 6).astype(np.float64),
        "shape.payload_flags": np.where(
            frame["flagged"] > 0, frame["pushing"] / np.maximum(frame["flagged"], 1), np.nan
        ),
        "context.clients": frame["clients"] if "clients" in frame else _clients(frame),
        "context.sessions": frame["sessions"],
        "context.hours": frame["hours"].astype(np.float64),
        "scope.own_client": np.where(frame["scoped"], frame["own_client"], np.nan),
        "scope.own_server": np.where(frame["scoped"], frame["own_server"], np.nan),
        "quality.sampling": frame["sampling"].astype(np.float64),
        "context.presence": np.minimum(frame["hours"] / np.maximum(np.ceil(seconds / 3600), 1), 1.0),
        "quality.packets": frame["seen"].astype(np.float64),
        "quality.least_packets": np.minimum(frame["client_packets"], frame["server_packets"]) / frame["sampling"],
        "aggregate.miners": _miners(frame, minutes),
    }
    thin = (frame["sampling"] > 100) & (frame["seen"] < 500)
    for name in columns:
        if name.startswith(("shape.", "aggregate.")):
            columns[name] = np.where(thin, np.nan, columns[name])
    return columns


def _miners_by_shares(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Miners that the shares need at least, at one per miner in 5 s; NaN where shares cannot be told.

    Shares are answered client messages of the commonest size. Pools set the difficulty so that one miner finds a share
    in 5 s at most (5th percentile measured: 4.8 s), but it starts too low, so less than ten minutes say nothing.
    """
    shares = columns["sizes.client_count"] * columns["timing.answered"]
    told = (columns["shape.seconds"] >= 600) & (columns["sizes.client_count"] >= 0.6 * columns["sizes.client_messages"])
    told &= columns["timing.client_cv"] >= 0.4
    least: np.ndarray = np.where(told, np.ceil(shares / np.maximum(columns["shape.seconds"], 1.0) * 5.0), np.nan)
    return least


def _like_a_miners_sessions(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Sessions at once where messages are a miner's by their sizes and ten minutes were seen; else NaN."""
    told = (columns["shape.seconds"] >= 600) & (columns.get("sizes.score", columns["sizes.known"] * np.nan) >= 8)
    sessions: np.ndarray = np.where(told, columns["context.sessions"], np.nan)
    return sessions


def _miners(frame: dict[str, Any], minutes: np.ndarray) -> np.ndarray:
    """Miners that the client's upload needs at least, if it is shares.

    Payload over 250 octets (the largest common share) counts shares; pools set the difficulty so that one miner finds
    one in 5 s at most (5th percentile measured: 4.8 s). NaN for less than ten minutes, in which a first difficulty that
    is too low shows, and for packets so large that they hold Equihash solutions.
    """
    payload = frame["client_octets"] - 52.0 * frame["client_packets"]
    small = frame["client_octets"] <= 400.0 * frame["client_packets"]
    least: np.ndarray = np.ceil(np.maximum(payload, 0.0) / 250.0 / minutes / 12.0)
    return np.where(small & (minutes >= 10), least, np.nan)


def _of_another_service(port: np.ndarray, protocol: np.ndarray, pools: np.ndarray) -> np.ndarray:
    """1.0 where a port is that of a known service (over TCP of no listed pool, over UDP of no tunnel), 0.0 where a TCP
    port is of neither, else NaN.
    """
    over_tcp, over_udp = by_port()[:, np.clip(port, 0, 65535).astype(np.int64)]
    listed, dynamic = np.isin(port, pools), port >= DYNAMIC
    known: np.ndarray = np.where((protocol != TCP) | listed | dynamic, np.nan, (over_tcp > 0).astype(np.float64))
    known[(protocol == UDP) & (over_udp > 0) & ~np.isin(over_udp, _TUNNELS)] = 1.0
    return known


def _clients(frame: dict[str, Any]) -> np.ndarray:
    """How many conversations of the table go to the same server, port and protocol."""
    service = np.concatenate(
        [frame["server"], frame["port"].astype(">u2").view(np.uint8).reshape(-1, 2), frame["protocol"][:, None]], axis=1
    ).astype(np.uint8)
    packed = np.ascontiguousarray(service).view(f"V{service.shape[1]}").reshape(-1)
    _, which, count = np.unique(packed, return_inverse=True, return_counts=True)
    clients: np.ndarray = count[which].astype(np.float64)
    return clients


def _keys_at(keys: np.ndarray, rows: np.ndarray) -> list[bytes]:
    return [key.tobytes() for key in keys[rows]]


def _first(frame: dict[str, Any], row: int) -> tuple[str, ...]:
    return (f"{int(frame['input'][row])}#{int(frame['first_frame'][row])}",)


def _quality(columns: dict[str, np.ndarray], row: int) -> tuple[str, ...]:
    flags = []
    if columns["quality.sampling"][row] > 1:
        flags.append("sampled")
    if np.isnan(columns["shape.client_packet_octets"][row]) or np.isnan(columns["shape.server_packet_octets"][row]):
        flags.append("one direction")
    if np.isnan(columns["payload.seen"][row]):
        flags.append("no payload seen")
    if "sizes.rebuilt" in columns and columns["sizes.rebuilt"][row] == 1:
        flags.append("sizes from flow records")
    return tuple(flags)
