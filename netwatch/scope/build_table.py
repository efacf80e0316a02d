"""Build the bundled table: ``python -m netwatch.scope.build_table ASN.tgz ASN-COUNTRY.tgz DATE``.

The archives are the npm packages ``@ip-location-db/asn`` and ``@ip-location-db/asn-country`` (CC-BY-4.0).
"""

from __future__ import annotations

import hashlib
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from netwatch.errors import UsageError
from netwatch.kernels.lookup import Ranges
from netwatch.scope.catalogue import BUNDLED, parse_date
from netwatch.scope.sources import read_table
from netwatch.scope.table import Rows, TableInfo, build, save

NAME = "ip-location-db"
LICENCE = "CC-BY-4.0"
ATTRIBUTION = (
    "AS numbers: ip-location-db (https://github.com/sapics/ip-location-db), made from data of RouteViews "
    "(https://www.routeviews.org), DB-IP (https://db-ip.com) and the NRO (https://www.nro.net); "
    "countries: the NRO's registry statistics. Licensed under CC-BY-4.0; converted, otherwise unchanged."
)


def _rows(archive: Path, names: tuple[str, ...]) -> Rows:
    """The rows of some files of an archive."""
    parts = []
    with tarfile.open(archive) as tar, tempfile.TemporaryDirectory() as place:
        for name in names:
            member = tar.extractfile(f"package/{name}")
            if member is None:
                raise UsageError(f"{archive} has no {name}")
            copy = Path(place) / name
            copy.write_bytes(member.read())
            parts.append(read_table(copy))
    networks, countries = (_joined([part[layer] for part in parts]) for layer in (0, 1))
    return Rows(networks, countries, {n: t for p in reversed(parts) for n, t in p.holders.items()})


def _joined(parts: list[Any]) -> Ranges:
    return Ranges(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in Ranges._fields})


def bundle(asn: Path, country: Path, date: str) -> TableInfo:
    """Convert the two archives into the package's data folder."""
    networks = _rows(asn, ("asn-ipv4.csv", "asn-ipv6.csv"))
    countries = _rows(country, ("asn-country-ipv4.csv", "asn-country-ipv6.csv"))
    digest = hashlib.sha256(asn.read_bytes() + country.read_bytes()).hexdigest()
    source = f"{asn.name} {country.name}"
    info = TableInfo(NAME, parse_date(date), source, digest, LICENCE, ATTRIBUTION, {})
    table = build(Rows(networks.networks, countries.countries, networks.holders), info)
    save(table, BUNDLED / f"{NAME}-{date}")
    return table.info


if __name__ == "__main__":
    print(bundle(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))  # noqa: T201 - a script's answer
