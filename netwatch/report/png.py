"""Each figure as a PNG in ``figures/``."""

from __future__ import annotations

from pathlib import Path

from netwatch.report.rendering import Rendering


class PngWriter:
    """One file per figure."""

    def write(self, rendering: Rendering, directory: Path) -> list[Path]:
        """Write ``figures/<name>.png``."""
        (directory / "figures").mkdir(exist_ok=True)
        files = []
        for name, drawing in rendering.drawings.items():
            path = Path("figures") / f"{name}.png"
            (directory / path).write_bytes(drawing.png())
            files.append(path)
        return files
