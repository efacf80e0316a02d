"""Delivery: every notice at every sink has an outcome; faults stay where they happen; secrets stay secret."""

from __future__ import annotations

import builtins
import http.server
import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from notice_stories import FLOOD, HOSTILE, MINING, NOON, SECOND, VOLUME, notice

from netwatch.alert import AlertOptions, Pacing, SinkOptions, deliver, parse, try_out
from netwatch.errors import UsageError
from netwatch.model.finding import Severity
from netwatch.model.notice import Delivery, Life

pytest.importorskip("apprise")
SECRET = "hunter2-secret"


class Receiver(http.server.ThreadingHTTPServer):
    """A webhook on loopback; the path says how it answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hook)
        self.got: list[dict[str, Any]] = []
        self.slow = threading.Event()

    def url(self, status: int = 200) -> str:
        return f"json://user:{SECRET}@127.0.0.1:{self.server_port}/{status}"


class Hook(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        octets = self.rfile.read(min(100_000, int(self.headers["content-length"])))
        status = int(self.path.strip("/"))
        if status == 999:
            self.server.slow.wait(10)
        else:
            self.server.got.append(json.loads(octets))
            self.send_response(status)
            self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.slow.set()
    server.shutdown()
    server.server_close()
    thread.join(5)


def hook(name: str, variable: str, **changes: Any) -> SinkOptions:
    return SinkOptions(name, "apprise", url_env=variable, **changes)


def test_a_webhook_gets_what_people_read(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", receiver.url())
    told = deliver([MINING, HOSTILE, FLOOD], AlertOptions((hook("soc", "HOOK"),)), NOON)
    assert sorted(told, key=lambda d: d.key) == [Delivery(n.key, "soc") for n in (MINING, FLOOD, HOSTILE)]
    assert [message["type"] for message in receiver.got] == ["failure", "failure", "success"]
    assert receiver.got[0]["title"] == "netwatch HIGH new: 192.0.2.10 mines Monero (XMR) in plain text: confirmed"
    assert "It told on the wire: worker rig1." in receiver.got[0]["message"]


def test_a_flood_of_findings_is_a_few_messages_that_name_how_many_more(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", receiver.url())
    many = [notice(f"k{i}", id=f"f{i:04}", severity=Severity.LOW) for i in range(500)]
    state: dict[str, Any] = {}
    options = AlertOptions((hook("soc", "HOOK", pacing=Pacing(rate=4)),))
    told = deliver(many, options, NOON, state=state)
    assert all(d.settled for d in told)
    assert len(told) == 500
    assert len(receiver.got) == 3  # the fourth is kept for what is urgent
    assert receiver.got[-1]["title"] == "netwatch: 498 findings (498 low)"
    assert receiver.got[-1]["message"].endswith("\nand 478 more")
    later = [notice("l", id="later", severity=Severity.LOW)]
    assert [d.held for d in deliver(later, options, NOON + SECOND, state=json.loads(json.dumps(state)))] == [True]


def test_a_fault_stays_at_its_sink_and_is_not_repeated_in_the_same_pass(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BAD", receiver.url(500))
    monkeypatch.setenv("GOOD", receiver.url())
    options = AlertOptions(
        (hook("bad", "BAD"), hook("unset", "NOT_SET"), hook("good", "GOOD"),
         SinkOptions("eve", "eve", path=tmp_path / "eve.json"), SinkOptions("no", "eve", path=Path("/proc/x/eve.json")))
    )  # fmt: skip
    recorded: list[Delivery] = []
    state: dict[str, Any] = {}
    told = deliver([MINING, FLOOD], options, NOON, state=state, record=recorded.extend)
    assert told == recorded
    faults = {d.sink: d.fault for d in told}
    assert faults["bad"] == "sink 'bad': not accepted (JSON: HTTP 500)"
    assert faults["unset"] == "sink 'unset': the environment variable NOT_SET is not set"
    assert faults["no"].startswith("cannot write /proc/x/eve.json: ")
    assert faults["good"] == faults["eve"] == ""
    assert len(receiver.got) == 1 + 2
    assert set(state) == {"good"}
    assert len((tmp_path / "eve.json").read_text().splitlines()) == 2


def test_a_receiver_that_does_not_answer_does_not_hold_up_the_pass(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLOW", receiver.url(999) + "?rto=1&cto=1")
    (told,) = deliver([MINING], AlertOptions((hook("slow", "SLOW", timeout=2),)), NOON)
    assert told.fault.startswith("sink 'slow': not accepted (JSON: no")


def test_no_secret_is_ever_shown(
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    (tmp_path / "urls").write_text(f"# mine\n\n{receiver.url(500)}\n")
    sinks = [SinkOptions("file", "apprise", url_file=tmp_path / "urls")]
    for number, url in enumerate((f"nosuch://user:{SECRET}@host", SECRET, f"json://user:{SECRET}@[::bad")):
        monkeypatch.setenv(f"U{number}", url)
        sinks.append(hook(f"u{number}", f"U{number}"))
    log = logging.StreamHandler()  # an application that logs everything to stderr
    logging.getLogger().addHandler(log)
    try:
        told = deliver([MINING], AlertOptions(tuple(sinks)), NOON)
        logging.getLogger("other").error("the log works")
    finally:
        logging.getLogger().removeHandler(log)
    assert all(d.fault for d in told)
    shown = capfd.readouterr()
    assert "the log works" in shown.err
    assert SECRET not in "".join((repr(told), repr(sinks), shown.out, shown.err))


def test_filters_settle_what_is_not_for_a_sink(tmp_path: Path) -> None:
    sink = SinkOptions("eve", "eve", path=tmp_path / "eve.json", minimum=Severity.MEDIUM, kinds=("mining", "volume"),
                       watches=("lab",), lives=(Life.NEW,))  # fmt: skip
    low = notice("low", severity=Severity.LOW)
    elsewhere = notice("elsewhere", watch="other")
    told = deliver([MINING, FLOOD, VOLUME, low, elsewhere], AlertOptions((sink,)), NOON)
    assert all(d.settled for d in told)
    assert {d.key: d.reason for d in told} == {
        "k1": "", "k4": "", "low": "severity below medium", "k2": "findings of kind attack are not told here",
        "elsewhere": "its watch is not told here",
    }  # fmt: skip


def test_only_what_is_pending_is_told(tmp_path: Path) -> None:
    options = AlertOptions(tuple(SinkOptions(n, "eve", path=tmp_path / n / "eve.json") for n in ("a", "b")))
    told = deliver([MINING, FLOOD], options, NOON, pending={("k1", "a"), ("k2", "b")})
    assert told == [Delivery("k1", "a"), Delivery("k2", "b")]


def test_a_sink_of_another_package_that_breaks_does_not_break_the_pass(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("netwatch.alert.eve.EveSink.record", lambda *_: 1 / 0)
    (told,) = deliver([MINING], AlertOptions((SinkOptions("eve", "eve", path=tmp_path / "e"),)), NOON)
    assert told.fault == "a fault of the sink: ZeroDivisionError"


def test_without_apprise_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "apprise":
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setenv("HOOK", "json://127.0.0.1")
    with pytest.raises(UsageError, match=r"pip install 'netwatch\[monitor\]'"):
        try_out(AlertOptions((hook("soc", "HOOK"),)), NOON)


def test_the_test_notice_goes_past_filters_and_pace(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", receiver.url())
    table = {"quiet": "00:00-23:59", "sinks": {"soc": {"kind": "apprise", "url_env": "HOOK", "minimum": "high"}}}
    assert [d.settled for d in try_out(parse(table), NOON)] == [True]
    assert "TEST" in receiver.got[0]["title"]
    with pytest.raises(UsageError, match="did you mean 'soc'"):
        try_out(parse(table), NOON, "sco")
    with pytest.raises(UsageError, match="no alert sink is configured"):
        try_out(AlertOptions(), NOON)
