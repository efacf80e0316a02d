"""Recall of mining and false alarms by flow, among flows that live long enough to be judged without payload.

    python benchmarks/long_flows.py [--data DIR] [--only WORD] [--features FILE.npz] [--seeds N]

A flow is *eligible* when its stitched records span two minutes or more and eight packets or more were seen each way
(the least that the size atoms and the published flow classifiers ask for). Each capture is judged as it is (payload),
with its payload cut off (headers), and as Flow Records of exporters with active/idle timeouts of 1800/15, 300/65 and
60/30 s; files of exports as they are. Truth of a capture's flows: patterns over single TCP payloads, written apart from
the program's, or the pool that the manifest names. Generated sessions (generated.py) are known by their making:
odd seeds are for developing, even ones are held apart.
"""

from __future__ import annotations

import argparse
import csv
import pickle
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import ibis
import numpy as np
from calibration import precision, reliability
from generated import made, served
from series import series

from netwatch.errors import NetwatchError
from netwatch.fingerprint import Fingerprinter, FingerprintOptions
from netwatch.fingerprint.engine import weigh
from netwatch.fingerprint.features import FeatureTable
from netwatch.meter import Meter, MeterOptions
from netwatch.model.address import text
from netwatch.model.elements import Detail
from netwatch.model.flows import Flows
from netwatch.model.packets import Packets
from netwatch.read import ReadOptions, open_inputs
from netwatch.store.schema import to_arrow

DATA = Path(__file__).parents[2] / "shared" / "data"
TIMEOUTS = {"records 1800/15": (1800.0, 15.0), "records 300/65": (300.0, 65.0), "records 60/30": (60.0, 30.0)}
WAYS = {"": ("payload", "headers", *TIMEOUTS), "headers": ("headers", *TIMEOUTS)}
"""Ways in which captures are judged, by what they hold; exports in the one way that they are."""
ALONE = "records of Zeek, each flow alone"
FOLDERS = ("mining", "attack", "benign", "protocols", "derived")
TCP = 6
LEAST_SECONDS, LEAST_PACKETS = 120, 8
TELLTALE = re.compile(
    rb'"mining\.(subscribe|authorize|notify|submit|set_difficulty|set_target|extranonce\.subscribe|configure)"'
    rb'|"method"\s*:\s*"login"\s*,\s*"params"\s*:\s*\{\s*"login"|"blob"\s*:\s*"[0-9a-f]{100,}'
    rb'|"method"\s*:\s*"submit"\s*,\s*"params"\s*:\s*\{\s*"id"|"method"\s*:\s*"keepalived"'
    rb'|"eth_(submitLogin|submitWork|submitHashrate)"|"result"\s*:\s*\[\s*"0x[0-9a-f]{64}"\s*,\s*"0x[0-9a-f]{64}"'
)
"""What only mining says, as published (nDPI, zeek-cryptomining, XMRig's source)."""

Ends = frozenset[tuple[str, int]]


class Found(NamedTuple):
    """An eligible flow: what it is by truth (1 mining, 0 not), its likeliest class, posterior of mining, features."""

    source: str
    kind: str
    held: bool
    mining: bool
    class_id: str
    posterior: float
    named: str
    features: dict[str, float]


@dataclass(slots=True)
class Input:
    """A file: where it is from, its kind ("" for packets that are judged in every way), and the truth.

    ``mines``: both addresses and the port of mining flows; ``others``: whether flows that are not in ``mines`` are
    known not to be mining. ``labels``: what a generated session is, by its addresses. ``talks``: both addresses and
    ports of the flows whose payload says mining, of any length; ``coin``: what the manifest says is mined, if one.
    """

    path: Path
    source: str
    kind: str
    others: bool
    mines: set[tuple[frozenset[str], int]] = field(default_factory=set)
    held: bool = False
    labels: dict[frozenset[str], str] = field(default_factory=dict)
    talks: set[tuple[frozenset[str], int, int]] = field(default_factory=set)
    coin: str = ""


class Way:
    """One way of judging a capture: how its packets are metered and what is kept of them."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        timeouts = TIMEOUTS.get(kind)
        options = MeterOptions(active_timeout=timeouts[0], idle_timeout=timeouts[1]) if timeouts else MeterOptions()
        self._meter = Meter(options)
        self._fingerprinter = Fingerprinter(FingerprintOptions(report_from=0.0))
        self._batches: list[Flows] = []
        self._count = 0

    def add(self, batch: Packets | Flows) -> None:
        """Meter a batch and let the fingerprinter see it."""
        if isinstance(batch, Packets) and self.kind != "payload":
            rows = batch.rows.copy()
            rows["payload_captured"] = 0
            batch = Packets(rows, batch.octets, batch.input)
        self._observe(self._meter.add(batch) if isinstance(batch, Packets) else batch)

    def _observe(self, flows: Flows) -> None:
        exported = {**flows.columns, "detail": flows["detail"] & ~np.uint8(Detail.PACKETS)}
        bare = flows if self.kind in ("payload", "headers") else Flows(exported)
        if self.kind == ALONE:
            bare = apart(bare, self._count)
            self._count += len(flows)
        self._batches.append(self._fingerprinter.observe(bare))

    def judge(self, engine: Any) -> Iterator[tuple[FeatureTable, np.ndarray, np.ndarray]]:
        """The table of conversations, for each its likeliest class and the posterior of mining; nothing if empty."""
        self._observe(self._meter.finish())
        flows = Flows.concatenate([Flows(batch.columns) for batch in self._batches])
        if not len(flows):
            return
        engine.con.register("flows", to_arrow(flows))
        rules = [rule for rule in self._fingerprinter.rules if rule.entity == "conversation" and rule.class_id]
        rules = [rule for rule in rules if rule.class_id != "mining.contact"]
        mines = np.array([rule.class_id.startswith("mining.") for rule in rules])
        for table in self._fingerprinter.tables("conversation", engine.table("flows")):
            weighed = [weigh(rule, table, self._fingerprinter.options) for rule in rules]
            told = np.stack([np.where(w.told, w.posterior, 0.0) for w in weighed])
            posterior = np.where(mines[told.argmax(axis=0)], told[mines].max(axis=0), 0.0)
            yield table, np.array([rule.class_id for rule in rules])[told.argmax(axis=0)], posterior


def apart(flows: Flows, number: int) -> Flows:
    """The same flows, each with a server of its own, so that none is joined with another."""
    address = flows["destination_address"].copy()
    address[:, 1] = np.arange(number, number + len(flows), dtype=np.uint64) | np.uint64(0xFFFF_CB00_0000)
    return Flows({**flows.columns, "destination_address": address})


def judged(one: Input, engine: Any) -> Iterator[Found]:
    """The eligible flows of one file, in every way in which it is judged."""
    ways = [Way(kind) for kind in WAYS.get(one.kind, (one.kind,))]
    for batch in open_inputs([one.path], ReadOptions()):
        if isinstance(batch, Packets) and not one.others:
            one.talks |= set(telltales(batch))
            one.mines |= {(ends, port) for ends, *ports in one.talks for port in ports}
        for way in ways:
            way.add(batch)
    for way in ways:
        for table, classes, posterior in way.judge(engine):
            yield from eligible(one, way.kind, table, classes, posterior)
            if way.kind == "payload" and one.talks:
                yield from spoken(one, table, classes, posterior)


def spoken(one: Input, table: FeatureTable, classes: np.ndarray, posterior: np.ndarray) -> Iterator[Found]:
    """The flows whose payload says mining, of any length; ``features`` has "coin" 1 or 0 where it is known."""
    rows = {(frozenset((text(*s), text(*p))), int(port)): row
            for row, (s, p, port) in enumerate(zip(table.subject, table.peer, table.port, strict=True))}  # fmt: skip
    for ends, *ports in sorted(one.talks, key=lambda talk: (sorted(talk[0]), *talk[1:])):
        row = next((rows[ends, port] for port in ports if (ends, port) in rows), None)
        if row is None:
            yield Found(one.source, "payload, any length", False, True, "", 0.0, f"{one.path.name} {ends}", {})
            continue
        told = str(table.facts(row).get("coin", ""))
        right = {"coin": float(told == one.coin)} if one.coin else {}
        chance = float(posterior[row])
        yield Found(one.source, "payload, any length", False, True, str(classes[row]), chance, one.path.name, right)


def telltales(batch: Packets) -> Iterator[tuple[frozenset[str], int, int]]:
    """Both addresses and both ports of the TCP packets of which the payload says mining."""
    rows = batch.rows
    for at in np.flatnonzero((rows["protocol"] == TCP) & (rows["payload_captured"] > 8)):
        row = rows[at]
        octets = batch.octets[row["payload_start"] : row["payload_start"] + row["payload_captured"]].tobytes()
        if TELLTALE.search(octets):
            ends = frozenset((text(int(row["source_high"]), int(row["source_low"])),
                              text(int(row["destination_high"]), int(row["destination_low"]))))  # fmt: skip
            yield ends, int(row["source_port"]), int(row["destination_port"])


def eligible(one: Input, kind: str, table: FeatureTable, classes: np.ndarray, posterior: np.ndarray) -> Iterator[Found]:
    """The flows of a table that are long enough and of which the truth is known."""
    columns = table.columns
    long = (columns["shape.seconds"] >= LEAST_SECONDS) & (columns["quality.least_packets"] >= LEAST_PACKETS)
    for row in np.flatnonzero(long):
        ends = frozenset((text(*table.subject[row]), text(*table.peer[row])))
        source = one.labels.get(ends, one.source)
        mining = (ends, int(table.port[row])) in one.mines or source.startswith("generated mining")
        if not mining and not one.others:
            continue
        values = {name: float(column[row]) for name, column in columns.items() if not np.isnan(column[row])}
        named = f"{one.path.name} {' '.join(sorted(ends))} {table.port[row]}"
        yield Found(source, kind, one.held, mining, str(classes[row]), float(posterior[row]), named, values)


def labelled(data: Path, only: str) -> Iterator[Input]:
    """Captures and exports of the data set. Exports take their truth from the captures that they were made of."""
    with (data / "manifest.csv").open() as lines:
        rows = [row for row in csv.DictReader(lines) if only in row["file"]]
    for row in rows:
        if row["label"] == "flow-export:zeek" and (data / row["file"]).is_file():
            yield Input(data / row["file"], row["file"].split("/")[1], ALONE, True)
            continue
        folder, form = row["file"].split("/")[0], row["format"].lower()
        readable = form.startswith(("pcap", "nfcapd", "argus")) and (data / row["file"]).is_file()
        if not readable or folder not in FOLDERS or "argus 3" in form:
            continue
        if folder not in ("derived", "mining") and (
            float(row["duration_s"] or 0) < LEAST_SECONDS or int(row["packets"] or 0) < 16
        ):
            continue  # holds no eligible flow
        pool = re.search(r"pool (\d+(?:\.\d+){3}):(\d+)", _notes(data, row))
        mining = row["label"] == "mining"
        kind = "export" if folder == "derived" else "headers" if "no payload" in form else ""
        one = Input(data / row["file"], row["file"].split("/")[1], kind, not mining or pool is not None)
        coin = re.match(r"(XMR|ETH|ZEC):", row["notes"])
        one.coin = coin[1] if coin else ""
        if pool:
            one.mines = _Service(pool[1], int(pool[2]))  # type: ignore[assignment]
        yield one


class _Service(set[tuple[frozenset[str], int]]):
    """All pairs that one server at one port is in."""

    def __init__(self, server: str, port: int) -> None:
        super().__init__()
        self.server, self.port = server, port

    def __contains__(self, pair: object) -> bool:
        return isinstance(pair, tuple) and self.server in pair[0] and pair[1] == self.port


def _notes(data: Path, row: dict[str, str]) -> str:
    """Notes of a file, or of the one that it was rebuilt from."""
    if "headers rebuilt" not in row["format"]:
        return row["notes"]
    with (data / "manifest.csv").open() as lines:
        stem = row["origin_path"].partition("*")[0]
        return next(r["notes"] for r in csv.DictReader(lines) if stem and r["origin_path"].startswith(stem)
                    and "headers rebuilt" not in r["format"])  # fmt: skip


def survey(inputs: Sequence[Input], engine: Any) -> Iterator[Found]:
    """All eligible flows; exports last, so that the captures have told which flows mine."""
    known: set[tuple[frozenset[str], int]] = set()
    for one in sorted(inputs, key=lambda one: one.kind == "export"):
        if one.kind == "export" and not one.others:
            one.mines = known
        try:
            yield from judged(one, engine)
        except NetwatchError as fault:
            print(f"refused {one.path.name}: {fault}", file=sys.stderr)
        if not isinstance(one.mines, _Service) and one.kind == "":
            known |= one.mines


def table(found: Sequence[Found]) -> Iterator[str]:
    """Counts in Markdown, by way and source of the flows."""
    yield "| input | flows of | held apart | mining | suspected | likely | abstained | others | false | false, likely |"
    yield "|---|---|---|--:|--:|--:|--:|--:|--:|--:|"
    groups: dict[tuple[str, str, bool], Counter[str]] = defaultdict(Counter)
    for one in found:
        for source in (one.source, "all captures" if not one.source.startswith("generated") else ""):
            if not source:
                continue
            count = groups[one.kind, source, one.held]
            word = "mining" if one.mining else "others"
            count[word] += 1
            count["suspected" if one.mining else "false"] += one.posterior >= 0.5
            count["likely" if one.mining else "false, likely"] += one.posterior >= 0.9
    for (kind, source, held), count in sorted(groups.items()):
        count["abstained"] = count["mining"] - count["suspected"]
        cells = [f"{count[c]:,}" for c in ("mining", "suspected", "likely", "abstained", "others", "false",
                                           "false, likely")]  # fmt: skip
        yield f"| {kind} | {source} | {'yes' if held else ''} | " + " | ".join(cells) + " |"


def untold(one: Found) -> str:
    """What keeps the records of a flow from telling what it is; nothing where they can."""
    features = one.features
    for said, holds in (
        ("a tunnel over UDP: what an acknowledgement is long there cannot be told", features["shape.tcp"] == 0),
        ("a conversation of less than four minutes is not judged", features["shape.seconds"] < 240),
        ("three records or fewer: totals alone", features["shape.records"] <= 3),
        ("the client sends acknowledgements alone", features.get("shape.client_packet_octets", 0) < 45),
    ):
        if holds:
            return said
    return ""


def why(one: Found) -> str:
    """Why a mining flow of which no packets were seen was not told."""
    if one.features.get("sizes.rebuilt", 0) != 1:
        return untold(one) or "no message size makes the records come out"
    return untold(one) or "messages come out, but the evidence does not suffice"


def abstentions(found: Sequence[Found]) -> Iterator[str]:
    """Mining flows in Flow Records by length, how many of them records can tell, and why others were not told."""
    yield "| input | mining flows of | flows | suspected | records can tell | of these suspected | not told, and why |"
    yield "|---|---|--:|--:|--:|--:|---|"
    for kind in sorted({one.kind for one in found if one.kind.startswith(("records", "export")) and one.mining}):
        for name, low, high in (("under 10 minutes", 0, 600), ("10 minutes and more", 600, np.inf)):
            flows = [
                one for one in found if one.kind == kind and one.mining and low <= one.features["shape.seconds"] < high
            ]
            missed = Counter(why(one) for one in flows if one.posterior < 0.5)
            told = "; ".join(f"{count}: {reason}" for reason, count in missed.most_common())
            able = [one for one in flows if not untold(one)]
            cells = (len(flows), len(flows) - missed.total(), len(able), sum(one.posterior >= 0.5 for one in able))
            yield f"| {kind} | {name} | " + " | ".join(str(cell) for cell in cells) + f" | {told} |"


def judge_all(data: Path, only: str, seeds: Sequence[int], services: Sequence[int]) -> Iterator[Found]:
    """The eligible flows of all files, series and generated captures that are asked for."""
    engine = ibis.duckdb.connect(threads=2)
    yield from survey(list(labelled(data, only)) if data.is_dir() else [], engine)
    with tempfile.TemporaryDirectory() as folder:
        for name, mines, path, ends, port in series(data, Path(folder)) if not only else ():
            kind = "series in a VPN" if "vpn" in name and "novpn" not in name else "series"
            yield from judged(Input(path, kind, "", True, {(ends, port)} if mines else set()), engine)
    for capture in chain(made(seeds), served(services)):
        one = Input(capture.path, "generated", "", True, capture.mines, capture.held, capture.labels)
        yield from judged(one, engine)


def tell(found: Sequence[Found], each: bool) -> None:
    """All tables, and with ``each`` every flow that is missed or falsely told."""
    for one in found if each else ():
        if one.mining != (one.posterior >= 0.5):
            print(f"{'missed' if one.mining else 'FALSE'} {one.kind} {one.source} {one.named} {one.posterior:.3f}")
    coins = [one.features["coin"] for one in found if "coin" in one.features]
    long = [one for one in found if "any length" not in one.kind]
    print(*table(found), "", f"coin right: {sum(coins):.0f} of {len(coins)} flows", "", sep="\n")
    real = [one for one in long if not one.source.startswith("generated")]
    print("Captures and exports:", *precision(real), "", *abstentions(real), "", *reliability(long), sep="\n")
    held = [one for one in long if one.source.startswith("generated") and one.held]
    print("", "Generated, held apart:", *precision(held), "", *abstentions(held), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--only", default="", help="files whose path contains this, and no series")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3, 4], help="generated; even ones held apart")
    parser.add_argument("--services", type=int, nargs="*", default=[2, 4], help="the same, of ordinary services alone")
    parser.add_argument(
        "--each", action="store_true", help="print every mining flow that is missed and every false alarm"
    )
    parser.add_argument("--save", type=Path, help="write all eligible flows with their features here (pickle)")
    parser.add_argument("--saved", type=Path, nargs="*", help="print the tables of what was saved, instead")
    options = parser.parse_args()
    if options.saved:
        found = [Found(**one) for path in options.saved for one in pickle.loads(path.read_bytes())]
    else:
        found = list(judge_all(options.data, options.only, options.seeds, options.services))
    if options.save:
        options.save.write_bytes(pickle.dumps([one._asdict() for one in found]))
    tell(found, options.each)


if __name__ == "__main__":
    main()
