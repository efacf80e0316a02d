"""``netwatch.toml``: what is right comes through, what is wrong is named with the nearest right word."""

from pathlib import Path

import pytest

from netwatch.config import load
from netwatch.errors import UsageError

LEAST = 'store = "s"\n[source.a]\npath = "spool"\n'


def written(tmp_path, text):
    path = tmp_path / "netwatch.toml"
    path.write_text(text)
    return path


def test_paths_are_relative_to_the_file_and_widths_are_as_people_write_them(tmp_path):
    text = LEAST + 'settle = "2m"\n[retention]\nflows = "30d"\n[pass]\ncontext = 600\n'
    options = load(written(tmp_path, text))
    assert options.store == str(tmp_path / "s") and options.state == tmp_path / "s"
    assert options.sources["a"].path == str(tmp_path / "spool")
    assert options.sources["a"].settle == 120.0
    assert options.retention.flows == 30 * 86_400
    assert options.passes.context == 600.0
    assert options.run.series.bin == 300


def test_watches_and_stages_reach_their_options(tmp_path):
    text = LEAST + '[watch.home]\nprefix = ["192.0.2.0/24"]\n[detect]\ntimezone = "Asia/Pyongyang"\n'
    options = load(written(tmp_path, text))
    assert list(options.run.scope.groups) == ["home"]
    assert options.run.detect.timezone == "Asia/Pyongyang"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LEAST + "[pas]\n", "unknown key 'pas'; did you mean 'pass'?"),
        (LEAST + "[detect]\nmin_ration = 2\n", "[detect]: unknown key 'min_ration'; did you mean 'min_ratio'?"),
        (LEAST + 'setle = "1m"\n', "did you mean 'settle'?"),
        (LEAST + "[meter]\nidle_timeout = true\n", "a number is needed"),
        (LEAST + '[read]\nlayer = "iner"\n', "did you mean 'inner'?"),
        (LEAST + '[retention]\nflows = "30 days"\n', "not a width of time"),
        (LEAST + "[meter]\nidle_timeout = -1\n", "between 0 and"),
        (LEAST + '[fingerprint]\nrules = "x"\n', "a list is needed"),
        ('store = "s"\n', "no source"),
        ("[source.a]\npath = 'x'\n", "no store"),
        (LEAST + "[source.b]\n", "path is missing"),
        ('store = "s3://bucket/x"\n[source.a]\npath = "p"\n', "needs a local directory"),
        (LEAST + "[alerts.sinks.x]\nkind = 'evee'\n", "'eve'"),
        ("store = [", "netwatch.toml"),
        (LEAST + "[scope]\ngroups = {}\n", "unknown key 'groups'"),
        (LEAST + '[retention]\nflows = "0d"\n', "[retention]: flows: 1d or more is needed, not 0"),
        (LEAST + "[pass]\ninputs = 0\n", "inputs: 1 or more"),
        (LEAST + "settle = -5\n", "settle: 0 or more"),
        (LEAST + '[detect]\ndetectors = ["levl"]\n', "unknown detector 'levl'; did you mean 'level'?"),
        (LEAST + "[series]\nbin = 60\n", "bins of five minutes"),
        ('engine = "spork"\n' + LEAST, "unknown engine 'spork'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, told):
    with pytest.raises(UsageError) as fault:
        load(written(tmp_path, text))
    assert told in str(fault.value)
    assert "\n" not in str(fault.value)


def test_a_missing_file_is_a_usage_error():
    with pytest.raises(UsageError, match="cannot read"):
        load(Path("/nowhere/netwatch.toml"))
