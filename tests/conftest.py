"""Being here puts ``tests/`` on the path, so that the naive twins can be imported: ``from naive.frames import ...``."""

from hypothesis import settings

# The first call of a kernel may compile it, and a machine may be busy: neither is a fault of the example's.
settings.register_profile("netwatch", deadline=None)
settings.load_profile("netwatch")
