"""By what it is known that an answer would come out the same: a hash of what it is made from. Pure function."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from rag.types import Citation


def basis(passages: Iterable[Citation], *decided: object) -> str:
    """The same for the same passages, in whatever order, cited whole, and the same of what was decided before.

    `decided`: anything whose `repr` says all there is to say of it.
    """
    whole = sorted(repr(passage) for passage in passages)
    return hashlib.sha256(repr((whole, decided)).encode()).hexdigest()
