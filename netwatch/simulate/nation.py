"""The story of ``three-years``: a small nation's network whose traffic triples; all numbers in one place.

Modelled on what Recorded Future wrote of North Korea (February 2020): the prefix and its AS are real, everything
that happens on them here is invented.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.simulate.exporter import seconds
from netwatch.simulate.flowtable import TCP, UDP

PREFIX, AS_NUMBER = "175.45.176.0/22", 131279
FROM, UNTIL = seconds("2017-01-01"), seconds("2020-01-01")
HOURS = (UNTIL - FROM) // 3600
BASE_RATE = 500_000.0  # octets/s at the start: 4 Mbit/s

# Local midnight (UTC+08:30) of 12 March 2018.
SHIFT, SHIFT_RATIO = seconds("2018-03-11T15:30"), 2.2
TOTAL_RATIO = 3.0  # of the yearly means, 2019 over 2017
GROWTH = np.log(TOTAL_RATIO / SHIFT_RATIO) / (730 * 86400)  # per second; 2019 starts 730 days after 2017

OFFSET_CHANGE = seconds("2018-05-04T15:00")  # Pyongyang: from UTC+08:30 to UTC+09:00
RHYTHM, OFFICE_BEFORE, OFFICE_AFTER = seconds("2019-03-03T15:00"), 0.25, 0.60
NEW_UPSTREAM, NEW_UPSTREAM_SHARE = seconds("2018-06-18"), 0.45
OUTAGE = (seconds("2018-11-20T06:00"), seconds("2018-11-23T18:00"))
SAMPLED_FROM, INTERVAL = seconds("2019-08-01"), 100


class Service(NamedTuple):
    """One kind of ordinary traffic.

    ``before`` and ``after``: share of octets on either side of the shift. ``inbound``: share that comes in.
    ``sizes``: octets per packet in and out. ``pairs``: records an hour and direction. ``peers``: names in ``PEERS``.
    ``served``: the service port is inside.
    """

    name: str
    class_id: str
    protocol: int
    port: int
    before: float
    after: float
    inbound: float
    sizes: tuple[int, int]
    pairs: float
    peers: tuple[str, ...]
    served: bool = False


SERVICES: tuple[Service, ...] = (
    Service("https", "benign.web", TCP, 443, 0.42, 0.330, 0.93, (1250, 180), 1.6,
            ("google", "cloudflare", "tencent", "alibaba", "yandex", "vk", "microsoft", "unicom")),
    Service("http", "benign.web", TCP, 80, 0.15, 0.070, 0.94, (1280, 120), 0.75,
            ("unicom", "chinanet", "akamai", "vk")),
    Service("quic", "benign.web", UDP, 443, 0.10, 0.150, 0.95, (1220, 110), 0.55, ("google", "facebook", "cloudflare")),
    Service("rtmp", "benign.video", TCP, 1935, 0.10, 0.130, 0.97, (1340, 80), 0.35, ("tencent", "vk", "alibaba")),
    Service("openvpn", "benign.vpn", UDP, 1194, 0.06, 0.150, 0.64, (980, 620), 0.45, ("ovh", "hetzner", "scaleway")),
    Service("ipsec", "benign.vpn", UDP, 4500, 0.02, 0.040, 0.60, (900, 640), 0.25, ("transtelecom", "unicom")),
    Service("bittorrent", "benign.p2p", TCP, 6881, 0.05, 0.030, 0.55, (1100, 1000), 0.3,
            ("vimpelcom", "chinanet", "ovh")),
    Service("smtp", "benign.mail", TCP, 25, 0.02, 0.015, 0.35, (160, 1150), 0.15, ("yandex", "vk", "unicom")),
    Service("imaps", "benign.mail", TCP, 993, 0.02, 0.015, 0.88, (1080, 140), 0.15, ("yandex", "vk")),
    Service("rsync", "benign.backup", TCP, 873, 0.02, 0.025, 0.06, (60, 1380), 0.12, ("hetzner", "transtelecom")),
    Service("dns", "benign.dns", UDP, 53, 0.006, 0.006, 0.68, (190, 72), 0.25, ("google", "cloudflare", "yandex")),
    Service("ntp", "benign.ntp", UDP, 123, 0.001, 0.001, 0.50, (76, 76), 0.08, ("cloudflare", "google")),
    Service("game", "benign.game", UDP, 27015, 0.010, 0.013, 0.62, (210, 120), 0.12, ("tencent", "hetzner")),
    Service("web-served", "benign.web", TCP, 80, 0.013, 0.015, 0.07, (130, 1200), 0.25,
            ("unicom", "vimpelcom", "amazon"), served=True),
    Service("unnamed", "unknown", TCP, 17817, 0.010, 0.010, 0.60, (820, 540), 0.12, ("chinanet", "scaleway")),
)  # fmt: skip

PEERS: dict[str, tuple[int, str, int]] = {
    # name: AS, first address, addresses in use; each AS originates the block in the table of June 2026.
    "google": (15169, "172.217.16.0", 60), "cloudflare": (13335, "104.17.0.0", 80), "akamai": (20940, "23.45.0.0", 50),
    "tencent": (132203, "119.28.1.0", 60), "alibaba": (37963, "47.92.0.0", 60), "yandex": (13238, "87.250.250.0", 40),
    "vk": (47764, "94.100.180.0", 40), "microsoft": (8075, "40.76.1.0", 40), "unicom": (4808, "123.125.0.0", 90),
    "chinanet": (4134, "202.96.128.0", 90), "facebook": (32934, "31.13.66.0", 20), "ovh": (16276, "51.68.1.0", 40),
    "hetzner": (24940, "88.198.1.0", 40), "scaleway": (12876, "163.172.1.0", 30), "vimpelcom": (8402, "95.24.0.0", 90),
    "transtelecom": (20485, "188.43.0.0", 30), "amazon": (16509, "52.216.0.0", 50),
}  # fmt: skip


def office_weight(times: np.ndarray) -> np.ndarray:
    """Share of the office profile in the rhythm at each time (s)."""
    weight: np.ndarray = np.where(times >= RHYTHM, OFFICE_AFTER, OFFICE_BEFORE)
    return weight


def local_hour_of_week(times: np.ndarray) -> np.ndarray:
    """Hours since local Monday midnight, float, for times in s."""
    local = times + np.where(times >= OFFSET_CHANGE, 9.0, 8.5) * 3600
    hours: np.ndarray = (local / 3600 + 72) % 168  # 1 January 1970 was a Thursday
    return hours


def rhythm(times: np.ndarray) -> np.ndarray:
    """Factor of mean 1 over a week: evenings and weekends mixed with office hours."""
    at = local_hour_of_week(times)
    weights = office_weight(times)
    grid = np.arange(0.25, 168, 0.5)
    leisure = _leisure(at) / _leisure(grid).mean()
    office = _office(at) / _office(grid).mean()
    mixed: np.ndarray = weights * office + (1 - weights) * leisure
    return mixed


def _leisure(at: np.ndarray) -> np.ndarray:
    evening = 1 + 0.65 * np.cos((at % 24 - 20.5) / 24 * 2 * np.pi)
    return evening * np.where(at >= 120, 1.25, 1.0)


def _office(at: np.ndarray) -> np.ndarray:
    hour = at % 24
    working = 1 / (1 + np.exp(-(hour - 8.5) * 3)) / (1 + np.exp((hour - 18.0) * 3))
    return np.where(at < 120, 0.25 + 2.0 * working, 0.35)


def level(times: np.ndarray) -> np.ndarray:
    """Expected rate in octets/s of all ordinary traffic, without rhythm and noise."""
    grown = BASE_RATE * np.exp(GROWTH * (times - FROM))
    rate: np.ndarray = grown * np.where(times >= SHIFT, SHIFT_RATIO, 1.0)
    return rate


def share(service: Service, times: np.ndarray) -> np.ndarray:
    """Share of a service in the ordinary octets."""
    part: np.ndarray = np.where(times >= SHIFT, service.after, service.before)
    return part


def is_office(times: np.ndarray) -> np.ndarray:
    """Monday to Friday, 08:00 to 18:00 local."""
    at = local_hour_of_week(times)
    held: np.ndarray = (at < 120) & (at % 24 >= 8) & (at % 24 < 18)
    return held
