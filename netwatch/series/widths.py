"""How wide a bin is when nobody says."""

from __future__ import annotations

from netwatch.errors import UsageError

SECOND = 1_000_000_000
_LADDER = (1, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400, 604_800)
_FINEST, _FINE_DAYS = 300, 60
_LIMIT = 1 << 20
_OF_RUNS = 1 << 17
"""Most bins where captures lie apart."""


def width(first: int, last: int, asked: float | None = None, run: int = 0) -> int:
    """Width of a bin in ns for data between two instants (ns).

    ``run``: usual length (ns) of captures that lie apart, 0 where they do not. A bin is no wider than that, if
    131,072 bins suffice, for most of a wider one would be unknown.

    Chosen: 5 min up to 60 days, 1 h above, coarser past 40,000 bins; under two days the narrowest of the ladder
    that makes at most 2,000 bins, since a flood in a capture of minutes needs bins of seconds.

    Raises:
        UsageError: the width asked for is not positive, or makes more than a million bins.
    """
    span = max(last - first, 1)
    if asked is not None:
        chosen = round(asked * SECOND)
        if chosen <= 0:
            raise UsageError(f"a bin must be longer than {asked:g} s")
        if span // chosen >= _LIMIT:
            raise UsageError(f"bins of {asked:g} s make {span // chosen + 1:,} of them; the most is {_LIMIT:,}")
        return chosen
    seconds = span / SECOND
    if seconds <= 2 * 86_400:
        least = next((w for w in _LADDER if seconds / w <= 2000), _FINEST)
    else:
        least = _FINEST if seconds <= _FINE_DAYS * 86_400 else 3600
        least = next((w for w in _LADDER if w >= least and seconds / w <= 40_000), _LADDER[-1])
    if run:
        least = min(least, max((w for w in _LADDER if w * SECOND <= run and seconds / w <= _OF_RUNS), default=least))
    while seconds / least >= _LIMIT:  # times that no clock ever showed
        least *= 10
    return least * SECOND
