from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import Interrupted
from rag.index import Index
from rag.topics.subject_store import FILE, are_found, as_subject, found_in
from rag.topics.subjects import Found, cohesion, generic, least_passages
from tests.fakes import FakeEmbedder
from tests.rag.map_index import EPISODES, TEXTS, mapped, passages


def found(index: Index) -> dict[str, Found]:
    return {each.name: each for each in found_in(index, FakeEmbedder())}


def test_what_recurs_and_names_something_is_a_topic(tmp_path: Path) -> None:
    with mapped(tmp_path) as index:
        topics = found(index)
    assert {"sourdough starter", "lactic acid", "greenhouse effect", "brine"} <= set(topics)
    assert topics["sourdough starter"].rows == (0, 1, 2, 8)


def test_filler_sponsors_and_the_people_one_asks_for_otherwise_are_none(tmp_path: Path) -> None:
    texts = {**TEXTS, "bread": (*TEXTS["bread"], "Ines bakes.", "Ask Ines Carvalho.", "Then Ines Carvalho laughs.")}
    with mapped(tmp_path, texts) as index:
        names = " / ".join(name for each in found_in(index, FakeEmbedder()) for name in (each.name, *each.also))
    for word in ("lot", "people", "thing", "Breadly", "code", "Ines", "Carvalho"):
        assert word not in names


def test_what_a_template_says_in_every_episode_is_none(tmp_path: Path) -> None:
    outro = "Pick up the golden ladle sticker before you leave the shop."
    texts = {name: (*each, outro) for name, each in TEXTS.items()}
    with mapped(tmp_path, texts) as index:
        names = " / ".join(name for each in found_in(index, FakeEmbedder()) for name in (each.name, *each.also))
    assert "ladle" not in names
    assert "sticker" not in names


def test_a_part_of_a_longer_name_is_none_of_its_own(tmp_path: Path) -> None:
    with mapped(tmp_path) as index:
        topics = found(index)
    assert "starter" not in topics
    assert "effect" not in topics


def test_a_heading_is_a_topic_of_all_that_stands_below_it(tmp_path: Path) -> None:
    texts = {"bread": ("Knead it well.", "Wait for an hour.", "Fold it twice."), "kraut": TEXTS["kraut"]}
    below = passages({"bread": texts["bread"]}, section=("Kneading dough",))
    with mapped(tmp_path, texts, held=[*below, *passages({"kraut": texts["kraut"]})]) as index:
        assert found(index)["Kneading dough"].rows == (0, 1, 2)


def test_a_heading_of_a_template_is_none(tmp_path: Path) -> None:
    below = passages({"bread": TEXTS["bread"]}, section=("💡 Key Takeaways",))
    with mapped(tmp_path, {"bread": TEXTS["bread"]}, held=below) as index:
        assert not any("akeaway" in name for name in found(index))


def test_a_topic_has_its_episodes_and_their_first_and_last_date(tmp_path: Path) -> None:
    with mapped(tmp_path) as index:
        topics = found(index)
        starter = as_subject(index, topics["sourdough starter"])
        effect = as_subject(index, topics["greenhouse effect"])
    assert (starter.passages, starter.episodes) == (4, ("bread", "kraut"))
    assert (starter.first, starter.last) == ("2023-11-05", "2024-03-01")
    assert effect.episodes == ("venus", "mars")
    assert (effect.first, effect.last) == ("2024-06-09", "2024-06-09"), "a date without a year is no first one"


def test_topics_are_kept_with_the_index_and_not_found_again(tmp_path: Path) -> None:
    embedder = FakeEmbedder()
    with mapped(tmp_path) as index:
        first = found_in(index, embedder)
        embedder.calls.clear()
        assert found_in(index, embedder) == first
    assert embedder.calls == []


def test_only_changed_notes_are_cut_again(tmp_path: Path) -> None:
    """Those of the build before are taken over by the hash of the note, which is told by changing what is kept."""
    with mapped(tmp_path / "1") as index:
        found_in(index, FakeEmbedder())
    kept = tmp_path / "1" / FILE
    raw = json.loads(gzip.decompress(kept.read_bytes()))
    for packed in raw["notes"]["kraut.txt"][1]:
        packed[1] = "pickled plums"
    for packed in raw["notes"]["mars.txt"][1]:
        packed[1] = "red dust"
    kept.write_bytes(gzip.compress(json.dumps(raw).encode()))
    changed = {**TEXTS, "mars": (*TEXTS["mars"], "A dust storm hides Mars.")}
    with mapped(tmp_path / "2", changed) as index:
        names = set(found(index))
    assert "pickled plums" in names
    assert "red dust" not in names


def test_notes_whose_episode_is_called_otherwise_now_are_cut_again(tmp_path: Path) -> None:
    """A passage that only names its episode is no topic. It went on being none, or one, when the name had changed."""
    texts = {"bread": (*TEXTS["bread"], "Tinned sardines", "More tinned sardines"), "kraut": TEXTS["kraut"]}
    named = {"bread": replace(EPISODES["bread"], title="More tinned sardines")}
    with mapped(tmp_path / "1", texts, episodes=named) as index:
        assert not any("sardine" in name for name in found(index))
    with mapped(tmp_path / "2", texts) as index:
        assert any("sardine" in name for name in found(index))


def test_what_an_earlier_version_kept_does_not_count_as_found(tmp_path: Path) -> None:
    """Whoever asked for the topics first after an upgrade waited for all of them to be found."""
    with mapped(tmp_path) as index:
        assert not are_found(tmp_path)
        found_in(index, FakeEmbedder())
        assert are_found(tmp_path)
        earlier = tmp_path / "subjects-0-0.json.gz"
        (tmp_path / FILE).rename(earlier)
        assert not are_found(tmp_path)
        found_in(index, FakeEmbedder())
    assert are_found(tmp_path)
    assert not earlier.exists()


@pytest.mark.parametrize("damage", [b"", b"no gzip", gzip.compress(b"{"), gzip.compress(b'{"rows": 0}')])
def test_what_was_kept_and_is_damaged_is_found_anew(tmp_path: Path, damage: bytes) -> None:
    with mapped(tmp_path) as index:
        first = found_in(index, FakeEmbedder())
        (tmp_path / FILE).write_bytes(damage)
        assert found_in(index, FakeEmbedder()) == first


def test_finding_topics_can_be_cancelled(tmp_path: Path) -> None:
    with mapped(tmp_path) as index, pytest.raises(Interrupted):
        found_in(index, FakeEmbedder(), cancelled=lambda: True)
    assert not (tmp_path / FILE).exists()


def test_notes_without_anything_that_recurs_have_no_topics(tmp_path: Path) -> None:
    with mapped(tmp_path, {"bread": ("Knead.",)}) as index:
        assert found_in(index, FakeEmbedder()) == ()


def test_words_that_always_stand_together_cohere_most() -> None:
    assert cohesion(10, [10, 10], 1000) == pytest.approx(1.0)
    assert cohesion(10, [100, 100], 1000) == pytest.approx(0.0)
    assert cohesion(1000, [1000, 1000], 1000) == 1.0


def test_more_notes_need_more_passages() -> None:
    assert [least_passages(n) for n in (0, 50, 1_000, 14_000)] == [2, 2, 3, 4]


def test_no_word_of_the_lists_is_in_none_of_them() -> None:
    assert {"good", "big"} <= generic("quality")
    assert {"lot", "thing", "people"} <= generic("edge")
    assert {"idea", "problem"} <= generic("alone")
