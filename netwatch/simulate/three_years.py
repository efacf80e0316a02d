"""The scenario ``three-years``: a small nation's network 2017 to 2019 as IPFIX files, and the truth about it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from netwatch.simulate import incidents, nation
from netwatch.simulate.exporter import Exporter, Upstream, seconds
from netwatch.simulate.flowtable import ipv4
from netwatch.simulate.population import HOUR_STARTS, ordinary
from netwatch.simulate.truth import instant, write_truth

DAY = 86400
UPSTREAMS = (Upstream(4837, 10, ipv4("192.0.2.1")), Upstream(20485, 11, ipv4("198.51.100.1")))
INSIDE = (ipv4("175.45.176.0"), ipv4("175.45.179.255"))


def write(out: Path, seed: int) -> list[Path]:
    """A small nation's network 2017 to 2019: traffic triples, a Monero proxy appears, floods come and go."""
    chance = np.random.Generator(np.random.PCG64(seed))
    parts = {
        "ordinary": ordinary(chance),
        "mining": incidents.monero(chance),
        **{episode.class_id: incidents.flood(episode, chance) for episode in incidents.FLOODS},
        "scans": incidents.scans(chance),
        "guesses": incidents.guesses(chance),
    }
    table = np.concatenate(list(parts.values()))
    table = table[table["end"] < nation.UNTIL]
    table = table[np.lexsort((table["source_port"], table["source"], table["start"], table["end"]))]
    exporter = Exporter(INSIDE, UPSTREAMS, nation.OUTAGE, nation.SAMPLED_FROM, nation.INTERVAL)
    exported = exporter.thinned(table, chance)
    paths = exporter.write(exported, out)
    truth = {**_story(), **_counts(table, exported, parts), **_events(parts)}
    return [*paths, write_truth(out, truth)]


def _rate(since: int, until: int) -> float:
    """Mean of the noiseless ordinary rate over a span, octets/s."""
    first, last = np.searchsorted(HOUR_STARTS, (since, until))
    times = HOUR_STARTS[first:last] + 1800.0
    return float((nation.level(times) * nation.rhythm(times)).mean())


def _story() -> dict[str, object]:
    year = [seconds(f"{y}-01-01") for y in (2017, 2018, 2019, 2020)]
    quarter = 90 * DAY
    return {
        "scenario": "three-years",
        "scope": {"asn": nation.AS_NUMBER, "prefixes": [nation.PREFIX], "utc_offset_hours": [8.5, 9.0],
                  "utc_offset_changed": instant(nation.OFFSET_CHANGE)},
        "volume": {
            "about": "expected octets/s of all ordinary traffic, both directions, from the noiseless generator",
            "since": instant(nation.FROM), "until": instant(nation.UNTIL),
            "mean_2017": _rate(year[0], year[1]), "mean_2018": _rate(year[1], year[2]),
            "mean_2019": _rate(year[2], year[3]),
            "ratio_2019_over_2017": _rate(year[2], year[3]) / _rate(year[0], year[1]),
            "first_90_days": _rate(nation.FROM, nation.FROM + quarter),
            "last_90_days": _rate(nation.UNTIL - quarter, nation.UNTIL),
            "ratio_last_over_first_90_days":
                _rate(nation.UNTIL - quarter, nation.UNTIL) / _rate(nation.FROM, nation.FROM + quarter),
            "growth_per_year": float(np.exp(nation.GROWTH * 365 * DAY) - 1),
        },
    }  # fmt: skip


def _counts(table: np.ndarray, exported: np.ndarray, parts: dict[str, np.ndarray]) -> dict[str, object]:
    lost = (exported["end"] >= nation.OUTAGE[0]) & (exported["end"] < nation.OUTAGE[1])
    return {
        "records": {
            "metered": len(table), "exported": len(exported), "lost_in_outage_about": int(lost.sum()),
            "octets_before_sampling": int(table["octets"].sum()), "octets_exported": int(exported["octets"].sum()),
            "by_part": {name: len(part) for name, part in parts.items()},
        }
    }  # fmt: skip


def _events(parts: dict[str, np.ndarray]) -> dict[str, object]:
    return {
        "level_shift": [_shift()],
        "rhythm_change": [{
            "since": instant(nation.RHYTHM), "about": "share of octets Monday to Friday 08:00-18:00 local",
            "before": _office_share(False), "after": _office_share(True)}],
        "upstream_shift": [{
            "since": instant(nation.NEW_UPSTREAM), "from_asn": 4837, "to_asn": 20485,
            "share_before": 0.0, "share_after": nation.NEW_UPSTREAM_SHARE}],
        "outage": [{"since": instant(nation.OUTAGE[0]), "until": instant(nation.OUTAGE[1])}],
        "sampling": [{"since": instant(nation.SAMPLED_FROM), "interval_before": 1, "interval_after": nation.INTERVAL}],
        "mining": [_mining(parts["mining"])],
        "attack": [_attack(episode, parts[episode.class_id]) for episode in incidents.FLOODS] + _background(parts),
    }  # fmt: skip


def _shift() -> dict[str, object]:
    before, after = nation.SHIFT - 60 * DAY, nation.SHIFT + 60 * DAY
    added = _rate(nation.SHIFT, after) - _rate(before, nation.SHIFT)
    by_class: dict[str, float] = {}
    for service in nation.SERVICES:
        gain = _rate(nation.SHIFT, after) * service.after - _rate(before, nation.SHIFT) * service.before
        by_class[service.class_id] = by_class.get(service.class_id, 0.0) + gain / added
    ordinary_share = sum(share for name, share in by_class.items() if name.startswith("benign."))
    return {
        "since": instant(nation.SHIFT), "ratio": nation.SHIFT_RATIO,
        "ratio_60_days": _rate(nation.SHIFT, after) / _rate(before, nation.SHIFT), "added_octets_per_second": added,
        "added_by_family": {"ordinary": ordinary_share, "unknown": 1 - ordinary_share, "mining": 0.0, "attack": 0.0},
        "added_by_class": by_class,
    }  # fmt: skip


def _office_share(after: bool) -> float:
    times = HOUR_STARTS + 1800.0
    times = times[(times >= nation.RHYTHM) == after]
    rate = nation.level(times) * nation.rhythm(times)
    return float(rate[nation.is_office(times)].sum() / rate.sum())


def _mining(table: np.ndarray) -> dict[str, object]:
    steps = [{"since": instant(m.since), "miners": m.miners} for m in incidents.MINING[:-1]]
    rates = []
    for first, last in pairwise(incidents.MINING):
        within = (table["start"] >= first.since) & (table["start"] < last.since)
        rates.append(float(table["octets"][within].sum() / (last.since - first.since) * 8))
    return {
        "class": "mining.stratum.cryptonote", "coin": "XMR", "role": "source", "address": incidents.PROXY,
        "pool": incidents.POOL, "port": incidents.POOL_PORT, "connections": incidents.UPSTREAM_CONNECTIONS,
        "since": steps[0]["since"], "until": instant(nation.UNTIL), "bits_per_second": rates,
        "octets": int(table["octets"].sum()),
        "note": "records only, no payload: a class mining.* for this pair is right; several miners behind one address",
        "step": steps,
    }  # fmt: skip


def _attack(episode: incidents.Flood, table: np.ndarray) -> dict[str, object]:
    subject = episode.victim if episode.role == "target" else incidents.ATTACKER[episode.class_id]
    return {
        "class": episode.class_id, "role": episode.role, "subject": subject, "victim": episode.victim,
        "port": episode.port, "sources": episode.sources, "since": instant(episode.since),
        "until": instant(episode.until), "octets": int(table["octets"].sum()), "packets": int(table["packets"].sum()),
    }  # fmt: skip


def _background(parts: dict[str, np.ndarray]) -> list[dict[str, object]]:
    return [
        {"class": "scan.horizontal", "role": "target", "subject": nation.PREFIX, "episodes": incidents.SCANS,
         "addresses_each": incidents.SCANNED, "octets": int(parts["scans"]["octets"].sum())},
        {"class": "bruteforce.ssh", "role": "target", "subject": incidents.GUESSED_AT,
         "source": incidents.GUESSED_FROM, "episodes": incidents.GUESSES,
         "octets": int(parts["guesses"]["octets"].sum())},
    ]  # fmt: skip
