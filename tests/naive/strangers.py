"""The obvious twin of the kernel that counts strangers' flows, with an exact count of each source."""

from collections import Counter

KNOWN, FLOODED, LASTING = 3, 1_000, 3


def passing(rows):
    """Rows (source, destination, packets, back, vector or None): which of them are counted with their target."""
    sources, addresses, told = Counter(), Counter(), []
    for source, destination, packets, back, vector in rows:
        counts = False
        if packets and sources[source] < KNOWN - 1:
            sources[source] += 1
            if packets <= LASTING and back <= LASTING and vector is not None:
                addresses[destination] += 1
                counts = addresses[destination] > FLOODED
        told.append(counts)
    return told
