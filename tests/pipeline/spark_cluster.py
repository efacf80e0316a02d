"""Whether Spark can be started here, and what is done to its executors in tests."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

MASTER = "local-cluster[2,1,1024]"


def missing() -> str:
    """What is missing for tests on Spark; "" where all is there."""
    for package in ("pyspark", "deltalake"):
        if importlib.util.find_spec(package) is None:
            return f"{package} is not installed"
    return "" if os.environ.get("JAVA_HOME") or shutil.which("java") else "no Java on the PATH"


def executors() -> list[int]:
    """Executors that descend from this process."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and b"CoarseGrainedExecutorBackend" in _read(entry / "cmdline") and _ours(entry):
            found.append(int(entry.name))
    return sorted(found)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _ours(entry: Path) -> bool:
    pid = int(entry.name)
    while pid > 1:
        if pid == os.getpid():
            return True
        told = _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()
        pid = int(told[1]) if len(told) > 1 else 0
    return False


def kill_one_when(reached: Callable[[], bool], seconds: float = 600.0) -> tuple[threading.Thread, list[int]]:
    """Kill an executor once something is reached, unless that takes too long; the thread, and a list that then holds
    its process id.
    """
    killed: list[int] = []

    def wait() -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            there = executors()
            if there and reached():
                os.kill(there[0], signal.SIGKILL)
                killed.append(there[0])
                return
            time.sleep(0.02)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread, killed
