"""What makes a system do a pass every five minutes: a line for cron, a service and a timer for systemd."""

from __future__ import annotations

import shlex
from pathlib import Path

from netwatch.errors import OutputError

SERVICE = """[Unit]
Description=netwatch: one pass over new captures and flow exports
Documentation=man:netwatch(1)

[Service]
Type=oneshot
ExecStart={command}
# Another pass is still running: not a failure.
SuccessExitStatus=75
NoNewPrivileges=yes
ProtectSystem=full
PrivateTmp=yes
Nice=10
"""
TIMER = """[Unit]
Description=netwatch every five minutes

[Timer]
OnCalendar=*:0/5
RandomizedDelaySec=15
Persistent=true

[Install]
WantedBy=timers.target
"""
UNITS = ("netwatch.service", "netwatch.timer")


def cron_line(program: str, config: Path) -> str:
    """For ``crontab -e``; cron takes ``%`` for a line's end, so it is escaped."""
    command = shlex.join([program, "monitor", "--quiet", "--config", str(config)])
    return f"*/5 * * * * {command.replace('%', chr(92) + '%')}"


def units(program: str, config: Path) -> dict[str, str]:
    """Files of systemd by name; ``%`` and ``$`` mean something in them, so they are doubled."""
    words = [program, "monitor", "--quiet", "--config", str(config)]
    command = " ".join(_quoted(word) for word in words)
    return {"netwatch.service": SERVICE.format(command=command), "netwatch.timer": TIMER}


def _quoted(word: str) -> str:
    safe = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return (
        f'"{safe}"' if safe != word or not word.replace("/", "").replace("-", "").replace(".", "").isalnum() else word
    )


def install_units(program: str, config: Path, directory: Path) -> list[Path]:
    """Write systemd's files into a directory of units; nothing that is there is overwritten.

    Raises:
        OutputError: a file is there already, or cannot be written.
    """
    written = []
    for name, text in units(program, config).items():
        path = directory / name
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as fault:
            raise OutputError(f"cannot write {path}: {fault.strerror}") from None
        written.append(path)
    return written
