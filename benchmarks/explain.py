"""Speed of the explanation: a rise over many flows, split over six dimensions with intervals.

``python benchmarks/explain.py [FLOWS]`` (default 10,000,000): makes a table of flows of 16 weeks in a scratch file,
in which all classes grow twofold and one network, one port and one prefix beyond that, then prints for each dimension
the seconds and the largest cells, and in the end seconds, CPU seconds and the peak of memory.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from netwatch.explain import ExplainOptions
from netwatch.explain.cells import prepared
from netwatch.explain.decomposition import split
from netwatch.explain.windows import DAY, Windows
from netwatch.model.address import MAPPED, to_octets

DIMENSIONS = ("class", "role", "asn", "port", "prefix", "upstream")
WEEKS, BUDGET = 16, 20.0
CHUNK = 1_000_000


def chunk(noise: np.random.Generator, count: int) -> pa.Table:
    """Flows in the columns that a split reads; two of three lie in the second half."""
    half = WEEKS * 7 * DAY // 2 // 1000
    late = noise.random(count) < 2 / 3
    start = (noise.random(count) * half).astype(np.int64) + late * half
    octets = np.exp(6 + 4 * noise.random(count)).astype(np.int64)
    network = (noise.random(count) ** 3 * 60_000).astype(np.int64)
    own = noise.integers(0, 1 << 16, count)
    loud = late & (noise.random(count) < 0.05)  # one network, port and prefix grow beyond the rest
    network[loud], own[loud] = 7, own[loud] % 256
    port = np.where(noise.random(count) < 0.6, 443, noise.integers(1, 65_536, count))
    port[loud] = 1935
    kind = (noise.random(count) ** 2 * 30).astype(np.int32)
    columns = {
        "flow_start": pa.array(start).cast(pa.timestamp("us")),
        "flow_end": pa.array(start + noise.integers(0, 300_000_000, count)).cast(pa.timestamp("us")),
        "source_address": addresses(0xAF2D_0000 + own), "destination_address": addresses(network << 8),
        "exporter_address": addresses(np.full(count, 0xC000_0201)),
        "octet_delta_count": octets, "reverse_octet_delta_count": octets // 4, "packet_delta_count": octets // 700 + 1,
        "reverse_packet_delta_count": octets // 900 + 1, "destination_as": 64_512 + network, "traffic_class": kind,
        "role": (kind % 4).astype(np.int16), "bgp_next_adjacent_as_number": network % 3,
        "source_transport_port": noise.integers(1024, 65_536, count).astype(np.int32),
        "destination_transport_port": port.astype(np.int32),
    }  # fmt: skip
    constant = {
        "sampling_packet_interval": np.int64(1), "protocol_identifier": np.int16(6), "orientation": np.int16(1),
        "direction": np.int16(2), "source_as": np.int64(131_279), "source_country": np.int32(0),
        "destination_country": np.int32(0), "application": np.int32(0),
    }  # fmt: skip
    return pa.table(columns | {name: np.full(count, value) for name, value in constant.items()})


def addresses(numbers: np.ndarray) -> pa.Array:
    """IPv4 addresses in the mapped form at rest."""
    pairs = np.stack([np.zeros(len(numbers), np.uint64), numbers.astype(np.uint64) | np.uint64(MAPPED)], axis=1)
    return pa.Array.from_buffers(pa.binary(16), len(numbers), [None, pa.py_buffer(to_octets(pairs))]).cast(pa.binary())


def make(path: Path, flows: int) -> None:
    """The table as one Parquet file."""
    noise = np.random.default_rng(5)
    first = chunk(noise, min(CHUNK, flows))
    with pq.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for at in range(CHUNK, flows, CHUNK):
            writer.write_table(chunk(noise, min(CHUNK, flows - at)))


def main(flows: int) -> bool:
    """Whether the time was kept to."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "flows.parquet"
        make(path, flows)
        middle = WEEKS * 7 * DAY // 2
        begin, cpu = time.perf_counter(), time.process_time()
        table = prepared(ibis.read_parquet(path), Windows.plain((0, middle), (middle, 2 * middle)))
        print(f"prepared      {time.perf_counter() - begin:6.2f} s")
        for name in DIMENSIONS:
            start = time.perf_counter()
            found = split(table, [name], "octets", ExplainOptions())
            top = "; ".join(f"{s.cell[name]} {s.share * 100:.1f} %" for s in found.shares[:3])
            print(f"{name:12}  {time.perf_counter() - start:6.2f} s  {top}")
        took, used = time.perf_counter() - begin, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{flows:,} flows, {len(DIMENSIONS)} dimensions: {took:.1f} s, {used:.1f} CPU-s, peak {peak:.2f} GB")
    return took <= BUDGET


if __name__ == "__main__":
    sys.exit(0 if main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000) else 1)
