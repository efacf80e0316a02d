"""What ``make demo`` shows: netwatch analyses the captures of this folder and names the reports it wrote."""

# ruff: noqa: T201, S603 - a demo talks to its user, and starts only what it names itself

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCOPE = ("--asn", "AS131279")
DONE = (0, 4)  # 4: done on incomplete input, which the exporter's outage in three-years is
TOLD = (
    ("three-years", "three years of a small nation's flow exports: why did its traffic triple?"),
    ("monero-day", "a day of one Monero miner, with payload"),
    ("bitcoin-stratum", "two hours of a Bitcoin miner over Stratum v1"),
    ("syn-flood", "a SYN flood on one web server"),
    ("dns-reflection", "DNS answers that nobody had asked for"),
    ("port-scan", "two port scans from outside"),
    ("ssh-guess", "SSH passwords tried on one server"),
    ("quiet-hours", "hours without a flood, in which a miner, a beacon and a tunnel hide"),
    ("ordinary-office", "an ordinary hour: no alarm is the right answer"),
    ("mixed-hour", "an hour in which all of this happens"),
)


def analyse(name: str, about: str) -> list[Path]:
    """One analysis through the command line, as a user would start it; the files it wrote."""
    out = ROOT / "reports" / name
    words = ["analyze", f"captures/{name}", *SCOPE, "--out", f"reports/{name}"]
    print(f"\n{about}\n  netwatch {' '.join(words)}\n", flush=True)
    status = subprocess.run([sys.executable, "-m", "netwatch", *words], cwd=ROOT, check=False).returncode
    if status not in DONE:
        sys.exit(status)
    return sorted(path for path in out.rglob("*") if path.is_file())


def main() -> None:
    """Analyse all captures; stop at the first that fails, with its exit status."""
    written = []
    for name, about in TOLD:
        written += analyse(name, about)
    print("\nWritten:")
    for path in written:
        print(f"  {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
