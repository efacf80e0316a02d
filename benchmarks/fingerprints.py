"""Classes found on the labelled captures of the shared data set, against their labels.

    python benchmarks/fingerprints.py [FOLDER...] [--each] [--data DIR]

Prints per folder: captures, flows, verdicts of mining and of attacks, and every capture whose verdicts do not fit its
label. A capture labelled mining is found when a verdict of ``mining.*`` is told of it; any such verdict elsewhere is a
false positive.
"""

from __future__ import annotations

import argparse
import csv
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from netwatch.errors import NetwatchError
from netwatch.fingerprint import Fingerprinter
from netwatch.meter import Meter, MeterOptions
from netwatch.model.packets import Packets
from netwatch.model.taxonomy import CLASSES
from netwatch.model.verdict import Verdict
from netwatch.read import ReadOptions, open_inputs
from netwatch.store import FlowStore

DATA = Path(__file__).parents[2] / "shared" / "data"


def judged(path: Path) -> tuple[int, Counter[str], list[Verdict]]:
    """Flows, their classes, and the verdicts of one file."""
    meter, fingerprinter = Meter(MeterOptions()), Fingerprinter()
    with FlowStore.scratch() as store:
        for batch in open_inputs([path], ReadOptions()):
            store.append(fingerprinter.observe(meter.add(batch) if isinstance(batch, Packets) else batch))
        store.append(fingerprinter.observe(meter.finish()))
        store.flush()
        verdicts = fingerprinter.conclude(store.table)
        classes: Counter[str] = Counter()
        for flows in store.batches():
            classes.update(CLASSES[code] for code in fingerprinter.classify(flows)["traffic_class"])
        return store.rows, classes, verdicts


def labelled(data: Path, folders: list[str]) -> list[tuple[Path, str]]:
    """Files with captures or exports of these folders, and their labels."""
    with (data / "manifest.csv").open() as lines:
        rows = [r for r in csv.DictReader(lines) if r["file"].split("/")[0] in folders]
    chosen = [r for r in rows if r["format"].startswith(("pcap", "pcapng", "netflow", "ipfix", "nfcapd", "sflow"))]
    return [(data / r["file"], r["label"]) for r in chosen if (data / r["file"]).is_file()]


def told(verdict: Verdict) -> str:
    """One verdict in a line."""
    return (
        f"{verdict.class_id} {verdict.confidence} {verdict.posterior:.3f} {verdict.role} {verdict.basis} "
        f"{verdict.subject} > {verdict.peer}:{verdict.port} {verdict.facts.get('coin', '')}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", default=["mining", "attack", "benign", "protocols"])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--each", action="store_true", help="print every verdict")
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, _late)
    sums: dict[str, Counter[str]] = {}
    began = time.perf_counter()
    for path, label in labelled(options.data, options.folders):
        kind = label.partition(":")[0]
        count = sums.setdefault(kind, Counter())
        signal.alarm(60)
        try:
            flows, classes, verdicts = judged(path)
        except NetwatchError as fault:
            count["refused"] += 1
            print(f"refused  {label:28} {path.relative_to(options.data)}: {fault}")
            continue
        finally:
            signal.alarm(0)
        count["captures"] += 1
        count["flows"] += flows
        mining = [v for v in verdicts if v.class_id.startswith("mining.") and v.class_id != "mining.contact"]
        attack = [
            v for v in verdicts if v.class_id.startswith(("dos.", "scan.", "bruteforce.", "c2.", "exfil.", "worm."))
        ]
        count["with mining"] += bool(mining)
        count["mining above suspected"] += any(v.posterior >= 0.9 for v in mining)
        count["with attack"] += bool(attack)
        count["mining flows"] += sum(n for name, n in classes.items() if name.startswith("mining."))
        expected = label == "mining"
        if options.each or bool(mining) != expected or (kind == "benign" and attack):
            print(f"{'ok' if bool(mining) == expected else 'MISS' if expected else 'FALSE':8} {label:28} "
                  f"{path.relative_to(options.data)} {flows} flows {dict(classes.most_common(4))}")  # fmt: skip
            for verdict in verdicts if options.each else mining + attack:
                print(f"         {told(verdict)}")
    for kind, count in sorted(sums.items()):
        print(f"{kind:10} " + ", ".join(f"{name} {n:,}" for name, n in count.items()))
    print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)


def _late(_signal: int, _frame: object) -> None:
    raise TimeoutError("a minute for one capture")


if __name__ == "__main__":
    main()
