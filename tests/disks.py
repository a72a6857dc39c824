"""A disk with little space, as far as that can be had without a disk of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def little_space(most: int) -> Iterator[None]:
    """Inside the block no file of this process grows beyond `most` bytes; the system says "File too large"."""
    resource = pytest.importorskip("resource", reason="this system does not limit files")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
