"""Can the checks read the language of a sentence? They know the English words for "not", "might" and "more"."""

from __future__ import annotations

from rag.language import language_of
from rag.writing.checks.claim import Claim

READ = "en"


def unreadable(claim: Claim) -> str:
    """Why a sentence cannot be checked; "" where it can, or is what it cites word for word."""
    told = language_of(f"{claim.text}\n{claim.evidence}")
    copied = any(claim.text.strip() in cited.text for cited in claim.cited)
    return "only English sentences can be checked word by word" if told not in (None, READ) and not copied else ""
