"""Ordinary services whose connections are long and thin, with the ranges of their messages (``services.py``)."""

from __future__ import annotations

from services import Service, Stream, even, fixed, text

SERVICES: dict[str, Service] = {
    "xmpp": Service(
        (5222,),
        "tls",
        (
            Stream(0, fixed(70, 130), (60, 300), reply=fixed(70, 120)),
            Stream(1, text(120, 900), (20, 400), "chance"),
            Stream(1, even(140, 260), (40, 600), "bursts"),
            Stream(0, text(140, 700), (60, 600), "chance"),
        ),
        "XEP-0199 pings, presence in bursts",
    ),
    "team chat": Service(
        (443,),
        "tls",
        (
            Stream(0, fixed(30, 60), (10, 45), reply=fixed(20, 60)),
            Stream(1, text(180, 2500), (4, 120), "chance"),
            Stream(1, fixed(90, 180, 6), (10, 120), "bursts"),
            Stream(0, text(100, 600), (60, 900), "chance"),
        ),
        "Discord's gateway beats every 41.25 s, Slack's pings every 10; typing notices of one size",
    ),
    "phone messenger": Service(
        (443, 5222),
        "tcp",
        (
            Stream(0, fixed(30, 45), (20, 60), reply=fixed(40, 55)),
            Stream(1, text(90, 900), (20, 600), "chance", fixed(40, 70)),
            Stream(0, text(120, 800), (60, 900), "chance", fixed(60, 90)),
        ),
        "Noise frames, receipts",
    ),
    "node over WebSocket": Service(
        (443, 8546, 8545),
        "tls",
        (
            Stream(1, fixed(1250, 1700, 40), (12, 12), jitter=0.08),
            Stream(1, fixed(280, 420, 20), (2, 60), "bursts"),
            Stream(0, fixed(60, 120), (15, 60), reply=fixed(40, 110)),
        ),
        "eth_subscribe newHeads each 12 s slot, logs, pings",
    ),
    "prices": Service(
        (443, 9443, 8443),
        "tls",
        (Stream(1, fixed(120, 420, 14), (0.5, 8), "chance"), Stream(1, fixed(20, 40), (30, 180), reply=fixed(20, 40))),
        "book tickers and aggregated trades of exchanges: one message, digits vary",
    ),
    "orders": Service(
        (9880, 5001, 443, 9878),
        "tls",
        (
            Stream(0, fixed(170, 250, 5), (5, 90), "chance", fixed(260, 380, 8)),
            Stream(1, fixed(260, 380, 8), (10, 120), "chance"),
            Stream(0, fixed(75, 100), (30, 30)),
            Stream(1, fixed(75, 100), (30, 30)),
        ),
        "FIX 4.4: NewOrderSingle, ExecutionReport, heartbeats of 30 s",
    ),
    "card payments": Service(
        (443, 9000, 5000, 7000),
        "tls",
        (
            Stream(0, fixed(180, 360, 24), (8, 180), "chance", fixed(90, 220, 10)),
            Stream(0, fixed(40, 70), (60, 300), reply=fixed(40, 70)),
        ),
        "ISO 8583 over a standing connection: authorisations without memory, echo tests",
    ),
    "game, turns": Service(
        (3724, 443, 6112, 7777),
        "tcp",
        (
            Stream(0, text(12, 90), (0.5, 8), "chance"),
            Stream(1, text(20, 400), (0.4, 6), "chance"),
            Stream(0, fixed(8, 20), (5, 30), reply=fixed(8, 20)),
        ),
        "moves and world updates, time sync",
    ),
    "game, datagrams": Service(
        (27015, 7777, 3074, 30000),
        "udp",
        (Stream(0, text(30, 120), (0.02, 0.08), jitter=0.1), Stream(1, text(60, 600), (0.02, 0.08), jitter=0.1)),
        "20 to 60 updates a second",
        150.0,
    ),
    "sip": Service(
        (5060, 5061),
        "tls",
        (
            Stream(0, fixed(420, 620), (30, 120), reply=fixed(340, 520)),
            Stream(0, fixed(560, 820), (60, 600), reply=fixed(400, 620)),
            Stream(1, even(480, 900), (120, 1800), "chance", even(300, 500)),
        ),
        "RFC 3261, RFC 5626: OPTIONS and REGISTER refreshed, NOTIFY",
    ),
    "sip datagrams": Service(
        (5060,),
        "udp",
        (
            Stream(1, fixed(380, 520), (30, 60), reply=fixed(340, 480)),
            Stream(0, fixed(560, 820), (60, 300), reply=fixed(400, 620)),
        ),
        "qualify of Asterisk every 60 s",
    ),
    "IEC 104": Service(
        (2404,),
        "tcp",
        (
            Stream(1, even(16, 60), (1, 30), "chance"),
            Stream(0, fixed(6, 6), (10, 40)),
            Stream(0, fixed(6, 6), (20, 20), reply=fixed(6, 6)),
        ),
        "spontaneous values without memory, S frames, TESTFR of 20 s",
    ),
    "DNP3": Service(
        (20000,),
        "tcp",
        (
            Stream(0, fixed(18, 27), (1, 30), reply=fixed(60, 250, 12)),
            Stream(1, even(30, 120), (20, 600), "chance", fixed(15, 17)),
        ),
        "class polls and unsolicited responses",
    ),
    "SNMP over TCP": Service(
        (161, 1161), "tcp", (Stream(0, fixed(45, 140), (5, 60), reply=fixed(60, 600, 8)),), "RFC 3430"
    ),
    "BGP": Service(
        (179,),
        "tcp",
        (
            Stream(0, fixed(19, 19), (20, 60)),
            Stream(1, fixed(19, 19), (20, 60)),
            Stream(1, text(45, 400), (0.5, 60), "bursts"),
            Stream(0, text(45, 300), (20, 600), "bursts"),
        ),
        "RFC 4271: KEEPALIVE of 19 octets, UPDATEs in bursts",
    ),
    "LDAP": Service(
        (389, 636),
        "tls",
        (
            Stream(0, even(90, 260), (1, 60), "chance", text(60, 1500)),
            Stream(0, fixed(60, 90), (30, 300), reply=fixed(14, 60)),
        ),
        "searches",
    ),
    "Redis": Service(
        (6379,),
        "tcp",
        (
            Stream(0, fixed(14, 14), (5, 30), reply=fixed(7, 7)),
            Stream(1, fixed(80, 420, 20), (1, 60), "chance"),
            Stream(0, text(40, 300), (1, 60), "chance", fixed(4, 8)),
        ),
        "PING, PUBLISH to a subscriber, SET",
    ),
    "desktop, idle": Service(
        (3389,),
        "tls",
        (
            Stream(1, fixed(40, 160, 30), (1, 30), "chance"),
            Stream(0, text(20, 120), (5, 120), "bursts"),
            Stream(0, fixed(12, 30), (30, 60)),
        ),
        "RDP: clock redraws, mouse",
    ),
    "WireGuard, idle": Service(
        (51820,),
        "udp",
        (
            Stream(0, fixed(32, 32), (15, 25)),
            Stream(0, fixed(148, 148), (120, 180), reply=fixed(92, 92)),
            Stream(1, fixed(32, 32), (25, 25)),
        ),
        "keepalives of 32 octets, handshakes of 148 and 92",
    ),
    "OpenVPN, idle": Service(
        (1194,),
        "udp",
        (
            Stream(0, fixed(40, 90), (10, 10)),
            Stream(1, fixed(40, 90), (10, 10)),
            Stream(0, text(90, 400), (20, 400), "bursts", text(90, 900)),
        ),
        "ping 10, now and then a page",
    ),
    "IPsec through NAT, idle": Service(
        (4500,),
        "udp",
        (Stream(0, fixed(1, 1), (20, 20)), Stream(0, fixed(84, 116), (30, 120), reply=fixed(84, 116))),
        "RFC 3948, RFC 3706",
    ),
    "syslog": Service((514, 6514, 601), "tls", (Stream(0, text(90, 700), (0.5, 30), "bursts"),), "RFC 5425"),
    "Zabbix": Service(
        (10051,),
        "tcp",
        (Stream(0, fixed(120, 420, 8), (5, 60), reply=fixed(80, 120, 3)),),
        "an agent's sender on a standing connection",
    ),
    "Prometheus": Service(
        (9090, 9100, 443),
        "tcp",
        (Stream(0, fixed(180, 320), (15, 60), reply=fixed(3000, 40000, 900)),),
        "a scrape on a kept connection",
    ),
    "long poll": Service(
        (443,),
        "tls",
        (
            Stream(0, fixed(120, 500, 4), (20, 60), reply=fixed(60, 260, 3)),
            Stream(1, text(150, 1500), (60, 900), "chance"),
        ),
        "an answer of nothing after half a minute",
    ),
    "video by pieces": Service(
        (443,), "tls", (Stream(0, fixed(300, 900, 9), (2, 10), reply=fixed(60_000, 900_000, 9000)),), "DASH and HLS"
    ),
    "torrent peer": Service(
        (6881, 51413, 16881),
        "tcp",
        (
            Stream(1, fixed(9, 9), (3, 120), "chance"),
            Stream(0, fixed(9, 9), (10, 240), "chance"),
            Stream(0, fixed(4, 4), (110, 120)),
            Stream(0, fixed(17, 17), (4, 120), "bursts", fixed(16_397, 16_397)),
        ),
        "BEP 3: have, keepalive, request and piece",
        1200.0,
    ),
    "DNS over HTTPS": Service(
        (443,), "tls", (Stream(0, fixed(90, 170, 25), (2, 60), "bursts", even(120, 520)),), "HTTP/2, padded or not"
    ),
    "Kafka consumer": Service(
        (9092, 9093),
        "tcp",
        (
            Stream(0, fixed(90, 220), (0.5, 5), reply=fixed(40, 90)),
            Stream(0, fixed(80, 130), (3, 3), reply=fixed(10, 16)),
            Stream(1, text(200, 3000), (5, 300), "chance"),
        ),
        "fetches that wait, heartbeats of 3 s",
    ),
    "AMQP": Service(
        (5672, 5671),
        "tls",
        (
            Stream(0, fixed(8, 8), (10, 60)),
            Stream(1, fixed(8, 8), (10, 60)),
            Stream(1, fixed(140, 420, 16), (2, 120), "chance", fixed(21, 21)),
        ),
        "heartbeats, deliveries of one kind and their ack",
    ),
    "queue of jobs": Service(
        (4222, 443, 61613, 11300),
        "tls",
        (
            Stream(1, fixed(180, 480, 10), (4, 90), "chance"),
            Stream(0, fixed(60, 260, 6), (4, 90), "chance", fixed(20, 60)),
            Stream(0, fixed(6, 30), (30, 120), reply=fixed(6, 30)),
        ),
        "a worker: jobs pushed, results sent in, pings (NATS, STOMP, beanstalk)",
    ),
    "ZooKeeper": Service(
        (2181,),
        "tcp",
        (
            Stream(0, fixed(12, 12), (2, 13), reply=fixed(20, 20)),
            Stream(1, even(40, 120), (60, 900), "chance", even(40, 90)),
        ),
        "pings at a third of the session's time",
    ),
    "gRPC watch": Service(
        (2379, 443, 50051),
        "tls",
        (Stream(0, fixed(17, 17), (10, 300), reply=fixed(17, 17)), Stream(1, fixed(150, 600, 40), (5, 120), "chance")),
        "etcd and Kubernetes watches",
    ),
    "build farm": Service(
        (8980, 443),
        "tls",
        (
            Stream(0, text(200, 1500), (1, 60), "bursts", text(60, 900)),
            Stream(1, fixed(80, 200, 20), (2, 30), "chance"),
        ),
        "actions and progress",
    ),
    "telephony events": Service(
        (64738, 5038, 8021),
        "tls",
        (Stream(0, fixed(20, 40), (5, 5), reply=fixed(20, 40)), Stream(1, text(120, 700), (5, 120), "chance")),
        "Mumble pings every 5 s, AMI and ESL events",
    ),
    "remote help, idle": Service(
        (5938, 443, 7070),
        "tcp",
        (Stream(0, fixed(24, 60), (10, 30), reply=fixed(24, 60)), Stream(1, even(40, 200), (60, 600), "chance")),
        "TeamViewer and AnyDesk",
    ),
    "tracker": Service(
        (5023, 5027, 7700, 9999, 20332),
        "tcp",
        (
            Stream(0, fixed(60, 140, 12), (10, 60), reply=fixed(4, 20), jitter=0.3),
            Stream(1, even(20, 60), (300, 3000), "chance", even(20, 80)),
        ),
        "positions of vehicles",
    ),
    "LoRa gateway": Service(
        (1700,),
        "udp",
        (
            Stream(0, fixed(160, 330, 20), (2, 60), "chance", fixed(4, 4)),
            Stream(0, fixed(12, 12), (5, 10), reply=fixed(4, 4)),
            Stream(1, fixed(150, 240, 10), (60, 900), "chance", fixed(12, 40)),
        ),
        "Semtech's packet forwarder",
    ),
    "sensors over MQTT": Service(
        (8883, 1883),
        "tls",
        (
            Stream(0, fixed(60, 320, 8), (5, 90), "chance", fixed(4, 4)),
            Stream(0, fixed(2, 2), (30, 120), reply=fixed(2, 2)),
            Stream(1, fixed(60, 300, 8), (20, 300), "chance", fixed(4, 4)),
        ),
        "QoS 1 both ways, PINGREQ",
    ),
    "ships and planes": Service(
        (10110, 30003, 5631), "tcp", (Stream(1, even(40, 100), (0.2, 5), "chance"),), "NMEA and SBS lines"
    ),
    "alarm centre": Service(
        (443, 10001, 4848),
        "tls",
        (Stream(0, fixed(60, 160, 2), (10, 90), reply=fixed(30, 80)), Stream(1, fixed(60, 160), (300, 1800), "chance")),
        "SIA DC-09 supervision",
    ),
    "camera events": Service(
        (443, 8000, 554),
        "tls",
        (
            Stream(1, fixed(280, 600, 20), (3, 120), "bursts"),
            Stream(0, fixed(120, 240), (30, 60), reply=fixed(100, 200)),
        ),
        "ONVIF pull points, RTSP keepalives",
    ),
    "meter": Service((4059, 4001), "tcp", (Stream(0, fixed(20, 60), (5, 60), reply=fixed(40, 240, 4)),), "DLMS"),
    "wallet": Service(
        (443, 50002, 9050),
        "tls",
        (
            Stream(0, fixed(60, 90), (60, 450), reply=fixed(40, 60)),
            Stream(1, fixed(240, 280, 4), (600, 600), "chance"),
            Stream(1, fixed(150, 190), (30, 900), "chance", fixed(90, 140)),
        ),
        "Electrum: headers at each block, notices, pings",
    ),
    "push to phones": Service(
        (5223, 5228, 443),
        "tls",
        (
            Stream(0, fixed(10, 40), (60, 1500), reply=fixed(10, 40)),
            Stream(1, text(120, 1800), (30, 900), "chance", fixed(15, 50)),
        ),
        "APNs and FCM",
    ),
    "time": Service((123,), "udp", (Stream(0, fixed(48, 48), (16, 256), reply=fixed(48, 48)),), "RFC 5905"),
    "database session": Service(
        (5432, 3306, 1433, 1521),
        "tcp",
        (
            Stream(0, fixed(14, 60), (5, 60), reply=fixed(40, 120)),
            Stream(0, text(60, 900), (2, 120), "bursts", text(60, 4000)),
        ),
        "probes and statements",
    ),
    "shell": Service(
        (22,),
        "tcp",
        (
            Stream(0, fixed(84, 100), (15, 60), reply=fixed(28, 44)),
            Stream(0, fixed(36, 36), (2, 60), "bursts", even(36, 200)),
            Stream(1, text(36, 1200), (5, 300), "bursts"),
        ),
        "OpenSSH: keepalives, keys and their echo, output",
    ),
    "tail of a log": Service(
        (22,),
        "tcp",
        (Stream(1, text(90, 400), (0.5, 20), "bursts"), Stream(0, fixed(84, 100), (30, 60), reply=fixed(28, 44))),
        "tail -f over OpenSSH",
    ),
}
"""By name."""
