"""What this program makes is for its owner's eyes alone: its files, and its memory should it crash.

Knows nothing of what is written.
"""

from __future__ import annotations

import os
from contextlib import suppress
from urllib.parse import urlsplit

OTHERS = 0o077
_HERE = ("localhost", "127.0.0.1", "::1")


def keep_private() -> None:
    """From now on, here and in every process that is started from here."""
    os.umask(os.umask(OTHERS) | OTHERS)
    with suppress(ImportError, ValueError, OSError):  # Windows has no such limit
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, most))


def is_guarded(address: str) -> bool:
    """Whether nobody on the way can read along: it is encrypted, or stays on this machine. Raises ValueError."""
    parts = urlsplit(address)
    return parts.scheme in ("https", "wss") or parts.hostname in _HERE
