"""What a caller learns when the process that answers dies."""

from __future__ import annotations

from rag.errors import FootnoteError


class Crashed(FootnoteError):
    """The process that answers died, and cannot answer this now."""
