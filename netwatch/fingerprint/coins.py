"""Which coin is mined: from the payee's address, the algorithm, the dialect, or the pool's name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netwatch.fingerprint.ledger import Noted

_BASE58 = "[1-9A-HJ-NP-Za-km-z]"
_ADDRESSES: tuple[tuple[str, str], ...] = (
    ("XMR", rf"[48]{_BASE58}{{94}}|4{_BASE58}{{105}}"),
    ("KAS", r"kaspa:[a-z0-9]{60,64}"),
    ("ERG", rf"9{_BASE58}{{50}}"),
    ("ZEC", rf"t[13]{_BASE58}{{33}}"),
    ("BCH", r"(bitcoincash:)?[qp][a-z0-9]{41}"),
    ("LTC", rf"ltc1[a-z0-9]{{20,90}}|[LM]{_BASE58}{{32,33}}"),
    ("DOGE", rf"D{_BASE58}{{33}}"),
    ("RVN", rf"R{_BASE58}{{33}}"),
    ("ETH", r"0x[0-9a-fA-F]{40}"),
    ("BTC", rf"bc1[a-z0-9]{{20,90}}|[13]{_BASE58}{{25,34}}"),
)
_ALGORITHMS: tuple[tuple[str, str], ...] = (
    ("XMR", r"rx/0|cn/r|cn/2|cn/1|cn/0|cn|cryptonight|cryptonight/.*|randomx"),
    ("RVN", r"kawpow|kawpow/rvn"),
    ("ETC", r"etchash"),
    ("WOW", r"rx/wow"),
    ("ARQ", r"rx/arq"),
)
_LABELS = {"xmr": "XMR", "monero": "XMR", "btc": "BTC", "bitcoin": "BTC", "eth": "ETH", "etc": "ETC", "zec": "ZEC",
           "rvn": "RVN", "kas": "KAS", "erg": "ERG", "ltc": "LTC", "doge": "DOGE", "minexmr": "XMR",
           "supportxmr": "XMR", "dash": "DASH", "bch": "BCH"}  # fmt: skip
_NOT_ITS_OWN = {"BTC"}
"""Address forms that pools pay out to whatever is mined (NiceHash and others)."""


def coin_of(entry: Noted) -> tuple[str, str]:
    """(ticker, what told it), or ("", "") where nothing does."""
    hits = entry.hits
    cryptonote = any(hits[h] for h in ("cn_login", "cn_job", "cn_submit", "cn_keepalive", "coinhive"))
    ethash = any(hits[h] for h in ("eth_login", "eth_submit", "eth_work", "eth_getwork"))
    payee = _of_address(entry)
    algorithm = entry.facts.get("algorithm", "")
    for coin, pattern in _ALGORITHMS:
        if algorithm and re.fullmatch(pattern, algorithm):
            return coin, f"algorithm {algorithm}"
    if payee and payee not in _NOT_ITS_OWN:
        return payee, "form of the payee's address"
    named = _of_name(entry)
    if named:
        return named, "name of the pool"
    if hits["equihash"]:
        return "ZEC", "dialect (Equihash)"
    if hits["grin"]:
        return "GRIN", "dialect (Grin)"
    if ethash:
        return "ETH", "dialect (Ethash)"
    if cryptonote:
        return "XMR", "dialect (CryptoNote; a relative of Monero is possible)"
    if payee:
        return payee, "form of the payee's address"
    if hits["sv1_client"] or hits["sv1_server"] or hits["gbt"] or hits["sv1_notify"]:
        return "BTC", "dialect (Stratum v1; another coin with a like header is possible)"
    return "", ""


def _of_address(entry: Noted) -> str:
    for user in entry.users:
        payee = re.split(r"[.+/ ]", user, maxsplit=1)[0]
        for coin, pattern in _ADDRESSES:
            if re.fullmatch(pattern, payee):
                return coin
    return ""


def _of_name(entry: Noted) -> str:
    for _, name in sorted(entry.names):
        for label in re.split(r"[.-]", name):
            coin = _LABELS.get(label.rstrip("0123456789"))
            if coin:
                return coin
    return ""
