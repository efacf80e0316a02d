"""Roles told on the labelled attack captures, as the network of either side would see them.

    python benchmarks/roles.py [--data DIR] [--each]

Each capture is judged twice: with the address that opened most of its flows for the watched network, where attacks of
the label's class must have the role "source", and with the /24 of the address that most flows went to, where it must be
"target". A side that no address holds half of the flows of is left out; so is a scope that holds both.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import ibis
import numpy as np
from fingerprints import DATA, Judged, labelled, right

from netwatch.errors import NetwatchError
from netwatch.fingerprint import Fingerprinter
from netwatch.meter import Meter, MeterOptions
from netwatch.model.address import text
from netwatch.model.flows import Flows
from netwatch.model.packets import Packets
from netwatch.model.verdict import Verdict
from netwatch.read import ReadOptions, open_inputs
from netwatch.scope import Scope, ScopeOptions
from netwatch.store.schema import to_arrow


class Side(NamedTuple):
    """What is watched, and the role that an attack's verdict must have then."""

    prefix: str
    role: str


def metered(path: Path) -> list[Flows]:
    """The flows of a capture, in the batches in which they ended."""
    meter = Meter(MeterOptions())
    batches = [meter.add(b) if isinstance(b, Packets) else b for b in open_inputs([path], ReadOptions())]
    return [batch for batch in [*batches, meter.finish()] if len(batch)]


def sides(batches: list[Flows]) -> Iterator[Side]:
    """The address that opened most flows, and the network of the one that most went to."""
    for name, role in (("source_address", "source"), ("destination_address", "target")):
        addresses = np.concatenate([batch[name] for batch in batches])
        each, count = np.unique(addresses, axis=0, return_counts=True)
        if count.max() * 2 >= count.sum():
            address = text(*each[count.argmax()])
            length = 128 if ":" in address else 32
            yield Side(f"{address}/{length if role == 'source' else 64 if ':' in address else 24}", role)


def judged(batches: list[Flows], prefix: str, engine: Any) -> list[Verdict]:
    """Verdicts as the network ``prefix`` sees them."""
    scope, fingerprinter = Scope.build(ScopeOptions(prefix=(prefix,))), Fingerprinter()
    seen = [fingerprinter.observe(scope.annotate(batch)) for batch in batches]
    engine.con.register("flows", to_arrow(Flows.concatenate([Flows(batch.columns) for batch in seen])))
    return fingerprinter.conclude(engine.table("flows"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--each", action="store_true", help="print every capture, not those alone that do not fit")
    options = parser.parse_args()
    engine = ibis.duckdb.connect(threads=2)
    count: Counter[tuple[str, str]] = Counter()
    for path, label, _kind in labelled(options.data, ["attack"], references=False):
        try:
            batches = metered(path)
        except NetwatchError:
            continue
        scopes = list(sides(batches))
        other = {text(*address) for batch in batches for address in batch["source_address"][:1]}
        for side in scopes:
            if side.role == "target" and any(a.rpartition(".")[0] == side.prefix.rpartition(".")[0] for a in other):
                continue
            told = right(Judged(label, "packets", path.name, Counter(), judged(batches, side.prefix, engine)))
            fits = "told" if not told else "right" if any(v.role == side.role for v in told) else "wrong"
            count[side.role, "not told" if not told else fits] += 1
            if options.each or fits != "right":
                named = sorted({f"{v.class_id} {v.role} {v.posterior:.2f}" for v in told})
                print(f"{fits} {label} {path.name} watched {side.prefix}, expected {side.role}: {'; '.join(named)}")
    print("| watched | expected role | right | another | class not told |\n|---|---|--:|--:|--:|")
    for role, watched in (("source", "the address that opened most flows"), ("target", "the /24 most flows went to")):
        cells = [str(count[role, word]) for word in ("right", "wrong", "not told")]
        print(f"| {watched} | {role} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
