"""Start and end of every exported record, to the nanosecond, against tshark's cflow dissector.

Messages of the data set's exporters that lie in files of one message each are put into captures, templates first.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from naive import frames as make

from netwatch.model.flows import Flows
from netwatch.read import open_inputs

DATA = Path(__file__).parents[2].parent / "shared" / "data"
MESSAGES = sorted((DATA / "exports").glob("logstash*/*_test_*.dat"))
DERIVED = sorted((DATA / "derived").glob("*/*netflow-v[59].pcap"))
EXPLAINED = {
    "netflow5_test_invalid01": "not a whole message, so not taken for one",
    "netflow5_test_invalid02": "not a whole message, so not taken for one",
    "netflow9_test_h3c": "16 records under a header that counts one; tshark stops there",
    "netflow9_test_nprobe": "a start of zero, which tells none",
    "netflow9_test_cisco_asa_1": "events have one time, here both start and end",
    "ipfix_test_nokia_bras": "events have one time, here both start and end",
    "ipfix_test_barracuda": "uptimes of an exporter that does not tell its start",
    "ipfix_test_barracuda_extended_uniflow": "uptimes of an exporter that does not tell its start",
}
"""Exporters whose times differ, and why; the same table as in docs/formats.md."""
NEVER_SET = "derived_ntop_nDPI/8_netflow-v5.pcap"
"""Its exporter's clock says 1970: ours are the times of the capture."""
NAMES = ("sysuptime", "unix_secs", "unix_nsecs", "timestart", "timeend", "abstimestart", "abstimeend")
STAMP = re.compile(r"(\w{3} +\d+, \d{4} [\d:]{8})\.(\d{9}) UTC")
SECOND = 10**9

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.shared,
    pytest.mark.skipif(not MESSAGES, reason="no data set"),
    pytest.mark.skipif(not shutil.which("tshark"), reason="no tshark"),
]


def exporters() -> dict[str, list[Path]]:
    """The files of each exporter, templates before data."""
    found = defaultdict(list)
    for path in MESSAGES:
        found[re.split(r"_tpl|_data", path.stem)[0]].append(path)
    return {name: sorted(paths, key=lambda path: ("tpl" not in path.stem, path.stem)) for name, paths in found.items()}


def nanoseconds(seconds: str) -> int:
    whole, _, part = seconds.partition(".")
    return int(whole) * SECOND + int(part.ljust(9, "0"))


def absolute(cell: str) -> list[int]:
    read = (
        (dt.datetime.strptime(f"{moment} +0000", "%b %d, %Y %H:%M:%S %z"), part) for moment, part in STAMP.findall(cell)
    )
    return [int(moment.timestamp()) * SECOND + int(part) for moment, part in read]


def tsharks(path: Path) -> list[Counter[int]]:
    """How often each start and each end is there; uptimes count from the start of the exporter by each header."""
    fields = [word for name in NAMES for word in ("-e", f"cflow.{name}")]
    ports = [word for port in (53, 2055, 9990, 9995) for word in ("-d", f"udp.port=={port},cflow")]
    command = ["tshark", "-n", "-2", "-r", str(path), *ports, "-T", "fields", *fields, "-E", "aggregator=|"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    starts: Counter[int] = Counter()
    ends: Counter[int] = Counter()
    for line in said.splitlines():
        uptime, seconds, rest, *cells = line.split("\t")
        if uptime:
            boot = int(seconds.split("|")[0]) * SECOND + int(rest or 0) - nanoseconds(uptime)
            for times, cell in ((starts, cells[0]), (ends, cells[1])):
                times.update(boot + nanoseconds(each) for each in cell.split("|") if each)
        starts.update(absolute(cells[2]))
        ends.update(absolute(cells[3]))
    return [starts, ends]


def ours(path: Path) -> list[Counter[int]]:
    inputs = open_inputs([path])
    flows = Flows.concatenate([batch for batch in inputs if isinstance(batch, Flows)])
    assert all(tally.balanced for tally in inputs.tallies)
    return [Counter(flows[f"flow_{end}_nanoseconds"].tolist()) for end in ("start", "end")]


@pytest.mark.parametrize("name", exporters())
def test_times_of_exporters_are_tsharks(name: str, tmp_path: Path) -> None:
    if name in EXPLAINED:
        pytest.skip(EXPLAINED[name])
    messages = [make.ethernet(make.in_udp(2055, path.read_bytes())) for path in exporters()[name]]
    path = tmp_path / "messages.pcap"
    path.write_bytes(make.pcap(messages))
    assert ours(path) == tsharks(path)


@pytest.mark.parametrize("path", DERIVED, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_times_of_derived_exports_are_tsharks(path: Path) -> None:
    if path.match(NEVER_SET):
        pytest.skip("an exporter's clock that was never set")
    for mine, theirs in zip(ours(path), tsharks(path), strict=True):
        # softflowd counts flow records only, not templates and options as RFC 3954 has it, and tshark stops there.
        assert theirs.total() == mine.total() or ("v9" in path.name and theirs.total() < mine.total())
        # Uptimes begin anew after 2^32 ms, which tshark does not look at; a time of zero tells none.
        assert set(anew(theirs) - anew(mine)) <= {0}


def anew(times: Counter[int]) -> Counter[int]:
    """The times as far as an uptime of 32 bits tells them."""
    told: Counter[int] = Counter()
    for time, number in times.items():
        told[time % (2**32 * 1_000_000)] += number
    return told
