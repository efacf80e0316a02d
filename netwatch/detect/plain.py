"""The plainest way to write a structure: the same level is the sum of many sets of atoms."""

from __future__ import annotations

from itertools import permutations

from netwatch.detect.structure import EPISODE, RAMP, Atom

ALIKE = 0.4
"""Sizes that differ by less than this share are alike."""


def plain(atoms: tuple[Atom, ...]) -> tuple[Atom, ...]:
    """Atoms of the same level, or nearly, that each tell of a change by itself, in order of place.

    Of two that begin or end together and go against each other, one only undoes the other: they are written one after
    the other. Those that tell of one change are made one: ramps of one direction that meet or overlap, a ramp and a
    lesser one against it in its span, and episodes of about one size that meet.
    """
    now = list(atoms)
    for _ in range(len(now) ** 2):
        pair = next((p for p in permutations(range(len(now)), 2) if _undone(now[p[0]], now[p[1]])), None)
        if pair is None:
            break
        first, then = _apart(now[pair[0]], now[pair[1]])
        now = [a for i, a in enumerate(now) if i not in pair] + [first, then]
    out: list[Atom] = []
    for atom in sorted(now, key=lambda a: (a.at, a.kind)):
        last = next((i for i in reversed(range(len(out))) if out[i].kind == atom.kind), None)
        if last is None or not _one(out[last], atom):
            out.append(atom)
        else:
            out[last] = _both(out[last], atom)
    return tuple(out)


def _undone(short: Atom, long: Atom) -> bool:
    """Whether an episode undoes the beginning or end of another, or the beginning of a step."""
    if short.kind != EPISODE or long.kind == RAMP or short.size * long.size >= 0:
        return False
    return (short.at == long.at and short.until < long.until) or (
        long.kind == EPISODE and short.until == long.until and short.at > long.at
    )


def _apart(short: Atom, long: Atom) -> tuple[Atom, Atom]:
    inner = short._replace(size=short.size + long.size)
    if short.at == long.at:
        return inner, long._replace(at=short.until)
    return long._replace(until=short.at), inner


def _one(first: Atom, then: Atom) -> bool:
    along = first.size * then.size > 0
    less, more = sorted((abs(first.size), abs(then.size)))
    if first.kind == EPISODE:
        return along and then.at == first.until and more - less < ALIKE * more
    if first.kind == RAMP:
        return then.at <= first.until if along else then.at < first.until and less < 0.5 * more
    return False


def _both(first: Atom, then: Atom) -> Atom:
    until = max(first.until, then.until)
    if first.kind == RAMP:
        more = max(first, then, key=lambda a: abs(a.size))
        span = (first.at, until) if first.size * then.size > 0 else (more.at, more.until)
        return Atom(RAMP, *span, first.size + then.size)
    lengths = first.until - first.at, then.until - then.at
    return Atom(EPISODE, first.at, until, (lengths[0] * first.size + lengths[1] * then.size) / sum(lengths))
