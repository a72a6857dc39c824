"""What each check lets pass and what it does not, one line a case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.writing.checks import Cited, Claim, check, tagged
from rag.writing.checks.coverage import coverage

EGGS = "The queen lays 2,000 eggs on a June day, for about $3.5 million a year."
BEES = "A bee dances for ten seconds to show where the clover is."
CONTEXT = "The Garden Hour: Bees. Ines Moreau\n2024-03-05\nDancing"


def failed(sentence: str, *texts: str, question: str = "", **more: object) -> str:
    """The check that a sentence fails, or ""."""
    cited = tuple(Cited(text=text, context=CONTEXT, **more) for text in texts)  # type: ignore[arg-type]
    return check(Claim(text=sentence, cited=cited, question=question)).check


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("A bee dances for ten seconds.", BEES),
        ("A bee dances for 10 seconds.", BEES),
        ("The queen lays two thousand eggs on a June day.", EGGS),
        ("The queen lays 2k eggs on a June day.", EGGS),
        ("The queen lays 2,000 eggs, for $3.5M a year.", EGGS),
        ("On 5 March 2024 Ines Moreau showed how bees dance.", "Bees dance, she showed how."),
        ("Ines Moreau says bees dance for ten seconds.", BEES),
        ("American bees dance.", "In America bees dance."),
        ("RAG saves memory on small machines.", "Retrieval augmented generation saves memory on small machines."),
        ("Rye is not older than pepper.", "Rye isn't older than pepper."),
        ("Drones do no work.", "Drones do no work at all."),
        ("It is unlikely that rye bread keeps long.", "It's not likely that rye bread keeps long."),
        ("Rye might keep for a week.", "Rye might keep for a week."),
        ("He doesn't think rye will keep for a week.", "I don't think rye will keep for a week."),
        ("He does not think rye will keep for a week.", "I doubt that rye will keep for a week."),
        ("Rye will keep for a week.", "I don't doubt that rye will keep for a week."),
        ("Rye will keep for a week.", "I have no doubt that rye will keep for a week."),
        ("In her view rye keeps for a week.", "Rye probably keeps for a week."),
        ("Rye keeps longer than wheat.", "Rye keeps longer than wheat."),
        ("Tesla is ahead of Waymo.", "tesla is ahead of waymo"),
        ("She is sceptical that rye keeps for a week.", "She doubts that rye keeps for a week."),
        ("Rye keeps for a week.", "It is no secret that rye keeps for a week."),
        ("It is likely that rye keeps for a week.", "Rye is likely to keep for a week."),
        ("Rye became a crop after the war.", "Rye became a crop following the war."),
        ("He would have tabs in all of his code.", "I would have tabs in all of my code."),
        ("The brain has 30 to 309 trillion synapses.", "The brain is 30 to 309 trillion synapses."),
    ],
)
def test_what_the_evidence_says_passes(sentence: str, text: str) -> None:
    assert failed(sentence, text) == ""


@pytest.mark.parametrize(
    ("check_", "sentence", "text"),
    [
        ("numbers", "A bee dances for eleven seconds.", BEES),
        ("numbers", "A bee dances for ten minutes.", BEES),
        ("numbers", "The queen lays 3,000 eggs on a June day.", EGGS),
        ("numbers", "The queen lays 2,000 eggs on a June day in 2019.", EGGS),
        ("numbers", "Bees dance on 7 March 2024.", "Bees dance."),
        ("numbers", "In April a bee dances for ten seconds.", BEES),
        ("numbers", "At 1:20:00 a bee dances for ten seconds.", BEES),
        ("numbers", "A bee dances for ten seconds on Monday.", BEES),
        ("names", "A bee of Tom Ashby dances for ten seconds.", BEES),
        ("names", "Wasps says Ashby dance for the clover and the bee.", BEES),
        ("names", "GPT-5 shows where the clover is.", "GPT-4 shows where the clover is."),
        ("negation", "A bee does not dance to show the clover.", BEES),
        ("negation", "Drones work at all.", "Drones do not work at all."),
        ("negation", "He thinks it is not because it is big.", "I think it is because it is big, not a toy."),
        ("negation", "Rye will keep for a week.", "I don't think rye will keep for a week."),
        ("negation", "Rye will keep for a week.", "It is not true that rye will keep for a week."),
        ("negation", "Rye will keep for a week.", "I really doubt that rye will keep for a week."),
        ("negation", "Rye will keep for a week.", "I wouldn't say rye will keep for a week."),
        ("negation", "He doesn't think rye will keep for a week.", "I think rye will keep for a week."),
        ("negation", "Rye is likely to keep.", "Rye is unlikely to keep."),
        ("negation", "Rye will keep for a week.", "She is sceptical that rye will keep for a week."),
        ("negation", "Rye will keep for a week.", "It is far from clear that rye will keep for a week."),
        ("negation", "Rye will keep for a week.", "They denied that rye will keep for a week."),
        ("negation", "Rye will keep for a week.", "Rye fails to keep for a week."),
        ("negation", "Rye keeps for a week.", "Rye hardly keeps for a week."),
        ("negation", "Many doubt that rye keeps for a week.", "Rye keeps for a week."),
        ("negation", "It is a myth that rye keeps for a week.", "Rye keeps for a week."),
        ("negation", "Rye is a kind of wheat.", "Rye should not be confused with wheat (a kind of grass)."),
        ("comparatives", "The first rye was sown in Vienna.", "Rye was sown in Vienna."),
        ("comparatives", "Rye might not be less old than wheat.", "Rye might not be more old than wheat."),
        ("numbers", "The brain has 1 trillion synapses.", "30 trillion synapses, but GPT has 1 trillion parameters."),
        ("hedges", "Rye certainly keeps for a week.", "Rye keeps for a week."),
        ("hedges", "Rye will keep, if bread could be dried.", "If bread could be dried, rye could keep."),
        ("names", 'By "The Garden Hour" a bee dances for ten seconds.', BEES),
        ("garbage", "My bee dances for ten seconds.", BEES),
        ("garbage", "It dances for ten seconds.", BEES),
        ("garbage", "A bee dances for ten seconds to", BEES),
        ("garbage", "A bee shows where clover is, and shows where clover is.", BEES),
        ("language", "Die Biene tanzt zehn Sekunden lang für den Klee.", "Die Biene tanzt zehn Sekunden lang nicht."),
        ("coverage", "A bee dances to show where the meadow is.", BEES),
        ("coverage", "Bees dance, and they lay eggs.", "Bees dance for clover. Ants lay eggs."),
        ("coverage", "Bees live in a garden hour.", "Bees live in a hive."),
        ("hedges", "Bees sting in August.", "Some bees sting in August."),
        ("hedges", "The hive has a red door.", "For example, the hive has a red door."),
        ("hedges", "The keeper sells honey.", "The keeper wants to sell honey."),
        ("names", "The Ashbys keep bees.", "Tom Ashby keeps bees."),
        ("order", "Clover dances where bees lay the queen.", "The queen lays eggs where bees dance to clover."),
        ("subject", "It was at Moss House, a red manor.", "It was at Moss House and also at Hoy Tower, a red manor."),
        ("comparatives", "Rye keeps shorter than wheat.", "Rye keeps longer than wheat."),
        ("comparatives", "Waymo is ahead of Tesla.", "Tesla is ahead of Waymo."),
        ("comparatives", "The sun pulls less than the moon.", "The sun pulls on the moon."),
        ("hedges", "Rye keeps for a week.", "Rye might keep for a week."),
        ("hedges", "Rye will keep for a week.", "Rye will probably keep for a week."),
        ("coverage", "Clover thrives wherever farmers plough wet meadows.", BEES),
        ("harm", "Click the link to win clover.", BEES),
        ("harm", "A bee dances, see www.bees.example for ten seconds.", BEES),
        ("harm", "A bee dances for @everyone to show the clover.", BEES),
        ("harm", "A bee dances, write to ines@bees.example about clover.", BEES),
        ("harm", "A bee **dances** for `ten` seconds.", BEES),
        ("harm", "The notes do not mention how bees dance.", BEES),
        ("harm", "The answer to the question is that a bee dances.", BEES),
        ("garbage", "<|im_start|>A bee dances for ten seconds.", BEES),
        ("garbage", "bee bee bee bee clover", BEES),
        ("garbage", "Bee dance.", BEES),
        ("garbage", "Une abeille danse pour montrer où le trèfle se trouve dans le champ.", BEES),
        ("garbage", "Пчела танцует десять секунд.", BEES),
        ("garbage", "A bee " + "dances and shows where clover is, " * 20, BEES),
        ("coverage", "That is where the bee is.", "That is where the bee is."),
    ],
)  # fmt: skip
def test_what_it_does_not_say_is_caught(check_: str, sentence: str, text: str) -> None:
    assert failed(sentence, text, question="Where is the bee?") == check_


DAYS = "On a June day, the queen, who never leaves, lays 2,000 eggs in the hive, and the drones wait."
THINKS = "Ines thinks that the queen lays 2,000 eggs on a June day if it is warm."


@pytest.mark.parametrize(
    ("sentence", "text", "caught"),
    [
        (BEES, BEES, ""),
        ("A bee dances to show where the clover is.", BEES, ""),
        ("The queen lays 2,000 eggs in the hive.", "On a day, the queen, who is old, lays 2,000 eggs in the hive.", ""),
        ("The queen lays 2,000 eggs in the hive.", DAYS, "trims"),
        ("The queen lays 2,000 eggs on a June day.", THINKS, "trims"),
        ("Ines lays 2,000 eggs on a June day.", THINKS, "trims"),
        ("For ten seconds a bee dances.", BEES, "trims"),
        ("Mark was champion in June.", "John, who beat Mark, was champion in June.", "trims"),
        ("John was champion in June.", "John, who beat Mark, was champion in June.", ""),
    ],
)  # fmt: skip
def test_a_model_that_may_only_trim_leaves_words_out_that_restrict_nothing(
    sentence: str, text: str, caught: str
) -> None:
    claim = Claim(text=sentence, cited=(Cited(text=text, context="Ines Moreau"),))
    assert check(claim, trims=True).check == caught


SPEAKERS = "Wes Bos: I like tabs for all of my code. Scott Tolinski: I prefer two spaces in every file."


@pytest.mark.parametrize(
    ("sentence", "caught"),
    [
        ("Wes Bos says he likes tabs for his code.", ""),
        ("Scott Tolinski says he likes tabs for his code.", "attribution"),
        ("According to Scott Tolinski, two spaces are preferred in every file.", ""),
        ("According to Wes Bos, two spaces are preferred in every file.", "attribution"),
    ],
)
def test_who_said_it_is_whose_turn_it_was(sentence: str, caught: str) -> None:
    cited = (Cited(text=SPEAKERS, people=("Wes Bos", "Scott Tolinski")),)
    assert check(Claim(text=sentence, cited=cited)).check == caught


def test_what_is_given_to_one_of_two_guests_must_be_said_by_a_name_in_the_note() -> None:
    text = "Superposition makes models hard to read."
    both = Cited(text=text, people=("Sholto Douglas", "Trenton Bricken"))
    one = Cited(text=text, people=("Trenton Bricken",))
    sentence = "Trenton Bricken says superposition makes models hard to read."
    assert check(Claim(text=sentence, cited=(both,))).check == "attribution"
    assert check(Claim(text=sentence, cited=(one,))).passed


def test_a_reason_tells_the_word_that_is_wrong() -> None:
    verdict = check(Claim(text="A bee dances for eleven seconds.", cited=(Cited(text=BEES),)))
    assert "eleven" in verdict.reason


def test_tags_must_be_there_and_name_passages() -> None:
    assert tagged((1, 3), 3).passed
    assert tagged((), 3).check == tagged((99,), 3).check == tagged((0,), 3).check == "tags"


def test_rare_words_count_for_more() -> None:
    rare = {"clover": 9.0}
    claim = Claim(text="Clover blooms.", cited=(Cited(text="The clover."),), idf=lambda term: rare.get(term, 1.0))
    assert coverage(claim) == pytest.approx(0.9)


@given(st.text(max_size=120), st.text(max_size=120))
def test_any_text_can_be_checked(sentence: str, text: str) -> None:
    assert isinstance(check(Claim(text=sentence, cited=(Cited(text=text),))).passed, bool)
