"""Which coin is told, and by what."""

from collections import Counter

import pytest

from netwatch.fingerprint.coins import coin_of
from netwatch.fingerprint.ledger import Noted

ETHEREUM = "0x" + "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def noted(*hits, user="", algorithm=""):
    entry = Noted()
    entry.hits = Counter(hits)
    entry.users.update([user] if user else [])
    entry.facts.update({"algorithm": algorithm} if algorithm else {})
    return entry


@pytest.mark.parametrize(
    ("entry", "coin"),
    [
        (noted("cn_login", "cn_job"), "XMR"),
        (noted("cn_login", "cn_job", "grin"), "GRIN"),
        (noted("ethstratum", "sv1_client", user=f"{ETHEREUM}.rig2"), "ETH"),
        (noted("sv1_client", user=f"{ETHEREUM}.rig2", algorithm="kawpow"), "RVN"),
        (noted("sv1_client", user="anna.worker1"), "BTC"),
        (noted("equihash"), "ZEC"),
        (noted("json_rpc"), ""),
    ],
)
def test_coin_is_told_by_what_is_surest(entry, coin):
    assert coin_of(entry)[0] == coin
