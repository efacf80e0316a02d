"""Verdicts onto flows against a loop over both."""

import ipaddress

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.exchanges import flows

from netwatch.fingerprint.classify import Classifier
from netwatch.fingerprint.load import make_rule
from netwatch.model.taxonomy import CLASSES, CODE
from netwatch.model.verdict import Verdict

ADDRESSES = ["192.0.2.1", "192.0.2.77", "198.51.100.7", "2001:db8::5"]
SUBJECTS = [*ADDRESSES, "192.0.2.0/24", "2001:db8::/32", ""]
RULE = make_rule(
    {"id": "small", "title": "t", "meaning": "m.", "class": "dos.flood.syn",
     "flows": {"all": [{"feature": "packets", "op": "<=", "value": 3},
                       {"feature": "from_subject", "op": "==", "value": 0}]}}
)  # fmt: skip


def verdict(subject, peer, port, protocol, since, length, posterior, class_id, rule):
    return Verdict(
        class_id, "target", subject, peer, port, protocol, since * 10**9, (since + length) * 10**9, posterior, 1e-4,
        "behaviour", "", 0.0, 0.0, 0.0, 1, (), facts={"rule": rule},
    )  # fmt: skip


verdicts = st.builds(
    verdict,
    st.sampled_from(SUBJECTS), st.sampled_from([*ADDRESSES, ""]), st.sampled_from([0, 80, 3333]),
    st.sampled_from([0, 6, 17]),
    st.integers(0, 30), st.integers(0, 30), st.sampled_from([0.55, 0.7, 0.95]),
    st.sampled_from(["mining.suspected", "scan.horizontal", "dos.flood.syn"]), st.sampled_from(["", "small"]),
)  # fmt: skip
rows = st.fixed_dictionaries(
    {"source": st.sampled_from(ADDRESSES), "destination": st.sampled_from(ADDRESSES),
     "source_port": st.sampled_from([80, 40000]), "port": st.sampled_from([80, 3333]),
     "protocol": st.sampled_from([6, 17]),
     "start": st.integers(0, 40), "packets": st.integers(1, 3), "reverse_packets": st.integers(0, 2)}
)  # fmt: skip


def is_at(address, subject):
    return not subject or ipaddress.ip_address(address) in ipaddress.ip_network(subject)


def covers(v, row):
    end = row["start"] + 5
    if not (row["start"] * 10**9 <= v.until and end * 10**9 >= v.since) or v.protocol not in (0, row["protocol"]):
        return False
    if v.port and v.port not in (row["source_port"], row["port"]):
        return False
    for mine, theirs, from_subject in ((row["source"], row["destination"], 1), (row["destination"], row["source"], 0)):
        small = v.facts["rule"] != "small" or (row["packets"] + row["reverse_packets"] <= 3 and not from_subject)
        if is_at(mine, v.subject) and v.peer in ("", theirs) and small:
            return True
    return False


@settings(deadline=None)
@given(st.lists(verdicts, max_size=6), st.lists(rows, min_size=1, max_size=8))
def test_each_flow_gets_a_likeliest_verdict_that_covers_it(given_verdicts, given_rows):
    batch = flows(*({**row, "end": row["start"] + 5} for row in given_rows))
    batch = batch.with_columns(application=np.zeros(len(batch), np.uint16))
    classified = Classifier(given_verdicts, [RULE]).classify(batch)
    for row, code, role in zip(given_rows, classified["traffic_class"], classified["role"], strict=True):
        covering = [v for v in given_verdicts if covers(v, row)]
        best = max((v.posterior for v in covering), default=0)
        allowed = {v.class_id for v in covering if v.posterior == best} or {"unknown"}
        assert CLASSES[code] in allowed
        assert (role != 0) == bool(covering)


def test_no_verdicts_leave_applications():
    batch = flows({"port": 53}).with_columns(application=np.array([18], np.uint16))
    assert Classifier([], []).classify(batch)["traffic_class"].tolist() == [CODE["benign.dns"]]
