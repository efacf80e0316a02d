"""What fingerprints cost beside packets to flows: CPU seconds of each step in one process, and their ratio.

    python benchmarks/judging.py [--packets N] [--flood] [--file CAPTURE]

Packets to flows is reading, metering and writing the flow records (what ``netwatch meter`` does); fingerprints are
recognising payload, concluding verdicts over all records and giving each record its class. Kernels and queries are
compiled beforehand on a small capture, as they are kept between runs of a monitor.

"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from packets import traffic

from netwatch.fingerprint import Fingerprinter
from netwatch.meter import Meter, MeterOptions
from netwatch.model.flows import rebatched
from netwatch.model.packets import Packets
from netwatch.read import ReadOptions, open_inputs
from netwatch.scope import Scope, ScopeOptions
from netwatch.store import FlowStore

BATCH = 65_536
WARM = Path(__file__).parents[1] / "captures" / "mixed-hour" / "mixed-hour.pcap.gz"


class Spent:
    """CPU seconds of this process by step, all threads."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def on(self, step: str, work: Callable[..., Any], *given: Any) -> Any:
        """Do the work and book its time."""
        began = time.process_time()
        result = work(*given)
        self.seconds[step] += time.process_time() - began  # type: ignore[assignment]
        return result


def judge(path: Path, prefix: str) -> tuple[Spent, int, int]:
    """The program's own way from octets to classified flows; (time spent, flows, verdicts)."""
    spent, meter, stage = Spent(), Meter(MeterOptions()), Fingerprinter()
    scope = Scope.build(ScopeOptions(prefix=(prefix,)))
    inputs = iter(open_inputs([path], ReadOptions()))

    def metered():  # type: ignore[no-untyped-def]
        while (batch := spent.on("read", next, inputs, None)) is not None:
            yield spent.on("meter", meter.add, batch, 16_384) if isinstance(batch, Packets) else batch
        drain = iter(meter.drain())
        while (flows := spent.on("meter", next, drain, None)) is not None:
            yield flows

    with FlowStore.scratch() as store:
        for flows in rebatched(metered(), BATCH):
            observed = spent.on("observe", stage.observe, spent.on("scope", scope.annotate, flows))
            spent.on("write", store.append, observed)
        spent.on("write", store.flush)
        verdicts = spent.on("conclude", stage.conclude, store.table)
        for flows in store.batches():
            spent.on("classify", stage.classify, flows)
        return spent, store.rows, len(verdicts)


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packets", type=int, default=2_000_000)
    parser.add_argument("--flood", action="store_true")
    parser.add_argument("--file", type=Path)
    parser.add_argument("--prefix", default="10.0.0.0/8")
    chosen = parser.parse_args()
    judge(WARM, "175.45.176.0/22")
    with tempfile.TemporaryDirectory() as folder:
        capture = chosen.file or Path(folder) / "traffic.pcap"
        if chosen.file is None:
            traffic(capture, chosen.packets, 96, flood=chosen.flood)
        spent, flows, verdicts = judge(capture, "198.51.100.0/24" if chosen.flood else chosen.prefix)
    for step, seconds in spent.seconds.items():
        print(f"{step:10} {seconds:8.2f} CPU s")
    base = sum(spent.seconds[step] for step in ("read", "meter", "write"))
    added = sum(spent.seconds[step] for step in ("observe", "conclude", "classify"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{flows:,} flows, {verdicts} verdicts, {memory:,.0f} MB; packets to flows {base:.2f} CPU s")
    print(f"fingerprints {added:.2f} CPU s: {added / base:.0%} of packets to flows")


if __name__ == "__main__":
    main()
