"""The command tree, and what every command shares: errors in one line, exit status, no traceback for a typo."""

from __future__ import annotations

import errno
import importlib
import inspect
import os
import sys
import traceback
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter, UnknownCommandError

from netwatch.errors import NetwatchError, UsageError
from netwatch.version import __version__

OUR_FAULT, NO_OUTPUT, INTERRUPTED, USAGE = 70, 74, 130, 2
WRITTEN = ("--csv", "--parquet", "--ipfix", "--pcap", "--out")
"""Options that name a file to write."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""Errors of a disk that takes no more, wherever they come up (a compiled kernel is kept on disk, too)."""

EPILOGUE = (
    "Exit status: 0 done; 1 findings at or above --fail-on; 2 usage; 3 unreadable input; 4 done, but on incomplete "
    "input; 70 a fault of netwatch; 74 output could not be written; 75 another pass is running; 130 interrupted."
)

COMMANDS = {
    "analyze": ("netwatch.cli.analyze:analyze", "How much, did it jump, and what made it jump: the whole report."),
    "inspect": ("netwatch.cli.inspect:inspect", "What is in a file: format, span, packets, flows, losses."),
    "flows": ("netwatch.cli.flows:flows", "List, filter, group and convert flow records."),
    "meter": ("netwatch.cli.meter:meter", "Packets to a file of flow records, and no more: as fast as can be."),
    "collect": ("netwatch.cli.collect:collect", "Flow exports from a UDP socket to files of flow records."),
    "series": ("netwatch.cli.series:series", "Octets, packets, flows and peers over time."),
    "backtest": ("netwatch.cli.backtest:backtest", "What would have been told, and when, had it come in live."),
    "explain": ("netwatch.cli.explain:explain", "What made the difference between two windows of time."),
    "simulate": ("netwatch.cli.simulate:simulate", "Labelled traffic to try netwatch on."),
    "list": ("netwatch.cli.parts:list_parts", "The parts: readers, detectors, fingerprints, reports, sinks ..."),
}
GROUPS = {
    "asn": (
        "Prefix to AS tables: look up, import, list.",
        {
            "lookup": ("netwatch.cli.asn:lookup", "Whose an address is, by each table."),
            "import": ("netwatch.cli.asn:import_file", "Take in a prefix table of your own, with its date."),
            "list": ("netwatch.cli.asn:list_tables", "The prefix tables at hand."),
        },
    ),
    "rules": (
        "Rules of fingerprints: list, explain, test and check them, also your own.",
        {
            "list": ("netwatch.cli.rules:list_rules", "Every rule, with its class and what it looks at."),
            "show": ("netwatch.cli.rules:show", "One rule: meaning, grounds with their weights, examples, sources."),
            "test": ("netwatch.cli.rules:test", "Run the examples of rules."),
            "lint": ("netwatch.cli.rules:lint", "Check rule files word for word."),
        },
    ),
    "kb": (
        "Names of mining pools, and warning lists of names that are none.",
        {
            "list": ("netwatch.cli.kb:list_lists", "The lists at hand, with rows, sources and licences."),
            "show": ("netwatch.cli.kb:show", "What is known of a host name."),
            "import": ("netwatch.cli.kb:import_file", "Take in a list of your own."),
        },
    ),
    "monitor": (
        "Keep watching: one pass over what is new, for cron or a systemd timer.",
        {
            "pass": ("netwatch.cli.monitor:run", "Do one pass and end; the same as 'netwatch monitor' alone."),
            "check": ("netwatch.cli.monitor:check", "How it stands, as a Nagios or Icinga plug-in tells it."),
            "install": ("netwatch.cli.monitor:install", "What to put into cron or systemd, printed or installed."),
        },
    ),
    "findings": (
        "What the monitor found: list, show, and say what is known.",
        {
            "list": ("netwatch.cli.findings:list_findings", "Findings that are open, or all."),
            "show": ("netwatch.cli.findings:show", "All that is known of one finding."),
            "ack": ("netwatch.cli.findings:ack", "Take note: no more is told of it unless it gets worse."),
            "close": ("netwatch.cli.findings:close", "It is dealt with."),
            "mute": ("netwatch.cli.findings:mute", "Silence for what meets conditions, also for what is there."),
            "unmute": ("netwatch.cli.findings:unmute", "Take a rule of silence away, or list the rules."),
        },
    ),
    "store": (
        "The flows and series that the monitor keeps.",
        {
            "info": ("netwatch.cli.store:info", "How much is there, from when to when."),
            "verify": ("netwatch.cli.store:verify", "Count the rows again and hold them against the ledger."),
            "compact": ("netwatch.cli.store:compact", "Join small files."),
            "expire": ("netwatch.cli.store:expire", "Delete flows and fine series before a day."),
            "top": ("netwatch.cli.queries:top", "The largest groups of stored flows: hosts, ports, networks ..."),
            "bins": ("netwatch.cli.queries:bins", "Stored flows over time, by class, port ..., and how many hosts."),
            "export": ("netwatch.cli.queries:export_flows", "Write flows to a file for other tools."),
        },
    ),
    "config": (
        "The monitor's configuration.",
        {
            "check": ("netwatch.cli.config:check", "Whether a file is right; what is wrong is named."),
            "show": ("netwatch.cli.config:show", "Every option in force, as JSON."),
        },
    ),
    "alerts": (
        "Where the monitor's findings are told.",
        {"test": ("netwatch.cli.alerts:test", "Send a notice, marked as a test, to each sink or to one.")},
    ),
}


def build(argv: Sequence[str]) -> App:
    """The command tree; a command's module is imported when it is called or its own help asked for.

    In a list a command shows the line given here; by itself (``argv`` names it) all that its docstring says.
    """
    app = App(
        name="netwatch",
        help="Why a network's traffic rose: mining, attack or ordinary use, with evidence.",
        help_epilogue=EPILOGUE,
        version=__version__,
        help_format="plaintext",
        default_parameter=Parameter(negative=(), show_default=_as_typed),
        exit_on_error=False,
        print_error=False,
        result_action="return_value",
    )
    for name, (target, about) in COMMANDS.items():
        app.command(target, name=name, help=_whole(target) if name in argv[:1] else about)
    for title, (purpose, commands) in GROUPS.items():
        group = App(name=title, help=purpose)
        for name, (target, about) in commands.items():
            group.command(target, name=name, help=_whole(target) if name in argv[1:2] else about)
        app.command(group)
    app.register_install_completion_command(name="--install-completion", help="Install completion for your shell.")
    return app


def run(argv: Sequence[str]) -> int:
    """Carry out one command line and return its exit status; see :data:`EPILOGUE`."""
    if argv[:1] == ["monitor"] and (len(argv) == 1 or argv[1] not in (*GROUPS["monitor"][1], "--help", "-h")):
        argv = ["monitor", "pass", *argv[1:]]
    app = build(argv)
    try:
        status = app(_stdin_last(argv))
    except UnknownCommandError as fault:
        # Its own message would import every command to list them.
        known = GROUPS[argv[0]][1] if argv[0] in GROUPS else {*COMMANDS, *GROUPS}
        return complain(f"{UsageError.unknown('command', (fault.unused_tokens or argv)[0], known)}", USAGE)
    except CycloptsError as fault:
        return complain(" ".join(str(fault).split()) + " (see --help)", USAGE)
    except NetwatchError as fault:
        return complain(str(fault), fault.exit_status)
    except KeyboardInterrupt:
        return complain("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output went away (| head): nothing more to say, and nothing to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as fault:
        if fault.errno not in NO_ROOM:
            return _own_fault()
        return complain(
            f"cannot write: {fault.strerror}" + (f": {fault.filename}" if fault.filename else ""), NO_OUTPUT
        )
    except Exception:  # noqa: BLE001 - the outermost door: a fault of ours is told as one
        return _own_fault()
    return int(status or 0)


def _stdin_last(argv: Sequence[str]) -> list[str]:
    """A lone ``-`` is stdin, or stdout behind an option that names a file to write.

    The parser takes it for an option unless it stands last, after ``--``, or is joined to its option.
    """
    if "-" not in argv or "--" in argv:
        return list(argv)
    words: list[str] = []
    for word in argv:
        if word == "-" and words and words[-1] in WRITTEN:
            words[-1] += "=-"
        else:
            words.append(word)
    return [*(word for word in words if word != "-"), "--", "-"] if "-" in words else words


def _whole(target: str) -> str:
    """A command's docstring with each paragraph in one line, for the terminal to wrap; examples stay as they are."""
    module, function = target.split(":")
    told = inspect.getdoc(getattr(importlib.import_module(module), function)) or ""
    return "\n\n".join(p if "    " in p else " ".join(p.split()) for p in told.split("\n\n"))


def _as_typed(default: object) -> str | None:
    """A default as one would type it; none to show where it is nothing, or off."""
    if isinstance(default, tuple):
        return ",".join(map(str, default)) or None
    return None if default in (None, False, "") else str(default)


def complain(message: str, status: int) -> int:
    """Say one line on stderr and return the status."""
    print(f"netwatch: {message}", file=sys.stderr)
    return status


def _own_fault() -> int:
    traceback.print_exc()
    return complain("this is a fault of netwatch: please report it with the lines above", OUR_FAULT)
