"""A local S3 server: moto's, in a process of its own, on loopback."""

from __future__ import annotations

import contextlib
import importlib.util
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

BUCKET = "flows"


def missing() -> str:
    """What is missing for tests against it; "" where all is there."""
    lacking = [name for name in ("moto", "flask", "deltalake") if importlib.util.find_spec(name) is None]
    return f"{', '.join(lacking)} not installed" if lacking else ""


@contextlib.contextmanager
def server(seconds: float = 120.0) -> Iterator[dict[str, str]]:
    """The options by which its one bucket, ``flows``, is reached."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _make_bucket(f"{url}/{BUCKET}", time.monotonic() + seconds)
        yield {
            "AWS_ENDPOINT_URL": url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }
    finally:
        running.terminate()
        running.wait(30)


def _make_bucket(url: str, end: float) -> None:
    while True:
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="PUT"), timeout=5)
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
