"""What opens models and index. With the real models it is in tests/integration/test_pipeline.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.answering.assistant import open_assistant, starter_model
from bot.settings import Settings
from rag.errors import ModelCorrupt, ModelMissing


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
