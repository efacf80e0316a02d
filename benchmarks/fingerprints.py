"""Classes found on the labelled captures of the shared data set, against their labels.

    python benchmarks/fingerprints.py [FOLDER...] [--each] [--all] [--data DIR]

Prints one table: for each label and for each kind of input (packets, and every export format derived from packets) how
many captures have a verdict of the label's class, of another class, or none; how many captures and flows are called
mining or attack without being labelled so; and below it every capture whose verdicts do not fit its label. Verdicts
count from "suspected" (posterior 0.5), as the tool tells them. No scope is set, so roles are not judged.
"""

from __future__ import annotations

import argparse
import csv
import signal
import sys
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import ibis
import numpy as np

from netwatch.errors import NetwatchError
from netwatch.fingerprint import Fingerprinter
from netwatch.meter import Meter, MeterOptions
from netwatch.model.flows import Flows
from netwatch.model.packets import Packets
from netwatch.model.taxonomy import CODE, family
from netwatch.model.verdict import Verdict
from netwatch.read import ReadOptions, open_inputs
from netwatch.store.schema import to_arrow

DATA = Path(__file__).parents[2] / "shared" / "data"
FOLDERS = ("mining", "attack", "benign", "protocols", "derived", "mixed")
READABLE = ("pcap", "netflow", "ipfix", "nfcapd", "sflow", "zeek", "argus")
SECONDS = 60

EXPECTED: dict[str, tuple[str, ...]] = {
    "mining": ("mining.",),
    "mining:p2p-node": ("chain.",),
    "attack:bruteforce-ftp": ("bruteforce.ftp",),
    "attack:bruteforce-ssh": ("bruteforce.ssh",),
    "attack:c2-quic-beacon": ("c2.beacon",),
    "attack:ddos-amp-isakmp": ("dos.reflection.",),
    "attack:ddos-synflood": ("dos.flood.syn",),
    "attack:ddos-tcp-reflection": ("dos.reflection.tcp",),
    "attack:ddos-udpflood": ("dos.flood.udp",),
    "attack:dhcp-flood": ("dos.flood.",),
    "attack:dns-nxdomain-flood": ("dos.flood.", "c2.dga"),
    "attack:dns-tunnel": ("c2.dns_tunnel", "exfil.dns"),
    "attack:dos-dnp3-flood": ("dos.flood.",),
    "attack:exfil-dns": ("exfil.dns", "c2.dns_tunnel"),
    "attack:scan-ack": ("scan.stealth",),
    "attack:scan-fin": ("scan.stealth",),
    "attack:scan-null": ("scan.stealth",),
    "attack:scan-window": ("scan.stealth",),
    "attack:scan-xmas": ("scan.stealth",),
    "attack:scan-icmp-sweep": ("scan.icmp",),
    "attack:scan-syn-horizontal": ("scan.horizontal", "scan.block"),
    "attack:scan-syn-vertical": ("scan.vertical", "scan.block"),
    "attack:scan-udp-vertical": ("scan.udp",),
    "attack:slowloris": ("dos.slow",),
}
"""Classes, or beginnings of them, that a label calls for; other labels ``attack:scan...`` call for any scan."""


class Judged(NamedTuple):
    """What became of one file. ``flows`` by family of their class."""

    label: str
    kind: str
    path: str
    flows: Counter[str]
    verdicts: list[Verdict]


def judge(path: Path, engine: Any) -> tuple[Counter[str], list[Verdict]]:
    """Flows by family and verdicts of one file, on the program's own way from octets to classes."""
    meter, fingerprinter = Meter(MeterOptions()), Fingerprinter()
    batches: list[Flows] = []
    for batch in open_inputs([path], ReadOptions()):
        batches.append(fingerprinter.observe(meter.add(batch) if isinstance(batch, Packets) else batch))
    batches.append(fingerprinter.observe(meter.finish()))
    flows = Flows.concatenate([Flows(batch.columns) for batch in batches])
    if not len(flows):
        return Counter(), []
    engine.con.register("flows", to_arrow(flows))
    verdicts = fingerprinter.conclude(engine.table("flows"))
    classes = np.bincount(fingerprinter.classify(flows)["traffic_class"], minlength=len(CODE))
    families: Counter[str] = Counter()
    for name, code in CODE.items():
        families["contact" if name == "mining.contact" else family(name)] += int(classes[code])
    return families, verdicts


def labelled(data: Path, folders: Sequence[str], references: bool) -> Iterator[tuple[Path, str, str]]:
    """Files with packets or Flow Records in these folders, their label, and what kind of input they are."""
    with (data / "manifest.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        folder, form = row["file"].split("/")[0], row["format"].lower()
        known = form.startswith(READABLE) or (references and "binetflow" in form)
        if folder in folders and known and (data / row["file"]).is_file():
            yield data / row["file"], row["label"], "packets" if folder != "derived" else _form(form)


def _form(form: str) -> str:
    for word in ("ipfix-biflow", "ipfix", "netflow-v5", "netflow-v9", "argus/ra csv", "argus"):
        if word in form.partition("from")[0]:
            return word
    return "nfcapd v1" if "layout v1" in form else "nfcapd v2"


def group(label: str) -> str:
    """The row of the table that a label counts in."""
    return label if label in EXPECTED or label.startswith("attack") else label.partition(":")[0]


def wanted(label: str) -> tuple[str, ...]:
    """Beginnings of the classes that a label calls for; nothing for benign traffic."""
    return EXPECTED.get(label, ("scan.",) if label.startswith("attack:scan") else ())


def alarms(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Verdicts of mining and of attacks; contact with a pool's name is neither."""
    return [v for v in verdicts if family(v.class_id) in ("mining", "attack") and v.class_id != "mining.contact"]


def right(judged: Judged) -> list[Verdict]:
    """The verdicts that the label calls for."""
    return [v for v in judged.verdicts if v.class_id.startswith(wanted(judged.label) or ("none",))
            and v.class_id != "mining.contact"]  # fmt: skip


def wrong(judged: Judged) -> list[Verdict]:
    """Alarms of a family that the label does not name."""
    own = {"mining": "mining", "attack": "attack"}.get(judged.label.split(":")[0], "")
    own = "" if judged.label == "mining:p2p-node" else own
    return [v for v in alarms(judged.verdicts) if family(v.class_id) != own]


def row(judged: Sequence[Judged]) -> Counter[str]:
    """The table's numbers for the files of one label and kind."""
    count: Counter[str] = Counter()
    for one in judged:
        own = one.label.split(":")[0] if one.label != "mining:p2p-node" else "chain"
        count["files"] += 1
        count["flows"] += one.flows.total()
        count["found"] += bool(right(one))
        count["likely"] += any(v.posterior >= 0.9 for v in right(one))
        count["other"] += not right(one) and bool(alarms(one.verdicts)) and bool(wanted(one.label))
        count["abstained"] += not right(one) and not alarms(one.verdicts) and bool(wanted(one.label))
        count["false files"] += bool(wrong(one))
        count["false, likely"] += any(v.posterior >= 0.9 for v in wrong(one))
        count["false verdicts"] += len(wrong(one))
        count["false flows"] += sum(n for name, n in one.flows.items() if name in ("mining", "attack") and name != own)
        count["own flows"] += one.flows[own]
    return count


COLUMNS = ("files", "flows", "found", "likely", "other", "abstained", "own flows",
           "false files", "false, likely", "false verdicts", "false flows")  # fmt: skip


def table(judged: Sequence[Judged]) -> Iterator[str]:
    """The table in Markdown, packets first."""
    groups: dict[tuple[bool, str, str], list[Judged]] = defaultdict(list)
    for one in judged:
        groups[one.kind != "packets", one.kind, group(one.label)].append(one)
    yield "| input | label | " + " | ".join(COLUMNS) + " |"
    yield "|---|---|" + "--:|" * len(COLUMNS)
    for (_, kind, label), members in sorted(groups.items()):
        count = row(members)
        known = wanted(members[0].label)
        cells = ["" if not known and name in COLUMNS[2:7] else f"{count[name]:,}" for name in COLUMNS]
        yield f"| {kind} | {label} | " + " | ".join(cells) + " |"


BINS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.99, 1.01)


def reliability(judged: Sequence[Judged]) -> Iterator[str]:
    """How often verdicts of a posterior are right, over two halves of the origins of the files; right is what the
    file's label names, or any attack where it names one.

    Brier score and expected calibration error are over told verdicts, so from posteriors of 0.5; files, not networks,
    set the base rate.
    """
    yield "| origins | posterior | verdicts | mean posterior | right |"
    yield "|---|---|--:|--:|--:|"
    for half in (0, 1):
        pairs = [(v.posterior, v not in wrong(one)) for one in judged for v in alarms(one.verdicts)
                 if zlib.crc32(one.path.split("/")[1].encode()) % 2 == half]  # fmt: skip
        said = np.array([p for p, _ in pairs])
        held = np.array([h for _, h in pairs], float)
        error = 0.0
        for low, high in pairwise(BINS):
            inside = (said >= low) & (said < high)
            if inside.any():
                mean, share = said[inside].mean(), held[inside].mean()
                error += abs(mean - share) * inside.mean()
                row = f"{low:g} to {min(high, 1):g} | {inside.sum()} | {mean:.3f} | {share:.3f}"
                yield f"| {'first' if not half else 'second'} half | {row} |"
        if len(said):
            yield f"Brier {((said - held) ** 2).mean():.4f}, expected calibration error {error:.4f}"


def told(verdict: Verdict) -> str:
    """One verdict in a line."""
    return (
        f"{verdict.class_id} {verdict.posterior:.3f} {verdict.role} {verdict.basis} {verdict.subject} > "
        f"{verdict.peer}:{verdict.port} {verdict.flows:.0f} flows {verdict.facts.get('coin', '')}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", default=FOLDERS)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--each", action="store_true", help="print every file with its verdicts")
    parser.add_argument("--all", action="store_true", help="also tables that are labelled by flow")
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, _late)
    began = time.perf_counter()
    engine = ibis.duckdb.connect(threads=2)
    judged: list[Judged] = []
    for path, label, kind in labelled(options.data, options.folders, options.all):
        name = str(path.relative_to(options.data))
        signal.alarm(SECONDS)
        try:
            judged.append(Judged(label, kind, name, *judge(path, engine)))
        except NetwatchError as fault:
            print(f"refused {label} {name}: {fault}", file=sys.stderr)
            continue
        finally:
            signal.alarm(0)
        fits = bool(right(judged[-1])) == bool(wanted(label)) and not wrong(judged[-1])
        if options.each or not fits:
            print(f"{'ok' if fits else 'MISFIT'} {kind} {label} {name}: {judged[-1].flows.total()} flows")
            for verdict in judged[-1].verdicts if options.each else alarms(judged[-1].verdicts)[:6]:
                print(f"    {told(verdict)}")
    print(*table(judged), "", *reliability(judged), sep="\n")
    print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)


def _late(_signal: int, _frame: object) -> None:
    raise TimeoutError(f"{SECONDS} s for one file")


if __name__ == "__main__":
    main()
