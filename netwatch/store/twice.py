"""Flow Records that several exporters sent of the same flow, found by the query engine."""

from __future__ import annotations

import numpy as np

from netwatch.store.flows import FlowStore

_TELLERS = """
CREATE OR REPLACE TEMP VIEW exported AS
SELECT file_row_number AS place, source_address AS s, destination_address AS d, source_transport_port AS sp,
       destination_transport_port AS dp, protocol_identifier AS p, flow_start, flow_end,
       (octet_delta_count + reverse_octet_delta_count) * sampling_packet_interval AS octets,
       row(exporter_address, observation_domain_id,
           CASE WHEN exporter_address = from_hex('00000000000000000000000000000000') THEN input ELSE 0 END) AS who
FROM placed WHERE detail & 1 = 0;
SELECT count(*) FROM (SELECT DISTINCT who FROM exported)
"""
"""``who``: the exporter and its Observation Domain; of files that do not name it, the input."""
_TWICE = """
WITH several AS (SELECT s, d, sp, dp, p FROM exported GROUP BY ALL HAVING min(who) <> max(who)),
shared AS (SELECT * FROM exported SEMI JOIN several USING (s, d, sp, dp, p)),
sums AS (SELECT s, d, sp, dp, p, who, sum(octets) AS octets FROM shared GROUP BY ALL),
chosen AS (
    SELECT s, d, sp, dp, p, who AS teller FROM sums
    QUALIFY row_number() OVER (PARTITION BY s, d, sp, dp, p ORDER BY octets DESC, who) = 1
),
lined_up AS (
    SELECT place, flow_start, flow_end, who <> teller AS other,
           max(CASE WHEN who = teller THEN flow_end END) OVER (key ROWS UNBOUNDED PRECEDING) AS reached,
           min(CASE WHEN who = teller THEN flow_start END) OVER (
               key ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS resumed
    FROM shared JOIN chosen USING (s, d, sp, dp, p)
    WINDOW key AS (PARTITION BY s, d, sp, dp, p ORDER BY flow_start)
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
    connection.read_parquet(store.path, table_name="placed", file_row_number=True)
    if connection.raw_sql(_TELLERS).fetchone()[0] < 2:
        return np.zeros(0, np.int64)
    places: np.ndarray = np.asarray(connection.raw_sql(_TWICE).fetchnumpy()["place"], np.int64)
    return places
