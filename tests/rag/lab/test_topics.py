from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.lab.topics import Gold, Quoted, Score, Shown, column, lexrank, load_gold, mentions, score
from rag.types import Episode
from tests.builders import passage
from tests.fakes import FakeEmbedder

CLOVER = "Bees dance to show where clover grows."
QUOTED = Quoted(file="garden", quote="show where  clover")


def shown(*texts: str, episodes: tuple[str, ...] = ("Garden",), cites: bool = True) -> Shown:
    passages = tuple(passage(text, note_file="garden") for text in texts) if cites else ()
    titles = tuple(Episode(id=title, show=None, title=title) for title in episodes)
    return Shown(texts=texts, passages=passages, episodes=titles)


def test_gold_is_read(tmp_path: Path) -> None:
    line = (
        '{"topic": "bees", "must_mention": [{"point": "p", "quotes": [{"file": "garden", "quote": "q"}]}],'
        ' "episodes": ["Garden"]}'
    )
    (tmp_path / "topics.jsonl").write_text(f"{line}\n\n", encoding="utf-8")
    assert load_gold(tmp_path / "topics.jsonl") == [
        Gold(topic="bees", points=((Quoted(file="garden", quote="q"),),), episodes=("Garden",))
    ]


def test_a_point_is_mentioned_by_a_passage_of_its_file_that_holds_its_quote() -> None:
    assert mentions(shown(CLOVER), [QUOTED])
    assert not mentions(shown("Bees sleep."), [QUOTED])
    assert not mentions(shown(CLOVER), [Quoted(file="sea", quote="clover")])


def test_a_text_that_cites_nothing_must_say_most_of_it() -> None:
    assert mentions(shown("They show where the clover is.", cites=False), [QUOTED])
    assert not mentions(shown("There is clover.", "They show off.", cites=False), [QUOTED])


def test_the_figures_of_a_topic() -> None:
    gold = Gold(topic="bees", points=((QUOTED,), (Quoted(file="garden", quote="wasps"),)), episodes=("The Garden",))
    found = score(shown(CLOVER, CLOVER, episodes=("Garden", "Sea")), gold, FakeEmbedder())
    assert (found.points, found.found, found.right, found.texts) == (0.5, 1.0, 0.5, 2)
    assert found.alike == pytest.approx(1.0)


def test_a_refusal_mentions_nothing() -> None:
    gold = Gold(topic="bees", points=((QUOTED,),), episodes=("Garden",))
    none = score(None, gold, FakeEmbedder())
    assert none == Score(points=0.0, found=0.0, right=0.0, alike=0.0, texts=0, misquoted=0)
    assert column([none, none], "points").tolist() == [0.0, 0.0]


def test_the_most_central_is_like_most() -> None:
    vectors = np.asarray([(1, 0, 0), (0.8, 0.6, 0), (0.6, 0.8, 0), (0, 0, 1)], np.float32)
    rank = lexrank(vectors)
    assert int(np.argmax(rank)) == 1
    assert float(rank.sum()) == pytest.approx(1.0, abs=1e-5)
