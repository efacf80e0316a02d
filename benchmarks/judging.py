"""What fingerprints cost beside packets to flows: CPU seconds of each step in one process, and their ratio.

    python benchmarks/judging.py [--copies N | --packets N [--flood] | --file CAPTURE]

Packets to flows is reading, metering and writing the flow records (what ``netwatch meter`` does); fingerprints are
recognising payload, concluding verdicts over all records and giving each record its class. Kernels and queries are
compiled beforehand on a small capture, as they are kept between runs of a monitor. Ordinary traffic is an office's hour
(``captures/ordinary-office``), N times, each time an hour later and by other addresses; ``--packets`` is made of
headers alone, ``--flood`` a SYN from as many sources.
"""

from __future__ import annotations

import argparse
import gzip
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from packets import traffic

from netwatch.fingerprint import Fingerprinter
from netwatch.meter import Meter, MeterOptions
from netwatch.model.flows import rebatched
from netwatch.model.packets import Packets
from netwatch.read import ReadOptions, open_inputs
from netwatch.scope import Scope, ScopeOptions
from netwatch.store import FlowStore

BATCH = 65_536
OFFICE = Path(__file__).parents[1] / "captures" / "ordinary-office" / "ordinary-office.pcap.gz"
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


def offices(path: Path, copies: int) -> None:
    """Write N hours of the kept office, in each of which all addresses have another second octet."""
    whole = np.frombuffer(gzip.decompress(OFFICE.read_bytes()), np.uint8)
    at, times, octets = 24, [], []
    while at < len(whole):
        size = int(whole[at + 8 : at + 12].view("<u4")[0])
        times.append(at)
        if whole[at + 28] == 8 and whole[at + 29] == 0:
            octets += [at + 16 + 14 + 13, at + 16 + 14 + 17]
        at += 16 + size
    stamps = np.array(times)[:, None] + np.arange(4)
    with path.open("wb") as file:
        file.write(whole[:24].tobytes())
        for copy in range(copies):
            hour = whole.copy()
            seconds = hour[stamps].copy().view("<u4").ravel() + np.uint32(3600 * copy)
            hour[stamps] = seconds.astype("<u4").view(np.uint8).reshape(-1, 4)
            hour[octets] ^= np.uint8(copy % 256)
            file.write(hour[24:].tobytes())


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=60)
    parser.add_argument("--packets", type=int)
    parser.add_argument("--flood", action="store_true")
    parser.add_argument("--file", type=Path)
    chosen = parser.parse_args()
    judge(WARM, "175.45.176.0/22")
    with tempfile.TemporaryDirectory() as folder:
        capture = chosen.file or Path(folder) / "traffic.pcap"
        if chosen.packets:
            traffic(capture, chosen.packets, 96, flood=chosen.flood)
        elif chosen.file is None:
            offices(capture, chosen.copies)
        spent, flows, verdicts = judge(capture, "198.51.100.0/24" if chosen.flood else "0.0.0.0/1")
    for step, seconds in spent.seconds.items():
        print(f"{step:10} {seconds:8.2f} CPU s")
    base = sum(spent.seconds[step] for step in ("read", "meter", "write"))
    added = sum(spent.seconds[step] for step in ("observe", "conclude", "classify"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{flows:,} flows, {verdicts} verdicts, {memory:,.0f} MB; packets to flows {base:.2f} CPU s")
    print(f"fingerprints {added:.2f} CPU s: {added / base:.0%} of packets to flows")


if __name__ == "__main__":
    main()
