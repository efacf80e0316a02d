"""The columns that rules about conversations can compare.

A conversation is all flows between one client and one service: (client, server, service port, protocol).
"""

from __future__ import annotations

from netwatch.fingerprint.features import Feature

_MESSAGES = "flow records"

PAYLOAD: dict[str, Feature] = {
    "payload.sv1_client": Feature("Stratum v1 methods sent by the client", _MESSAGES),
    "payload.sv1_server": Feature("Stratum v1 methods or subscription replies sent by the server", _MESSAGES),
    "payload.sv1_notify": Feature("job parameters in the shape of mining.notify", _MESSAGES),
    "payload.sv1_submit": Feature("share parameters in the shape of mining.submit", _MESSAGES),
    "payload.cn_login": Feature("CryptoNote logins", _MESSAGES),
    "payload.cn_job": Feature("CryptoNote jobs", _MESSAGES),
    "payload.cn_submit": Feature("CryptoNote shares", _MESSAGES),
    "payload.cn_keepalive": Feature("CryptoNote keepalives", _MESSAGES),
    "payload.cn_status": Feature("CryptoNote OK replies", _MESSAGES),
    "payload.coinhive": Feature("CoinHive messages", _MESSAGES),
    "payload.eth_login": Feature("eth_submitLogin", _MESSAGES),
    "payload.eth_submit": Feature("eth_submitWork or eth_submitHashrate", _MESSAGES),
    "payload.eth_getwork": Feature("eth_getWork", _MESSAGES),
    "payload.eth_work": Feature("Ethash work packages", _MESSAGES),
    "payload.ethstratum": Feature("EthereumStratum named", _MESSAGES),
    "payload.equihash": Feature("Equihash (ZIP-301) messages", _MESSAGES),
    "payload.gbt": Feature("getwork or getblocktemplate calls", _MESSAGES),
    "payload.mining_header": Feature("HTTP headers of miners", _MESSAGES),
    "payload.grin": Feature("getjobtemplate calls", _MESSAGES),
    "payload.miner_agent": Feature("mining program named as agent", "yes/no"),
    "payload.electrum": Feature("Electrum methods", _MESSAGES),
    "payload.node_rpc": Feature("wallet or node RPC methods", _MESSAGES),
    "payload.lsp": Feature("JSON-RPC framed by Content-Length", _MESSAGES),
    "payload.json_rpc": Feature("JSON-RPC of any kind", _MESSAGES),
    "payload.bitcoin": Feature("Bitcoin-family P2P messages", _MESSAGES),
    "payload.levin": Feature("Monero-family P2P (Levin) messages", _MESSAGES),
    "payload.devp2p": Feature("Ethereum P2P datagrams or handshakes", _MESSAGES),
    "payload.tls": Feature("TLS records", _MESSAGES),
    "payload.other": Feature("another protocol told by payload", _MESSAGES),
    "payload.seen": Feature("payload captured", "yes/no"),
}
"""NaN where no payload of the conversation was captured."""

BY_RECORD = {"payload.tls", "payload.other"}
"""Of these, what the exchanges of flow records tell; the rest comes from messages read."""

OTHER: dict[str, Feature] = {
    "names.confirmed": Feature("name on the list of pools, confirmed or of several sources", "yes/no"),
    "names.listed": Feature("name on the list of pools", "yes/no"),
    "names.pattern": Feature("name that reads like a pool's", "yes/no"),
    "names.asked": Feature("DNS asked for a name on the list of pools", "yes/no"),
    "names.asked_confirmed": Feature("DNS asked for a confirmed pool's name", "yes/no"),
    "ports.pool": Feature("port common among pools", "yes/no"),
    "ports.rare": Feature("listed port of a pool above 10,000", "yes/no"),
    "ports.service": Feature("port of another known service", "yes/no"),
    "sizes.score": Feature("size-atom score", "of 11"),
    "sizes.client_top2": Feature("client messages of its two commonest sizes", "share"),
    "sizes.server_top3": Feature("server messages of its three commonest sizes", "share"),
    "sizes.client_mode": Feature("commonest client message", "octets"),
    "sizes.server_mode": Feature("commonest server message", "octets"),
    "sizes.client_messages": Feature("client messages", "messages"),
    "sizes.client_count": Feature("client messages of the commonest size", "messages"),
    "sizes.cryptonote": Feature("share and acceptance in the sizes of CryptoNote, under one tunnel's growth", "yes/no"),
    "sizes.server_count": Feature("server messages of the commonest size", "messages"),
    "sizes.noise": Feature("64 octets answered by 234 at the beginning, as in Stratum v2's handshake", "yes/no"),
    "sizes.ethproxy": Feature("work packages and acceptance in the sizes of eth-proxy, under one growth", "yes/no"),
    "sizes.shifted": Feature("share and acceptance in the sizes of CryptoNote, under any one growth", "yes/no"),
    "sizes.known": Feature("sizes of messages seen, or sought in flow records", "yes/no"),
    "sizes.rebuilt": Feature("sizes of messages rebuilt from flow records", "yes/no"),
    "sizes.equihash": Feature("client messages of the size of Equihash solutions", "yes/no"),
    "sizes.stratum1": Feature("share and acceptance in the sizes of Stratum v1, under one tunnel's growth", "yes/no"),
    "sizes.stratum2": Feature("messages of Stratum v2's exact lengths", "share"),
    "timing.client_cv": Feature("spread of client intervals (standard deviation over mean)"),
    "timing.server_cv": Feature("spread of server intervals (standard deviation over mean)"),
    "timing.answered": Feature("client messages answered within 3 s", "share"),
    "timing.pushed": Feature("server messages that nothing asked for", "share"),
    "timing.synchrony": Feature("pushes within 2 s of another conversation's", "share"),
    "timing.messages_per_minute": Feature("messages a minute"),
    "shape.seconds": Feature("time covered by stitched records", "s"),
    "shape.packets_per_minute": Feature("packets a minute, both directions"),
    "shape.client_packet_octets": Feature("octets per client packet", "octets"),
    "shape.server_packet_octets": Feature("octets per server packet", "octets"),
    "shape.octet_ratio": Feature("client octets over server octets"),
    "shape.rate": Feature("mean rate", "bit/s"),
    "shape.spread": Feature("spread of octets per packet over the records (standard deviation over mean)"),
    "shape.dispersion": Feature("packets of records of like length (variance over mean)"),
    "shape.records": Feature("flow records"),
    "shape.one_connection": Feature("all of one connection, by the client's port", "yes/no"),
    "shape.tcp": Feature("TCP", "yes/no"),
    "shape.payload_flags": Feature("records with ACK and PSH and nothing of SYN, FIN, RST", "share"),
    "handshake.no_sni": Feature("ClientHello without a server name", "yes/no"),
    "handshake.no_alpn": Feature("ClientHello without ALPN", "yes/no"),
    "handshake.named": Feature("ClientHello that names the server", "yes/no"),
    "handshake.browser": Feature("ClientHello of a browser (ALPN h2 or GREASE)", "yes/no"),
    "context.clients": Feature("clients with like conversations to this server and port", "clients"),
    "context.sessions": Feature("sessions of this client at once, on average", "sessions"),
    "context.hours": Feature("hours of the clock with traffic", "h"),
    "context.presence": Feature("hours with traffic, of all hours from first to last", "share"),
    "scope.own_client": Feature("client inside the scope", "yes/no"),
    "scope.own_server": Feature("server inside the scope", "yes/no"),
    "aggregate.miners": Feature("miners needed at least, if the upload is shares", "miners"),
    "aggregate.shares": Feature("miners that the shares seen need at least", "miners"),
    "aggregate.sessions": Feature("sessions at once of what looks like a miner", "sessions"),
    "aggregate.splits": Feature("workers between whom a proxy splits the nonce", "workers"),
    "aggregate.accounts": Feature("accounts or workers that logged in", "accounts"),
    "quality.sampling": Feature("sampling, one packet in", "packets"),
    "quality.least_packets": Feature("packets seen in the direction that had fewer", "packets"),
    "quality.packets": Feature("packets seen (before correction for sampling)", "packets"),
}

DECLARED: dict[str, Feature] = {**PAYLOAD, **OTHER}
