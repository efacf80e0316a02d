"""Mining and blockchain dialects in the first payload octets of a flow: which messages are there, and what they say.

Patterns look for a method or the shape of a reply, never for "JSON-RPC" alone, and need neither the beginning of a
stream nor both directions. They run in linear time (RE2) on any octets. Sources: Stratum v1 as spoken by cgminer and
bfgminer; XMRig's CryptoNote dialect; EIP-1571; ZIP-301; the getwork and getblocktemplate calls; Electrum protocol 1.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import re2

CLIENT, SERVER, EITHER = 1, 2, 3

_JSON_METHOD = rb'"method"\s*:\s*"'
_HEX64 = rb'"(?:0x)?[0-9a-fA-F]{64}"'


class Pattern(NamedTuple):
    """One kind of message: who sends it, and what its octets look like."""

    name: str
    sender: int
    octets: bytes


PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "sv1_client",
        CLIENT,
        _JSON_METHOD + rb"mining\.(subscribe|authorize|submit|configure|suggest_difficulty|suggest_target"
        rb'|extranonce\.subscribe|get_transactions|hello|noop)"',
    ),
    Pattern(
        "sv1_server",
        SERVER,
        _JSON_METHOD + rb'mining\.(notify|set_difficulty|set_target|set_extranonce|set_version_mask|set|bye|reconnect)"'
        rb'|"result"\s*:\s*\[\s*\[+\s*"mining\.(notify|set_difficulty)"',
    ),
    # A notify whose method comes after its long parameters: job, previous hash, coinbase.
    Pattern(
        "sv1_notify",
        SERVER,
        rb'"params"\s*:\s*\[\s*"[^"]{1,64}"\s*,\s*"[0-9a-f]{64}"\s*,\s*"[0-9a-f]{40}',
    ),
    Pattern(
        "sv1_submit",
        CLIENT,
        rb'"params"\s*:\s*\[\s*"[^"]{1,128}"\s*,\s*"[^"]{1,64}"\s*,\s*"[0-9a-f]{4,32}"\s*,\s*"[0-9a-f]{8}"\s*,'
        rb'\s*"[0-9a-f]{8}"[^\n]{0,80}mining\.submit',
    ),
    Pattern("cn_login", CLIENT, _JSON_METHOD + rb'login"\s*,\s*"params"\s*:\s*\{\s*"(login|agent|pass|rigid)"'),
    Pattern("cn_login", CLIENT, rb'"params"\s*:\s*\{\s*"login"\s*:\s*"[^"]{20,200}"[^\n]{0,300}"method"\s*:\s*"login"'),
    Pattern(
        "cn_job",
        SERVER,
        rb'"job"\s*:\s*\{[^\n}]{0,80}"(blob|job_id)"\s*:|"blob"\s*:\s*"[0-9a-f]{100}|'
        + _JSON_METHOD
        + rb'job"\s*,\s*"params"\s*:\s*\{',
    ),
    Pattern("cn_submit", CLIENT, _JSON_METHOD + rb'submit"\s*,\s*"params"\s*:\s*\{\s*"(id|job_id|nonce)"'),
    Pattern(
        "cn_submit",
        CLIENT,
        rb'"job_id"\s*:\s*"[^"]{1,64}"\s*,\s*"nonce"\s*:\s*"[0-9a-f]{8}"\s*,\s*"result"\s*:\s*"[0-9a-f]{64}"',
    ),
    Pattern("cn_keepalive", EITHER, _JSON_METHOD + rb'keepalived"|"status"\s*:\s*"KEEPALIVED"'),
    Pattern("cn_status", SERVER, rb'"result"\s*:\s*\{\s*"status"\s*:\s*"OK"\s*\}'),
    # CoinHive's messages inside WebSocket frames.
    Pattern("coinhive", EITHER, rb'"type"\s*:\s*"(authed|hash_accepted|verify)"\s*,\s*"params"\s*:\s*\{'),
    Pattern("coinhive", EITHER, rb'"type"\s*:\s*"job"\s*,\s*"params"\s*:\s*\{\s*"(job_id|blob)"'),
    Pattern("coinhive", EITHER, rb'"type"\s*:\s*"(auth|submit)"\s*,\s*"params"\s*:\s*\{\s*"(site_key|job_id|version)"'),
    Pattern("eth_login", CLIENT, _JSON_METHOD + rb'eth_submitLogin"'),
    Pattern("eth_submit", CLIENT, _JSON_METHOD + rb'eth_(submitWork|submitHashrate)"'),
    Pattern("eth_getwork", CLIENT, _JSON_METHOD + rb'eth_getWork"'),
    Pattern(
        "eth_work",
        SERVER,
        rb'"result"\s*:\s*\[\s*"0x[0-9a-fA-F]{64}"\s*,\s*"0x[0-9a-fA-F]{64}"\s*,\s*"0x[0-9a-fA-F]{64}"',
    ),
    Pattern("ethstratum", EITHER, rb'"EthereumStratum/[12]\.0\.0"|' + _JSON_METHOD + rb'mining\.hello"'),
    Pattern(
        "equihash",
        EITHER,
        _JSON_METHOD + rb'mining\.set_target"\s*,\s*"params"\s*:\s*\[\s*"[0-9a-f]{64}"'
        rb'|"params"\s*:\s*\[\s*"[^"]{1,64}"\s*,\s*"04000000"\s*,\s*"[0-9a-f]{64}"|"fd4005[0-9a-f]{20}',
    ),
    Pattern("gbt", CLIENT, _JSON_METHOD + rb'(getwork|getblocktemplate|get_block_template|submitblock|submit_block)"'),
    Pattern("mining_header", EITHER, rb"(?i)\r\n(x-mining-extensions|x-long-polling|x-stratum):"),
    Pattern("grin", CLIENT, _JSON_METHOD + rb'getjobtemplate"'),
    # What resembles the above and is something else.
    Pattern(
        "electrum", EITHER, _JSON_METHOD + rb"(server\.(version|ping|features|banner|peers)|blockchain\.[a-z]{2,})"
    ),
    Pattern(
        "node_rpc",
        CLIENT,
        _JSON_METHOD + rb"(eth_(call|blockNumber|getBalance|getLogs|chainId|gasPrice|getTransaction[A-Za-z]*"
        rb"|sendRawTransaction|estimateGas|subscribe|syncing|accounts|getBlockBy[A-Za-z]+)|net_version|web3_"
        rb"|get_(info|balance|transfers|height|address)|getblockcount|getblockchaininfo|getbalance)",
    ),
    Pattern("lsp", EITHER, rb'(?i)^content-length: \d{1,9}\r\n(content-type:[^\n]{0,80}\n)?\r\n\{\s*"jsonrpc"'),
    Pattern("json_rpc", EITHER, rb'"jsonrpc"\s*:\s*"2\.0"'),
    Pattern("json_rpc", EITHER, rb'"method"\s*:\s*"[^"]{1,80}"'),
)


def _options() -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return options


@cache
def _compiled() -> re2.Set:
    found = re2.Set.SearchSet(_options())
    for pattern in PATTERNS:
        found.Add(pattern.octets)
    found.Compile()
    return found


def messages(head: bytes, sender: int) -> frozenset[str]:
    """Names of the patterns that the octets of one direction hold; those of the other sender do not count.

    ``sender``: CLIENT, SERVER, or EITHER where it is not known who opened the flow.
    """
    if not head:
        return frozenset()
    return frozenset(PATTERNS[i].name for i in _compiled().Match(head) or () if PATTERNS[i].sender & sender)


class Fields(NamedTuple):
    """Patterns of the values that messages carry, each with one group."""

    agent: str = r'"agent"\s*:\s*"((?:[^"\\]|\\.){1,200})"?'
    user: str = r'"login"\s*:\s*"((?:[^"\\]|\\.){1,256})"?'
    authorize: str = r'"mining\.authorize"\s*,\s*"params"\s*:\s*\[\s*"((?:[^"\\]|\\.){1,256})"?'
    authorize_first: str = r'"params"\s*:\s*\[\s*"((?:[^"\\]|\\.){1,256})"[^\n]{0,200}"mining\.authorize"'
    eth_login: str = r'"eth_submitLogin"\s*,\s*"params"\s*:\s*\[\s*"((?:[^"\\]|\\.){1,256})"?'
    eth_login_first: str = r'"params"\s*:\s*\[\s*"((?:[^"\\]|\\.){1,256})"[^\n]{0,200}"eth_submitLogin"'
    eth_worker: str = r'"worker"\s*:\s*"((?:[^"\\]|\\.){1,128})"?'
    submit_worker: str = r'"mining\.submit"\s*,\s*"params"\s*:\s*\[\s*"((?:[^"\\]|\\.){1,256})"?'
    subscribe: str = r'"mining\.subscribe"\s*,\s*"params"\s*:\s*\[\s*"((?:[^"\\]|\\.){1,200})"?'
    subscribe_first: str = r'"params"\s*:\s*\[\s*"((?:[^"\\]|\\.){1,200})"[^\n]{0,200}"mining\.subscribe"'
    rig: str = r'"rigid"\s*:\s*"((?:[^"\\]|\\.){1,128})"?'
    algorithm: str = r'"algo"\s*:\s*\[?\s*"([A-Za-z0-9/_.-]{1,40})"'
    target: str = r'"target"\s*:\s*"([0-9a-f]{8}|[0-9a-f]{16}|[0-9a-f]{64})"'
    difficulty: str = r'mining\.set_difficulty"\s*,\s*"params"\s*:\s*\[\s*([0-9.eE+-]{1,24})'
    difficulty_first: str = r'"params"\s*:\s*\[\s*([0-9.eE+-]{1,24})\s*\][^\n]{0,80}mining\.set_difficulty"'
    set_target: str = r'mining\.set_target"\s*,\s*"params"\s*:\s*\[\s*"([0-9a-f]{64})"'
    work_boundary: str = (
        r'"result"\s*:\s*\[\s*"0x[0-9a-fA-F]{64}"\s*,\s*"0x[0-9a-fA-F]{64}"\s*,\s*"0x([0-9a-fA-F]{64})"'
    )
    nonce_range: str = r'"nonce"\s*:\s*"[0-9a-f]{6}([0-9a-f]{2})"'
    seed_hash: str = r'"seed_hash"\s*:\s*"([0-9a-f]{64})"'
    blob: str = r'"blob"\s*:\s*"([0-9a-f]{4})'
    zip301_host: str = (
        r'"mining\.subscribe"\s*,\s*"params"\s*:\s*\[\s*"[^"]{0,200}"\s*,\s*(?:null|"[^"]{0,80}")\s*,'
        r'\s*"([A-Za-z0-9._:/+-]{1,253})"'
    )
    host: str = r"(?i)\r\nhost:[ \t]{0,8}([A-Za-z0-9._:\[\]-]{1,253})"
    user_agent: str = r"(?i)\r\nuser-agent:[ \t]{0,8}([^\r\n]{1,200})"
    socks_host: str = r"\x05\x01\x00\x03[\x01-\xff]([A-Za-z0-9._-]{3,253})"


_FIELDS = Fields()


@cache
def _field_patterns() -> dict[str, object]:
    options = _options()
    return {name: re2.compile(written.encode("latin-1"), options) for name, written in _FIELDS._asdict().items()}


def fields(head: bytes) -> dict[str, str]:
    """The values named in :class:`Fields` that the octets hold, as Latin-1 text, cut to their limits.

    They come from the wire: whoever prints them escapes them.
    """
    found = {}
    for name, pattern in _field_patterns().items():
        match = pattern.search(head)  # type: ignore[attr-defined]
        if match:
            found[name] = match.group(1).decode("latin-1")
    return found


def unwrapped(head: bytes) -> bytes:
    """The octets with what WebSocket frames (RFC 6455 section 5.2) hide by masking laid open.

    Octets that are no WebSocket come back as they are. Only the frames that are whole or cut by the end count.
    """
    start = head.find(b"\r\n\r\n") + 4 if head[:4] in (b"GET ", b"HTTP") else 0
    if start == 3 or start >= len(head):
        return head
    opened = b"".join(_frames(head, start))
    return head[:start] + opened if opened else head


def _frames(head: bytes, start: int) -> Iterator[bytes]:
    while start + 2 <= len(head):
        kind, length = head[start], head[start + 1] & 0x7F
        masked = head[start + 1] & 0x80
        if kind not in (0x81, 0x82, 0x01, 0x02, 0x80, 0x88, 0x89, 0x8A):
            return
        at = start + 2
        if length >= 126:
            wide = 2 if length == 126 else 8
            length = int.from_bytes(head[at : at + wide], "big")
            at += wide
        if masked:
            key, at = head[at : at + 4], at + 4
            if len(key) < 4:
                return
            body = head[at : at + length]
            yield bytes(octet ^ key[i & 3] for i, octet in enumerate(body))
        else:
            yield head[at : at + length]
        start = at + length
