"""Flow Records whose counters nothing ever carried: broken exporters tell them, and one would outweigh all others."""

from __future__ import annotations

import numpy as np

from netwatch.model.flows import Flows
from netwatch.model.tally import BEYOND, Tally

LARGEST = 1 << 53
"""Octets or packets of a record, corrected for sampling. Beyond it sums are no longer exact, and soon overflow."""
_COUNTERS = ("octet_delta_count", "reverse_octet_delta_count", "packet_delta_count", "reverse_packet_delta_count")


def believed(flows: Flows, tally: Tally) -> Flows:
    """The records whose counters can be; ``tally`` counts them and the others."""
    columns = [flows[name] for name in _COUNTERS]
    interval = flows["sampling_packet_interval"]
    # As unsigned numbers, so that negative ones are large. Mostly all is well, and that is seen at once.
    most = max(int(column.view(np.uint64).max(initial=0)) for column in columns)
    if most * int(interval.max(initial=1)) < LARGEST:
        tally.keep(len(flows), 0)
        return flows
    limit = LARGEST // np.maximum(interval.astype(np.uint64), 1)
    keep = np.logical_and.reduce([column.view(np.uint64) < limit for column in columns])
    kept = int(keep.sum())
    tally.keep(kept, 0)
    tally.drop(BEYOND, len(flows) - kept, 0)
    return flows if kept == len(flows) else flows.take(keep)
