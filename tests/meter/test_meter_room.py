"""A meter takes room when packets come: monitors make one for each of thousands of files of flow records."""

import tracemalloc

from netwatch.meter import Meter


def test_without_packets_hardly_any_memory_is_taken():
    tracemalloc.start()
    try:
        meter = Meter()
        assert list(meter.drain()) == []
        tally = meter.tally
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tally.seen, tally.kept, tally.notes) == (0, 0, {})
    assert peak < 100_000
