"""``python -m netwatch`` and the ``netwatch`` command."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line and leave with its status."""
    # Nothing here multiplies large matrices, and threads of BLAS take time to start, more on more cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from netwatch.cli import run

    status = run(sys.argv[1:])
    # The interpreter would look three times for cycles among all that was imported, which lives to the end anyway.
    gc.freeze()
    sys.exit(status)


if __name__ == "__main__":
    main()
