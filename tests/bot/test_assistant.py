"""What opens models and index. With the real models it is in tests/integration/test_pipeline.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from bot.answering.assistant import Kept, LocalAssistant, open_assistant, starter_model
from bot.settings import Settings
from rag.errors import IndexCorrupt, ModelCorrupt, ModelMissing


@pytest.mark.parametrize("role", ["embed", "rank/write"])
def test_a_missing_model_names_the_command(tmp_path: Path, role: str) -> None:
    with pytest.raises(ModelMissing, match=r"footnote models pull|git checkout"):
        starter_model(tmp_path, role)  # type: ignore[arg-type]


@pytest.mark.parametrize("role", ["embed", "rank/write"])
def test_a_model_of_the_right_size_and_wrong_content_is_refused(tmp_path: Path, role: str) -> None:
    from rag.models.catalog import load_catalog, model_path

    entry = next(entry for entry in load_catalog() if entry.role == role and entry.starter)
    with model_path(tmp_path, entry).open("wb") as file:
        file.truncate(entry.bytes)
    with pytest.raises(ModelCorrupt, match=r"footnote models|git checkout"):
        starter_model(tmp_path, role)  # type: ignore[arg-type]


def test_nothing_is_opened_without_models(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        open_assistant(Settings(notes=tmp_path, data=tmp_path / "data", models=tmp_path))
    assert list(tmp_path.iterdir()) == []


@dataclass
class Replaced:
    """A `LocalAssistant` whose index another process has replaced, or not; it serves the newest once it reloads."""

    replaced: bool
    calls: list[str] = field(default_factory=list)

    def serving(self, _collection: str | None) -> Replaced:
        return self

    def answerer(self, _answers: object) -> Replaced:
        return self

    def is_newest(self) -> bool:
        return not self.replaced

    def reload(self) -> None:
        self.calls.append("reload")
        self.replaced = False

    def basis(self, question: str, **_: object) -> str:
        self.calls.append(question)
        if self.calls.count(question) == 1:
            raise IndexCorrupt("gone from Chroma")
        return "found"


def test_an_index_that_was_replaced_elsewhere_is_opened_and_asked_once_more() -> None:
    """What it held on a server was removed, and every question said that the index is damaged until a restart."""
    whole = Replaced(replaced=True)
    assert Kept(cast("LocalAssistant", whole), None, None).basis("Why?") == "found"
    assert whole.calls == ["Why?", "reload", "Why?"]


def test_an_index_that_is_damaged_is_not_asked_again() -> None:
    whole = Replaced(replaced=False)
    with pytest.raises(IndexCorrupt):
        Kept(cast("LocalAssistant", whole), None, None).basis("Why?")
    assert whole.calls == ["Why?"]
