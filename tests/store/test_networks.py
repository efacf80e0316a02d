"""Keys of groups: what is typed for them, and addresses cut to their network, held against ``ipaddress``."""

import ipaddress
from collections import Counter

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.errors import UsageError
from netwatch.model.address import pack, to_octets
from netwatch.store.keys import Key, key_of
from netwatch.store.over_time import over_time
from netwatch.store.top import top

addresses = st.one_of(
    st.ip_addresses(v=4),
    st.ip_addresses(v=6).filter(lambda ip: ip.ipv4_mapped is None),
    st.sampled_from(["::", "::fffe:102:304", "0.0.0.0", "255.255.255.255", "2001:db8::1"]).map(ipaddress.ip_address),
)


def table_of(found):
    packed = np.array([pack(str(ip)) for ip in found], np.uint64).reshape(-1, 2)
    octets = [row.tobytes() for row in to_octets(packed)]
    one = pa.array([1] * len(octets), pa.int64())
    counters = ("octet_delta_count", "reverse_octet_delta_count", "packet_delta_count", "reverse_packet_delta_count")
    made = {"source_address": pa.array(octets, pa.binary()), "sampling_packet_interval": one}
    made |= dict.fromkeys(counters, one)
    made["flow_start"] = pa.array([0] * len(octets), pa.timestamp("us"))
    return ibis.memtable(pa.table(made))


def cut(ip, four, six):
    length = four if ip.version == 4 else six
    return str(ip) if length == ip.max_prefixlen else str(ipaddress.ip_network((ip, length), strict=False))


@settings(max_examples=25, deadline=None)
@given(st.lists(addresses, min_size=1, max_size=30), st.integers(0, 32), st.integers(0, 128))
def test_addresses_are_cut_to_their_networks(found, four, six):
    groups = top(table_of(found), [Key("source_address", four, six)], "flows", None)
    assert {group.key[0]: group.flows for group in groups} == Counter(cut(ip, four, six) for ip in found)


@pytest.mark.parametrize("word", ["srcip/24", "src ip / 24", "source_address/24", "SRC/24", "Source-Address/24"])
def test_the_ways_to_type_a_network(word):
    assert key_of(word) == Key("source_address", 24, 24)
    assert key_of(word).name == "source_address/24"


@pytest.mark.parametrize(
    ("word", "key", "name"),
    [
        ("dstip4/24", Key("destination_address", 24, 128), "destination_address4/24"),
        ("dstip6/48", Key("destination_address", 32, 48), "destination_address/48"),
        ("dstip6/20", Key("destination_address", 32, 20), "destination_address6/20"),
        ("dstip/64", Key("destination_address", 32, 64), "destination_address/64"),
        ("srcip4/32", Key("source_address"), "source_address"),
        ("srcip/128", Key("source_address"), "source_address"),
        ("exporter/16", Key("exporter_address", 16, 16), "exporter_address/16"),
        ("class", Key("traffic_class"), "traffic_class"),
    ],
)
def test_one_family_or_both(word, key, name):
    assert key_of(word) == key
    assert key.name == name


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("srcip/129", r"not the length of a network: 'srcip/129' \(write srcip/24, from 0 to 128\)"),
        ("srcip4/33", "from 0 to 32"),
        ("srcip/", "not the length"),
        ("srcip/-1", "not the length"),
        ("srcip/٢٤", "not the length"),
        ("dstport/8", "only addresses have networks"),
        ("srcas4/8", "only addresses have networks"),
        ("scrip/24", "did you mean 'srcip'"),
        ("4/24", "unknown column"),
        ("", "unknown column"),
    ],
)
def test_what_is_no_key_is_named(word, told):
    with pytest.raises(UsageError, match=told):
        key_of(word)


def test_different_networks_are_counted_over_time():
    found = [ipaddress.ip_address(text) for text in ("192.0.2.1", "192.0.2.9", "198.51.100.1", "2001:db8::1")]
    (made,) = over_time(table_of(found), 60, [key_of("srcip4/8")], [key_of("srcip/24")], ["flows"])[:1]
    assert (made.key, made.sums, made.distinct) == (("192.0.0.0/8",), (2,), (1,))


def test_a_column_that_the_stored_flows_lack_is_named():
    with pytest.raises(UsageError, match="unknown column 'vlan_id'"):
        top(table_of([]), [key_of("vlan_id")])
