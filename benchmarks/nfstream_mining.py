"""What NFStream (nDPI) calls the flows of the labelled mining captures, to stand beside ``long_flows.py``.

    python -m venv OTHER && OTHER/bin/pip install nfstream
    OTHER/bin/python benchmarks/nfstream_mining.py [--data DIR]

Needs nothing of netwatch, so that it runs in an environment of its own. Prints for each capture how many flows with
eight packets or more each application got; a flow counts as mining where application or category say so.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

from nfstream import NFStreamer  # type: ignore[import-not-found]  # in its own environment

DATA = Path(__file__).parents[2] / "shared" / "data"
LEAST_PACKETS = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    with (options.data / "manifest.csv").open() as lines:
        rows = [row for row in csv.DictReader(lines) if row["file"].startswith("mining/") and row["label"] == "mining"]
    for row in rows:
        path = options.data / row["file"]
        if not row["format"].startswith("pcap") or not path.is_file():
            continue
        called: Counter[str] = Counter()
        mining = 0
        for flow in NFStreamer(source=str(path), idle_timeout=120, active_timeout=1800):
            if flow.bidirectional_packets < LEAST_PACKETS:
                continue
            called[flow.application_name] += 1
            mining += "mining" in f"{flow.application_name} {flow.application_category_name}".lower()
        words = ", ".join(f"{name} {count}" for name, count in called.most_common())
        print(f"{row['file']}: {mining} of {called.total()} flows called mining ({words})")


if __name__ == "__main__":
    main()
