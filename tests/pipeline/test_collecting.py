"""Collecting from a loopback socket: files that read again, templates over restarts, losses, signals."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from netwatch.cli import run
from netwatch.errors import UsageError
from netwatch.model.address import texts
from netwatch.model.flows import Flows
from netwatch.pipeline.collecting import MEMORY, Collecting, collect
from netwatch.read import open_inputs
from netwatch.read.datagrams import Datagrams

NOW = int(time.time())
FIELDS = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (1, 8), (2, 8), (150, 4), (151, 4))
RECORD = struct.pack(">IIHHBQQII", 0x0A000001, 0xC0000201, 1234, 3333, 6, 1000, 10, NOW - 5, NOW)


def ipfix(number, content, sequence=0):
    body = struct.pack(">HH", number, len(content) + 4) + content
    return struct.pack(">HHIII", 10, len(body) + 16, NOW, sequence, 7) + body


TEMPLATE = ipfix(2, struct.pack(">HH", 256, len(FIELDS)) + b"".join(struct.pack(">HH", *f) for f in FIELDS))
SAMPLING = ipfix(3, struct.pack(">HHH", 400, 2, 1) + struct.pack(">HHHH", 149, 4, 34, 4))
SAMPLED = ipfix(400, struct.pack(">II", 0, 128))


def collected(into, messages, rotate=300):
    """What a collector makes of ``messages``, sent to it over loopback."""
    stopping, begun, done = threading.Event(), threading.Event(), []
    port = []

    def ready(bound):
        port.append(bound.port)
        begun.set()

    options = Collecting("127.0.0.1", 0, into, rotate * 10**9, 30 * 10**9)
    thread = threading.Thread(target=lambda: done.append(collect(options, stopping.is_set, ready)))
    thread.start()
    assert begun.wait(20)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for message in messages:
            out.sendto(message, ("127.0.0.1", port[0]))
    time.sleep(0.3)
    stopping.set()
    thread.join(30)
    return done[0]


def read(files):
    inputs = open_inputs(files)
    flows = Flows.concatenate(list(inputs))
    assert all(tally.balanced for tally in inputs.tallies)
    return flows


def test_flows_are_written_and_read_again(tmp_path):
    done = collected(tmp_path, [TEMPLATE, ipfix(256, RECORD * 3), b"no export", ipfix(256, RECORD, 5)])
    flows = read(done.files)
    assert done.flows == len(flows) == 4
    assert texts(flows["source_address"]) == ["10.0.0.1"] * 4
    assert texts(flows["exporter_address"]) == ["127.0.0.1"] * 4
    assert flows["octet_delta_count"].tolist() == [1000] * 4
    assert flows["flow_end_nanoseconds"].tolist() == [NOW * 10**9] * 4
    datagrams, records = done.tallies
    assert datagrams.balanced
    assert records.balanced
    assert (datagrams.seen, datagrams.lost, records.kept, records.lost) == (4, 0, 4, 2)
    assert records.seen_octets == datagrams.seen_octets
    (file,) = done.files
    assert len(file.name) == len("flows.202601010000.parquet")
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".flows")]


def test_templates_and_sampling_outlive_a_restart(tmp_path):
    collected(tmp_path, [TEMPLATE, SAMPLING, SAMPLED])
    (entry,) = json.loads((tmp_path / MEMORY).read_text())
    assert (entry["exporter"], entry["version"], entry["domain"]) == ("127.0.0.1", 10, 7)
    done = collected(tmp_path, [ipfix(256, RECORD * 2)])
    flows = read(done.files)
    assert flows["sampling_packet_interval"].tolist() == [128, 128]
    assert not done.tallies[1].dropped
    assert collected(tmp_path, []).files == []


@pytest.mark.parametrize("told", ["{", "[1]", '{"a": 1}', '[{"exporter": "x"}]', "[" * 100_000, '["\\ud800"]'])
def test_a_damaged_memory_is_told_and_no_hindrance(tmp_path, told):
    (tmp_path / MEMORY).write_text(told)
    done = collected(tmp_path, [TEMPLATE, ipfix(256, RECORD)])
    assert done.tallies[0].notes["templates of earlier could not be read"] == 1
    assert done.flows == 1


def test_a_file_that_is_there_is_never_replaced(tmp_path):
    first = collected(tmp_path, [TEMPLATE, ipfix(256, RECORD)], rotate=86_400)
    content = first.files[0].read_bytes()
    second = collected(tmp_path, [ipfix(256, RECORD * 2)], rotate=86_400)
    assert first.files[0].read_bytes() == content
    assert second.files[0].name.endswith(".2.parquet")
    assert len(read([tmp_path])) == 3


def test_files_rotate(tmp_path):
    stopping, begun = threading.Event(), []
    options = Collecting("127.0.0.1", 0, tmp_path, 10**9, 30 * 10**9)
    done = []
    thread = threading.Thread(target=lambda: done.append(collect(options, stopping.is_set, begun.append)))
    thread.start()
    while not begun:
        time.sleep(0.01)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for message in (TEMPLATE, *[ipfix(256, RECORD, k) for k in range(3)]):
            out.sendto(message, ("127.0.0.1", begun[0].port))
            time.sleep(0.7)
    stopping.set()
    thread.join(30)
    assert len(done[0].files) >= 2
    assert len(read(done[0].files)) == 3


def test_one_collector_a_directory_and_one_a_port(tmp_path):
    bound = Datagrams("127.0.0.1", 0, time.time_ns)
    try:
        with pytest.raises(UsageError, match="cannot listen"):
            collect(Collecting("127.0.0.1", bound.port, tmp_path, 10**9), lambda: True)

        def second(_socket):
            with pytest.raises(UsageError, match="another collector"):
                collect(Collecting("127.0.0.1", 0, tmp_path, 10**9), lambda: True)

        collect(Collecting("127.0.0.1", 0, tmp_path, 10**9), lambda: True, second)
    finally:
        bound.close()


def test_datagrams_that_the_kernel_dropped_are_counted():
    bound = Datagrams("127.0.0.1", 0, time.time_ns)
    sent = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        while sent * 60_000 < 3 * bound.kernel_room:
            out.sendto(bytes(60_000), ("127.0.0.1", bound.port))
            sent += 1
        came = 0
        while got := len(bound.receive(time.time_ns() + 50_000_000, 1 << 16).start):
            came += got
        # The kernel tells with the next datagram that it takes.
        out.sendto(b"last", ("127.0.0.1", bound.port))
        came += len(bound.receive(time.time_ns() + 50_000_000, 1 << 16).start)
    bound.close()
    assert bound.dropped > 0
    assert bound.dropped + came == sent + 1


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_everything_written(tmp_path, kind):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "netwatch", "collect", "--listen", f"127.0.0.1:{port}", "--into", str(tmp_path)]
    with subprocess.Popen([*command, "--seconds", "60"], stderr=subprocess.PIPE, text=True) as process:
        assert "listening on" in process.stderr.readline()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for message in (TEMPLATE, ipfix(256, RECORD)):
                out.sendto(message, ("127.0.0.1", port))
        time.sleep(0.5)
        os.kill(process.pid, kind)
        said = process.communicate(timeout=120)[1]
    assert process.returncode == 0, said
    assert "1 flows in 1 files" in said
    assert len(read(sorted(Path(tmp_path).glob("*.parquet")))) == 1


@pytest.mark.parametrize("listen", ["2055", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:x"])
def test_an_address_must_have_a_port(tmp_path, listen, capsys):
    assert run(["collect", "--listen", listen, "--into", str(tmp_path)]) == 2
    assert "not an address with a port" in capsys.readouterr().err
