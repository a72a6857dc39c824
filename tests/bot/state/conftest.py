from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.state.store import Store, open_store, state_path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open, empty database in `tmp_path`."""
    with open_store(state_path(tmp_path)) as opened:
        yield opened
