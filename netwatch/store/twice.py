"""Flow Records that several exporters sent of the same flow, found by the query engine."""

from __future__ import annotations

import numpy as np

from netwatch.store.flows import FlowStore

_KEY = "source_address, destination_address, source_transport_port, destination_transport_port, protocol_identifier"
_EXPORTED = f"""
SELECT file_row_number AS place, {_KEY}, flow_start, flow_end,
       (octet_delta_count + reverse_octet_delta_count) * sampling_packet_interval AS octets,
       row(exporter_address, observation_domain_id,
           CASE WHEN exporter_address = from_hex('{"00" * 16}') THEN input ELSE 0 END) AS who
FROM read_parquet('{{path}}', file_row_number = true) WHERE detail & 1 = 0
"""
"""``who``: the exporter and its Observation Domain; of files that do not name it, the input."""
_TWICE = f"""
WITH exported AS ({_EXPORTED}),
several AS (SELECT {_KEY} FROM exported GROUP BY ALL HAVING min(who) <> max(who)),
shared AS (SELECT * FROM exported SEMI JOIN several USING ({_KEY})),
sums AS (SELECT {_KEY}, who, sum(octets) AS octets FROM shared GROUP BY ALL),
chosen AS (
    SELECT {_KEY}, who AS teller FROM sums
    QUALIFY row_number() OVER (PARTITION BY {_KEY} ORDER BY octets DESC, who) = 1
),
lined_up AS (
    SELECT place, flow_start, flow_end, who <> teller AS other,
           max(CASE WHEN who = teller THEN flow_end END) OVER (
               PARTITION BY {_KEY} ORDER BY flow_start ROWS UNBOUNDED PRECEDING) AS reached,
           min(CASE WHEN who = teller THEN flow_start END) OVER (
               PARTITION BY {_KEY} ORDER BY flow_start
               ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS resumed
    FROM shared JOIN chosen USING ({_KEY})
)
SELECT place FROM lined_up
WHERE other AND (reached >= flow_start - INTERVAL 1 SECOND OR resumed <= flow_end + INTERVAL 1 SECOND)
ORDER BY place
"""


def told_twice(store: FlowStore) -> np.ndarray:
    """Places in the store, int64 in order, of records whose flow another exporter tells at the same time.

    Of each Flow Key the exporter with most octets (corrected for sampling) is believed; the records of others are told
    twice where, give or take a second, they lie beside one of its own. Packets metered here are not compared.
    """
    if not store.rows:
        return np.zeros(0, np.int64)
    connection = store.table.get_backend()
    path = str(store.path).replace("'", "''")
    exported = _EXPORTED.format(path=path)
    tellers = connection.raw_sql(f"SELECT count(*) FROM (SELECT DISTINCT who FROM ({exported}))").fetchone()[0]
    if tellers < 2:
        return np.zeros(0, np.int64)
    found = connection.raw_sql(_TWICE.format(path=path)).fetchnumpy()["place"]
    places: np.ndarray = np.asarray(found, np.int64)
    return places
