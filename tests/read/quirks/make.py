"""Files of export messages, each named after its quirk: ``python tests/read/quirks/make.py`` writes them.

One is a capture: that a clock was never set shows only beside the time at which its message came.
"""

import struct
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from naive import frames  # noqa: E402 - found by the path above
from naive.messages import (  # noqa: E402
    COUNTED,
    KEY,
    KEYS,
    NOW,
    counted,
    ipfix,
    sampled,
    template,
    v5,
    v5_record,
    v9,
)

PLAIN = (2, template(256, *COUNTED))
V9_SAMPLING = (1, struct.pack(">HHH", 400, 4, 4) + struct.pack(">HHHH", 1, 4, 34, 4))
SAMPLERS = (3, template(400, (149, 4), (302, 4), (304, 2), (305, 4), (306, 4), scopes=1))
REVERSE = (*COUNTED, (1, 8, 29305), (2, 8, 29305), (6, 1, 29305))
REDUCED = (*KEYS, (1, 3), (2, 1), (152, 8), (153, 8))
TIMES = struct.pack(">QQ", (NOW - 10) * 1000, NOW * 1000)


CERT = 6871
SILK = ((152, 8), (153, 8), (2, 4), (1, 4), (10, 2), (14, 2), (33, 2, CERT), (31, 2, CERT), (30, 1, CERT),
        (32, 1, CERT), (4, 1))  # fmt: skip
SILK_ENDS = ((8, 4), (12, 4), (15, 4))
SILK_TCP = (*SILK, (6, 1), (7, 2), (11, 2), *SILK_ENDS)
SILK_EXPANDED = (*SILK, (210, 1), (7, 2), (11, 2), (14, 1, CERT), (15, 1, CERT), (210, 2), *SILK_ENDS)
"""As rwsilk2ipfix writes TCP, and TCP of which the first packet's flags are known; SiLK's own sensor, type, label."""
YAF = (*COUNTED, (14, 1, CERT), (15, 1, CERT), (14 | 0x4000, 1, CERT), (15 | 0x4000, 1, CERT), (2, 8, 29305))


def silk(packets: int, *rest: bytes) -> bytes:
    ends = bytes([10, 0, 0, 1, 192, 0, 2, 1, 0, 0, 0, 0])
    head = struct.pack(">QQIIHHHHBBB", (NOW - 10) * 1000, NOW * 1000, packets, 1000, 1, 2, 80, 5, 1, 0, 6)
    return head + b"".join(rest) + ends


def sampler(number: int, algorithm: int, space: int) -> bytes:
    return struct.pack(">IIHII", 0, number, algorithm, 1, space)


FILES = {
    "uptime-rollover": [v5([v5_record(first=2**32 - 5000, last=1000)], uptime=2000)],
    "clock-ahead-of-export": [ipfix(PLAIN, (256, counted(start=NOW + 10**6, end=NOW + 10**6)))],
    "start-after-end": [ipfix(PLAIN, (256, counted(start=NOW, end=NOW - 60)))],
    "sampling-interval-zero": [
        ipfix((3, sampled(400, (34, 4))), (400, struct.pack(">II", 0, 0))), ipfix(PLAIN, (256, counted()), sequence=1),
    ],
    "sampling-missing": [ipfix(PLAIN, (256, counted()))],
    "sampling-in-another-domain": [
        v9(V9_SAMPLING, (400, struct.pack(">II", 0, 128))), v9((0, PLAIN[1]), (256, counted()), domain=7),
    ],
    "samplers-deterministic-and-random": [
        ipfix(SAMPLERS, (400, sampler(1, 1, 9) + sampler(2, 3, 99))),
        ipfix((2, template(256, *COUNTED, (302, 4))),
              (256, counted(1) + struct.pack(">I", 1) + counted(2) + struct.pack(">I", 2)), sequence=2),
    ],
    "template-after-data": [v9((256, counted()), sequence=1), v9((0, PLAIN[1]), sequence=2)],
    "template-never": [ipfix((2, template(300, *COUNTED)), (256, counted()))],
    "multiple-observation-domains": [
        ipfix(PLAIN, (256, counted(1)), domain=1),
        ipfix((2, template(256, (8, 4), (12, 4), (1, 8))), (256, KEY[:8] + struct.pack(">Q", 2)), domain=2),
        ipfix((256, counted(3)), domain=1, sequence=1),
    ],
    "reduced-size-encoding": [ipfix((2, template(256, *REDUCED)), (256, KEY + b"\x01\x02\x03\x07" + TIMES))],
    "out-of-order": [ipfix(PLAIN, (256, counted(k)), sequence=s) for k, s in ((1, 0), (3, 2), (2, 1), (4, 3))],
    "duplicated": [ipfix(PLAIN, (256, counted()))] * 2,
    "lost": [ipfix(PLAIN, (256, counted(k)), sequence=s) for k, s in ((1, 0), (2, 1), (3, 6))],
    "silk-flags-of-first-packets": [
        ipfix((2, template(256, *SILK_TCP)), (2, template(257, *SILK_EXPANDED))),
        ipfix((256, silk(1, struct.pack(">BHH", 0x1B, 1234, 80))),
              (257, silk(2, struct.pack(">BHHBBH", 0, 1234, 80, 0x02, 0x19, 0)))),
        ipfix((2, template(258, *YAF)), (258, counted(packets=3) + struct.pack(">BBBBQ", 0x02, 0x18, 0x12, 0x11, 4)),
              sequence=2),
    ],
    "biflow-reverse-elements": [
        ipfix((2, template(256, *REVERSE)), (256, counted() + struct.pack(">QQB", 50, 2, 0x12)))
    ],
}  # fmt: skip


CAPTURED = {
    "clock-never-set": [v5([v5_record()], seconds=3600)],
}


def files() -> dict[str, bytes]:
    """Every file by its name."""
    made = {f"{name}.export": b"".join(messages) for name, messages in FILES.items()}
    for name, messages in CAPTURED.items():
        packets = [frames.ethernet(frames.ipv4(frames.udp(each, 2055, 2055), 17)) for each in messages]
        made[f"{name}.pcap"] = frames.pcap(packets)
    return made


def main() -> None:
    for name, octets in files().items():
        (HERE / name).write_bytes(octets)


if __name__ == "__main__":
    main()
