"""Three questions to stored flows, asked through Ibis, in SQL written by hand, and to nfdump over the same flows.

python benchmarks/queries.py [--flows 20000000] [--rounds 5] [--engine local[2]]

The flows are made up: addresses and ports by Zipf's law, a day's course, five classes. They are stored in a lake, and
written as nfcapd files from NetFlow version 5 messages that nfcapd receives on loopback. Times are CPU seconds of the
whole process for DuckDB and of the command for nfdump, ways taking turns; the smallest of the rounds counts.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "monitor"))

import five_minutes

from netwatch.model.address import MAPPED
from netwatch.model.elements import FLOW, JUDGED, SCOPED, Direction
from netwatch.model.flows import Flows, filled
from netwatch.model.taxonomy import CODE
from netwatch.store.engines import EMBEDDED, open_engine
from netwatch.store.filter import compile_filter
from netwatch.store.keys import Key
from netwatch.store.lake import Ingest, Lake
from netwatch.store.over_time import binned
from netwatch.store.top import largest

SECOND, DAY = 10**9, 86_400 * 10**9
START = 17_928 * DAY  # 2019-02-01
BATCH = 500_000
FIRST_AS, ASN = 64_496, 64_501
NETWORKS = 400
CLASSES = [
    CODE[name] for name in ("unknown", "mining.stratum.bitcoin", "attack.flood.syn", "web", "dns") if name in CODE
]
OCTETS, PACKETS = (
    f"({c}_delta_count + reverse_{c}_delta_count) * sampling_packet_interval" for c in ("octet", "packet")
)
BY_HAND = {
    "octets an hour by class, one AS": f"""
        select date_trunc('hour', flow_start) as bin, traffic_class, sum({OCTETS}) as octets from flows
        where source_as = {ASN} or destination_as = {ASN} group by all order by bin, traffic_class""",
    "20 largest destinations": f"""
        select destination_address, sum({OCTETS}) as octets, sum({PACKETS}) as packets, count(*) as flows
        from flows group by all
        order by octets desc, destination_address limit 20""",
    "sources an hour": """
        select date_trunc('hour', flow_start) as bin, count(distinct source_address) as sources from flows
        group by all order by bin""",
}


def batch(number: int, n: int, batches: int) -> Flows:
    """One batch of made-up flows, in order of time: those of one slice of the day."""
    rng = np.random.default_rng([7, number])
    slice_ns = DAY // batches
    start = START + number * slice_ns + np.sort(rng.integers(0, slice_ns, n)) // 1_000_000 * 1_000_000
    columns = {e.name: filled(e, n) for e in (*FLOW, *SCOPED, *JUDGED)}
    mapped = np.uint64(MAPPED)
    own = (175 << 24 | 45 << 16 | 176 << 8) + rng.zipf(1.3, n) % 1024
    other = (93 << 24) + rng.zipf(1.2, n) % 2_000_000
    source, destination = (np.stack([np.zeros(n, np.uint64), mapped + a.astype(np.uint64)], 1) for a in (other, own))
    packets = rng.zipf(1.6, n) % 10_000 + 1
    columns |= {
        "flow_start_nanoseconds": start,
        "flow_end_nanoseconds": start + rng.integers(0, 60_000, n) * 1_000_000,
        "source_address": source,
        "destination_address": destination,
        "source_transport_port": rng.integers(1024, 65_535, n).astype(np.uint16),
        "destination_transport_port": rng.choice([443, 80, 53, 3333, 22], n).astype(np.uint16),
        "protocol_identifier": np.full(n, 6, np.uint8),
        "packet_delta_count": packets,
        "octet_delta_count": packets * rng.integers(40, 1500, n),
        "source_as": (FIRST_AS + other % NETWORKS).astype(np.uint32),
        "direction": np.full(n, Direction.INBOUND, np.uint8),
        "traffic_class": rng.choice(CLASSES, n).astype(np.uint16),
        "watch": np.zeros(n, np.uint16),
    }
    return Flows(columns)


def as_version_5(flows: Flows) -> np.ndarray:
    """The flows as NetFlow version 5 records, times in ms of the exporter's uptime at the batch's end."""
    made = np.zeros(len(flows), five_minutes.RECORD)
    for name in ("source", "destination"):
        made[name] = flows[f"{name}_address"][:, 1] & np.uint64(0xFFFFFFFF)
        made[f"{name}_port"] = flows[f"{name}_transport_port"]
    made["packets"], made["octets"] = flows["packet_delta_count"], flows["octet_delta_count"]
    last = int(flows["flow_end_nanoseconds"].max())
    for name, column in (("first", "flow_start"), ("last", "flow_end")):
        made[name] = five_minutes.UPTIME - (last - flows[f"{column}_nanoseconds"]) // 1_000_000
    made["protocol"], made["flags"] = 6, 0x1B
    made["source_as"], made["input"] = flows["source_as"], flows["source_as"] - FIRST_AS
    return made


def messages(flows: Flows) -> np.ndarray:
    """uint8 (messages, octets): whole messages of 30 records."""
    records = as_version_5(flows)
    records = records[: len(records) // 30 * 30].reshape(-1, 30)
    last = int(flows["flow_end_nanoseconds"].max())
    head = np.zeros(len(records), five_minutes.HEADER)
    head["version"], head["count"], head["uptime"] = 5, 30, five_minutes.UPTIME
    head["seconds"], head["nanoseconds"] = last // SECOND, last % SECOND
    body = records.view(np.uint8).reshape(len(records), -1)
    return np.concatenate([head.view(np.uint8).reshape(len(records), -1), body], axis=1)


@contextlib.contextmanager
def collector(directory: Path) -> Iterator[int]:
    """nfcapd on loopback; its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["nfcapd", "-b", "127.0.0.1", "-p", str(port), "-w", str(directory), "-B", "64000000", "-t", "3600"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    try:
        yield port
    finally:
        time.sleep(2)
        running.send_signal(signal.SIGTERM)
        running.wait(60)


def build(directory: Path, count: int) -> Lake:
    """The lake, and beside it the same flows as nfcapd files where nfcapd is installed."""
    lake = Lake(directory / "store")
    n = min(BATCH, count)
    batches = max(1, count // n)
    nfcapd = directory / "nfcapd"
    nfcapd.mkdir()
    there = shutil.which("nfcapd") is not None
    with collector(nfcapd) if there else contextlib.nullcontext(0) as port:
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for number in range(batches):
            flows = batch(number, n, batches)
            entry = Ingest(f"{number:064x}", f"batch {number}", 0, n, 0, START, START + DAY)
            lake.add(number + 1, [entry], [flows])
            for at, message in enumerate(messages(flows) if there else ()):
                sender.sendto(message.tobytes(), ("127.0.0.1", port))
                if at % 64 == 63:
                    time.sleep(0.001)
        sender.close()
    lake.compact()
    return lake


def through_ibis(name: str, flows: object) -> object:
    """The question as the product asks it."""
    if name.startswith("octets"):
        chosen = flows.filter(compile_filter(f"as {ASN}")(flows))
        return binned(chosen, 3600, [Key("traffic_class")], [], ["octets"])
    if name.startswith("20"):
        return largest(flows, [Key("destination_address")], "octets", 20)
    return binned(flows, 3600, [], [Key("source_address")], [])


NFDUMP = {
    "octets an hour by class, one AS": ["-A", "proto", f"in if {ASN - FIRST_AS}"],
    "20 largest destinations": ["-s", "dstip/bytes", "-n", "20"],
    "sources an hour": ["-A", "srcip", "-O", "bytes", "-n", "1"],
}
"""The nearest that nfdump has: no classes, no bins of time; its filter by AS needs a location database, so that the
interface of the v5 records stands for the AS. Different sources are those of the day, listed whole."""


def timed(work: Callable[[], object]) -> float:
    """CPU seconds of this process and its children."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    before = sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, kinds))
    work()
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, kinds)) - before


def ask_nfdump(name: str, directory: Path) -> None:
    folder = str(directory / "nfcapd")
    subprocess.run(["nfdump", "-q", "-R", folder, *NFDUMP[name]], check=True, capture_output=True)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--flows", type=int, default=20_000_000)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--engine", default=EMBEDDED)
    asked.add_argument("--keep", type=Path)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        directory = options.keep or Path(scratch)
        lake = Lake(directory / "store") if (directory / "store").exists() else build(directory, options.flows)
        compare(lake, directory, options)


def compare(lake: Lake, directory: Path, options: argparse.Namespace) -> None:
    info = lake.info()
    print(f"{info['rows']:,} flows, {info['octets_at_rest'] / info['rows']:.1f} octets each, {info['files']} files")
    nfdump = shutil.which("nfdump") is not None and any((directory / "nfcapd").iterdir())
    if nfdump:
        command = ["nfdump", "-I", "-R", str(directory / "nfcapd")]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        print("nfdump holds", next(line for line in told.splitlines() if line.startswith("Flows:")))
    if options.engine != EMBEDDED:
        lake = Lake(directory / "store", engine=open_engine(options.engine))
    flows = lake.table()
    raw = flows.get_backend().con if options.engine == EMBEDDED else None
    print(f"{'CPU s (wall s)':34} {'Ibis':>16} {'by hand':>16} {'ratio':>6} {'nfdump':>16}")
    for name, sql in BY_HAND.items():
        question = through_ibis(name, flows)
        ways = {"Ibis": lambda question=question: question.to_pyarrow()}
        if raw is not None:
            ways["by hand"] = lambda sql=sql: raw.execute(sql).to_arrow_table()
        if nfdump:
            ways["nfdump"] = lambda name=name: ask_nfdump(name, directory)
        best = dict.fromkeys(ways, (np.inf, np.inf))
        for _ in range(options.rounds):
            for way, work in ways.items():
                began = time.perf_counter()
                cpu = timed(work)
                best[way] = min(best[way], (cpu, time.perf_counter() - began))
        cells = [
            f"{c:.2f} ({w:.2f})" for c, w in (best.get(way, (np.nan, np.nan)) for way in ("Ibis", "by hand", "nfdump"))
        ]
        ratio = best["Ibis"][0] / best.get("by hand", (np.nan,))[0]
        print(f"{name:34} {cells[0]:>16} {cells[1]:>16} {ratio:6.2f} {cells[2]:>16}")


if __name__ == "__main__":
    main()
