"""An endpoint that is away when the assistant is opened writes once it is there, without a restart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.answering.assistant import LOOK_AGAIN_SECONDS, LocalAssistant
from bot.settings import Settings, WriterSettings
from rag.writing.aptitude import Aptitude, Level, store, version
from tests.conftest import MODELS
from tests.rag.scripted_server import MODEL, serving

pytestmark = pytest.mark.models


def trusted(fingerprint: str) -> Aptitude:
    return Aptitude(
        model=MODEL,
        fingerprint=fingerprint,
        version=version(),
        level=Level.WRITE,
        items=(),
        first_seconds=0.1,
        tokens_per_second=10.0,
        seconds=1.0,
    )


def ask_much_later(opened: LocalAssistant) -> None:
    opened._models.looked -= LOOK_AGAIN_SECONDS
    opened.ask("What do bees do?")


@pytest.mark.parametrize("look", [LocalAssistant.reload, ask_much_later])
def test_an_endpoint_is_looked_at_again(
    indexed: Settings, tmp_path: Path, look: Callable[[LocalAssistant], None]
) -> None:
    """Away at the start meant quotes alone until somebody restarted the bot."""
    for file in MODELS.glob("*.gguf"):
        (tmp_path / file.name).symlink_to(file)
    with serving(lambda handler: handler.stream("ok"), models=()) as endpoint:
        store(tmp_path, trusted(f"{endpoint.url} {MODEL}"))
        writing = WriterSettings(endpoint=endpoint.url)
        opened = LocalAssistant(indexed.model_copy(update={"models": tmp_path, "writer": writing}))
        try:
            assert opened.writer is None
            look(opened)
            assert opened.writer is None
            endpoint.models = (MODEL,)
            look(opened)
            assert opened.writer is not None
            assert "Writing" in [role for role, _ in opened.browse().overview().models]
        finally:
            opened.close()
