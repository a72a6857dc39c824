from __future__ import annotations

import pytest

from rag.language import foreign_script, language_of, name, spoken, with_languages
from tests.builders import BEES, TIDES, passage


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BEES, "en"),
        (TIDES, "en"),
        ("Wie lange hält sich das Roggenbrot?", "de"),
        ("Combien de temps se garde le pain de seigle ?", "fr"),
        ("¿Cuánto tiempo dura el pan de centeno?", "es"),
        ("Сколько хранится ржаной хлеб?", "ru"),
        ("ライ麦パンはどのくらい持ちますか", "ja"),
        ("黑麦面包能放多久？", "zh"),
        ("호밀빵은 얼마나 오래 가나요?", "ko"),
        ("ขนมปังข้าวไรย์เก็บได้นานแค่ไหน", "th"),
        ("كم يدوم خبز الجاودار؟", "ar"),
    ],
)
def test_languages_are_told_apart(text: str, code: str) -> None:
    assert language_of(text) == code


@pytest.mark.parametrize("text", ["", "42", "rye", "Berlin", "https://a.b", "🙂", "oat kvass price"])
def test_too_little_tells_nothing(text: str) -> None:
    assert language_of(text) in (None, "en")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Хлеб?", "Cyrillic letters"),
        ("咖啡", "Chinese characters"),
        ("خبز", "Arabic letters"),
        ("ψωμί", "Greek"),
        ("לחם?", "Hebrew"),
        ("ขนม", "Thai"),
        ("रोटी", "Hindi"),
        ("빵", "Korean"),
        ("パン", "Japanese"),
        ("ﾊﾟﾝ", "Japanese"),
        ("コーヒー 2019", "Japanese"),
        ("日本の茶", "Japanese"),
    ],
)
def test_a_word_tells_its_script(text: str, written: str) -> None:
    assert foreign_script(text, {"en", "de"}) == written


@pytest.mark.parametrize(
    ("text", "known"),
    [("rye?", {"de"}), ("42!", {"en"}), ("", {"en"}), ("AI это?", {"en"}), ("咖啡", {"ja"}), ("Хлеб", {"en", "uk"})],
)
def test_a_script_that_some_note_is_in_or_that_is_mixed_tells_nothing(text: str, known: set[str]) -> None:
    assert foreign_script(text, known) == ""


def test_a_passage_that_does_not_tell_has_its_notes_language() -> None:
    told = with_languages([passage(BEES), passage("Ouf!"), passage("Nu", note_file="other.txt")])
    assert [p.language for p in told] == ["en", "en", None]


def test_a_stray_passage_is_none_of_the_notes_languages() -> None:
    assert spoken([*["en"] * 30, "de", None]) == {"en"}
    assert spoken(["en", "de"]) == {"en", "de"}
    assert name("de") == "German"
