"""Text from the wire acts nowhere: not in a mail header, not in HTML, not on a terminal, not in a chat."""

from __future__ import annotations

import email
import json
import re
import smtplib
import unicodedata
from email.policy import default
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notice_stories import HOSTILE, notice

from netwatch.alert.ecs import EcsSink
from netwatch.alert.eve import EveSink
from netwatch.alert.message import compose
from netwatch.alert.misp import event
from netwatch.alert.options import SinkOptions
from netwatch.alert.people import AppriseSink
from netwatch.alert.stix import bundle

wire = st.text(st.characters() | st.sampled_from("\r\n\x00\x1b<>@&\"'\\[](){}:/|\u202e\ud800"), max_size=80)


def harmless(text: str) -> bool:
    return all(c == " " or unicodedata.category(c)[0] not in "CZ" for c in text)


@settings(max_examples=200, deadline=None)
@given(wire, wire, wire)
def test_no_control_character_link_mention_or_tag_reaches_people(title: str, words: str, subject: str) -> None:
    one = notice(title=title, words=(words, title), subject=subject, watch=words, classes=(title,), id=subject or "x")
    for text in (compose([one]), compose([one, notice("other", id="other")])):
        assert harmless(text.title)
        for line in text.body.split("\n"):
            assert harmless(line)
            assert "://" not in line
            assert not re.search(r"@\w|<[!@#/a-zA-Z]", line)


@settings(max_examples=200, deadline=None)
@given(wire, wire, wire)
def test_machine_records_are_ascii_json_of_harmless_texts(title: str, words: str, key: str) -> None:
    one = notice(key or "k", title=title, words=(words,), subject=title, watch=words, id=key, classes=(words,),
                 attack_techniques=(title,), figures={words: [title]})  # fmt: skip
    options = SinkOptions("s", "eve", path=Path("unused"))
    for made in (EveSink(options).record(one), EcsSink(options).record(one), bundle(one, "red"), event(one, "clear")):
        octets = json.dumps(made, allow_nan=False).encode("ascii")
        assert json.loads(octets) == made
        for text in _texts(made):
            assert all(harmless(line) for line in text.split("\n"))


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [t for k, v in value.items() for t in (*_texts(k), *_texts(v))]
    return [t for v in value for t in _texts(v)] if isinstance(value, list) else []


class Outbox(smtplib.SMTP):
    """Takes mail as a server would, without a network."""

    sent: ClassVar[list[tuple[list[str], str]]] = []

    def __init__(self, *_args: Any, **_options: Any) -> None:
        self.command_encoding = "ascii"

    def ehlo(self, *_: Any) -> Any:
        return 250, b""

    def login(self, *_: Any, **__: Any) -> Any:
        return 235, b""

    def starttls(self, *_: Any, **__: Any) -> Any:
        return 220, b""

    def sendmail(self, _from: Any, to: Any, message: Any, *_: Any, **__: Any) -> Any:
        self.sent.append((list(to) if not isinstance(to, str) else [to], message))
        return {}

    def quit(self) -> Any:
        return 221, b""


def test_a_mail_has_no_header_and_no_markup_from_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("apprise")
    monkeypatch.setattr(smtplib, "SMTP", Outbox)
    monkeypatch.setattr(Outbox, "sent", [])
    monkeypatch.setenv("MAIL_URL", "mailto://user:secret@mail.example?from=n@mail.example&to=soc@mail.example")
    AppriseSink(SinkOptions("mail", "apprise", url_env="MAIL_URL")).send([HOSTILE])
    ((to, octets),) = Outbox.sent
    assert to == ["soc@mail.example"]
    mail = email.message_from_string(octets, policy=default)
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith(r"netwatch HIGH new: Hi\x0d\x0aBcc: victim[@]example.org")
    parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
    assert parts
    for kind, content in parts.items():
        assert "\x1b" not in content
        assert not re.search(r"<(script|img|!channel|/td)", content)
        if kind == "text/html":
            assert "&#x27;" in content or "&#39;" in content or "&quot;" in content
