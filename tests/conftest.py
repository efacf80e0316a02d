"""Being here puts ``tests/`` on the path, so that the naive twins can be imported: ``from naive.frames import ...``."""
