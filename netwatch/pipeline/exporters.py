"""What the records of a run tell of who exported them: flows told twice, and the timeouts that cut them."""

from __future__ import annotations

from typing import Any

import numpy as np

from netwatch.meter.stitch import infer_timeouts
from netwatch.model.address import text
from netwatch.model.elements import Detail
from netwatch.model.flows import Flows
from netwatch.model.tally import Tally
from netwatch.store import FlowStore
from netwatch.store.twice import told_twice

TWICE = "flow record that another exporter tells too"
SAMPLE = 500_000
"""Records that timeouts are inferred from."""
EXPORTERS = 16
"""Exporters whose timeouts are told."""
_COLUMNS = (
    "source_address", "destination_address", "source_transport_port", "destination_transport_port",
    "protocol_identifier", "exporter_address", "observation_domain_id", "flow_start_nanoseconds",
    "flow_end_nanoseconds", "tcp_control_bits", "reverse_tcp_control_bits", "detail",
)  # fmt: skip


def once(observed: FlowStore, *, dedupe: bool) -> list[Tally]:
    """Count the flows that several exporters tell, and with ``dedupe`` leave all but one exporter's out.

    One tally, none where no flow is told twice.
    """
    places = told_twice(observed)
    if not len(places):
        return []
    tally = Tally("exporters", "flow record")
    if dedupe:
        tally.drop(TWICE, len(places), observed.leave_out(places))
    else:
        tally.notes[TWICE + " (counted each time without --dedupe)"] = len(places)
    flows = observed.table
    octets = (flows.octet_delta_count + flows.reverse_octet_delta_count).sum().to_pyarrow().as_py()
    tally.keep(observed.rows, int(octets))
    return [tally]


def exporters(observed: FlowStore) -> list[dict[str, Any]]:
    """Each exporter and Observation Domain with the timeouts by which it cut flows, in s; None where untold.

    Those with most records among the first :data:`SAMPLE` exported, JSON-ready.
    """
    parts, held = [], 0
    for flows in observed.batches(_COLUMNS):
        mine = flows.take(flows["detail"] & Detail.PACKETS == 0)
        parts.append(mine)
        held += len(mine)
        if held >= SAMPLE:
            break
    flows = Flows.concatenate(parts)
    if not len(flows):
        return []
    who = np.column_stack([flows["exporter_address"], flows["observation_domain_id"].astype(np.uint64)])
    known, index, count = np.unique(who, axis=0, return_inverse=True, return_counts=True)
    largest = np.argsort(-count, kind="stable")[:EXPORTERS]
    return [_told(known[each], flows.take(index.ravel() == each)) for each in largest.tolist()]


def _told(who: np.ndarray, flows: Flows) -> dict[str, Any]:
    high, low, domain = who.tolist()
    found = infer_timeouts(flows)
    return {
        "exporter": text(high, low) if high or low else "not told",
        "observation_domain": domain,
        "active_timeout": found.active,
        "active_sure": round(found.active_sure, 2),
        "idle_timeout": found.idle,
        "idle_sure": round(found.idle_sure, 2),
    }
