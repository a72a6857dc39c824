"""What each table keeps, gives back and lets go of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.state import conversations, feedback, pending, rules, subscriptions, usage, views
from bot.state.conversations import Asked, Place, conversation, forget, history, posted
from bot.state.feedback import explain, report, vote
from bot.state.gaps import gaps, together
from bot.state.retention import expire
from bot.state.rules import ALL, UNSET, Change, Common, Rules
from bot.state.settings import get, put
from bot.state.store import Store
from bot.state.subscriptions import due, subscribe
from bot.state.views import View
from rag.types import Turn
from tests.bot.samples import ANSWER, CLOSEST, SUMMARY
from tests.bot.state.builders import ANN, BEES, BEN, DAY, NOW, THREAD, asked, by, kept_turn, turn

CHANNEL = Place(user=ANN, guild=1, channel=5)
DIRECT = Place(user=ANN, channel=6)


def view(token: str, turn: int, **more: object) -> View:
    return View(**{"token": token, "turn": turn, "owner": ANN, "private": False, "actions": ("up",), **more})  # type: ignore[arg-type]


# Conversations


def test_what_is_kept_of_an_answer_has_places_but_none_of_its_text(store: Store) -> None:
    for result, kind in ((ANSWER, "ask"), (CLOSEST, "ask"), (SUMMARY, "topic")):
        it = Asked.of(THREAD, result, kind=kind, build="b")  # type: ignore[arg-type]
        assert conversations.remember(store, it, NOW)
        assert it.cited[0].note_file == "venus.txt"
    stored = str(store.rows("SELECT * FROM turns"))
    assert "464" not in stored
    assert "venus#3" in stored


def test_a_conversation_is_a_thread_a_direct_message_or_a_chain_of_replies(store: Store) -> None:
    first = turn(store, place=CHANNEL)
    posted(store, first, 77)
    reply = replace(CHANNEL, user=BEN, replied_to=77)
    assert conversation(store, THREAD) == "thread:20"
    assert conversation(store, DIRECT) == "dm:6"
    assert conversation(store, CHANNEL) is None
    assert conversation(store, reply) == f"chain:{first}"
    assert conversation(store, replace(reply, replied_to=78)) is None
    second = turn(store, "and why?", place=reply)
    posted(store, second, 79)
    assert [each.question for each in history(store, replace(reply, replied_to=79))] == [
        "How long does a bee dance?",
        "and why?",
    ]


def test_a_message_of_another_server_or_channel_leads_to_no_conversation(store: Store) -> None:
    posted(store, turn(store, place=CHANNEL), 77)
    for elsewhere in (replace(CHANNEL, guild=2), replace(CHANNEL, channel=9)):
        assert history(store, replace(elsewhere, replied_to=77)) == ()


def test_only_the_latest_questions_are_leant_on_and_no_topics(store: Store) -> None:
    for number in range(9):
        turn(store, f"question {number}")
        turn(store, f"topic {number}", kind="topic")
    assert [each.question for each in history(store, THREAD)] == [f"question {n}" for n in range(3, 9)]


def test_a_turn_is_what_the_assistant_takes(store: Store) -> None:
    bread = replace(BEES, n=2, episode_id="bread")
    turn(store, "and why?", searched="bee: and why?", cited=(BEES, bread, replace(BEES, n=3)))
    assert history(store, THREAD) == (
        Turn(question="and why?", searched="bee: and why?", episodes=("garden", "bread")),
    )


def test_a_kept_turn_reads_back_as_it_was(store: Store) -> None:
    it = asked(searched="x", outcome="closest")
    kept = conversations.find(store, conversations.remember(store, it, NOW))
    assert kept is not None
    assert (kept.asked, kept.message, kept.asked_at) == (it, None, NOW)
    assert conversations.find(store, kept.id + 1) is None


def test_forgetting_takes_all_that_hangs_from_ones_own_questions_there(store: Store) -> None:
    own, theirs, elsewhere = turn(store), turn(store, place=by(BEN)), turn(store, place=CHANNEL)
    for each in (own, theirs, elsewhere):
        views.add(store, view(f"token{each}", each), NOW, days=1)
        vote(store, each, BEN, 1, NOW)
        report(store, each, BEN, 1, "", NOW)
        subscribe(store, replace(kept_turn(store, each), id=each), BEN + each, NOW)
    assert forget(store, own) == 1
    for table in ("views", "votes", "reports", "subscriptions"):
        assert [row["turn"] for row in store.rows(f"SELECT turn FROM {table} ORDER BY turn")] == [theirs, elsewhere]  # noqa: S608
    assert forget(store, own) == 0


def test_a_new_chain_never_takes_the_name_of_one_that_was_forgotten(store: Store) -> None:
    """Without AUTOINCREMENT the id of a deleted last row is given again, and its replies would lead to strangers."""
    first = turn(store, place=CHANNEL)
    forget(store, first)
    assert turn(store, place=CHANNEL) != first


# Feedback


def test_one_vote_a_person_that_can_be_changed(store: Store) -> None:
    it = turn(store)
    assert [vote(store, it, who, way, NOW) for who, way in ((ANN, 1), (ANN, 1), (BEN, -1))] == [None, 1, None]  # type: ignore[arg-type]
    explain(store, it, BEN, "too short")
    assert vote(store, it, BEN, -1, NOW) == -1
    assert sorted((each.what, each.reason) for each in feedback.listed(store)) == [("down", "too short"), ("up", "")]
    assert vote(store, it, BEN, 1, NOW) == -1
    assert [(each.what, each.reason) for each in feedback.listed(store)] == [("up", ""), ("up", "")]


def test_nothing_is_counted_of_what_is_forgotten(store: Store) -> None:
    assert vote(store, 99, ANN, 1, NOW) is None
    assert not report(store, 99, ANN, 1, "", NOW)
    assert feedback.listed(store) == ()


def test_a_citation_is_reported_once_a_person(store: Store) -> None:
    it = turn(store)
    assert [report(store, it, who, n, "", NOW) for who, n in ((ANN, 1), (ANN, 1), (ANN, 2), (BEN, 1))] == [
        True,
        False,
        True,
        True,
    ]


def test_feedback_of_one_server_is_told_apart(store: Store) -> None:
    vote(store, turn(store), BEN, 1, NOW)
    vote(store, turn(store, "elsewhere", place=replace(THREAD, guild=2)), BEN, 1, NOW)
    assert [each.question for each in feedback.listed(store, guild=2)] == ["elsewhere"]
    assert len(feedback.listed(store)) == 2


# Gaps


def test_gaps_are_counted_over_spellings_and_go_once_they_are_covered(store: Store) -> None:
    for later, (question, outcome) in enumerate(
        (
            ("Who won?", "not_covered"),
            ("who won", "closest"),
            ("How hot?", "answer"),
            ("How hot?", "closest"),
            ("How far?", "closest"),
            ("how far", "answer"),
        )
    ):
        turn(store, question, outcome=outcome, now=NOW + later)
    found = gaps(store)
    assert [(gap.question, gap.count, gap.outcome) for gap in found] == [
        ("How hot?", 2, "closest"),
        ("who won", 2, "closest"),
    ]
    assert (found[0].nearest, found[0].files) == (("garden",), ("bees.txt",))


def test_follow_ups_in_the_same_words_are_different_gaps(store: Store) -> None:
    for led in ("bees", "rye"):
        turn(store, "and why?", searched=f"{led}: and why?", outcome="not_covered")
    assert sorted(gap.searched for gap in gaps(store)) == ["bees: and why?", "rye: and why?"]


def test_gaps_of_one_server_are_told_apart(store: Store) -> None:
    turn(store, "Who won?", outcome="closest")
    turn(store, "Who lost?", outcome="closest", place=replace(THREAD, guild=2))
    assert [gap.question for gap in gaps(store, guild=2)] == ["Who lost?"]
    assert len(gaps(store)) == 2


# Views


def test_a_view_is_found_by_its_token_until_it_expires(store: Store) -> None:
    it = view(views.new_token(), turn(store), private=True, actions=("up", "forget"))
    views.add(store, it, NOW, days=2)
    assert views.find(store, it.token, NOW + 2 * DAY - 1) == it
    assert views.find(store, it.token, NOW + 2 * DAY) is None
    assert views.find(store, views.new_token(), NOW) is None


# Subscriptions


def test_a_subscription_is_due_once_a_build_until_it_ends_or_expires(store: Store) -> None:
    kept = kept_turn(store, turn(store, "and why?", searched="bee: and why?", outcome="closest", build="one"))
    assert subscribe(store, kept, BEN, NOW)
    assert subscribe(store, kept, BEN, NOW + 1)
    (waiting,) = due(store, "two", NOW)
    assert (waiting.user, waiting.question, waiting.searched) == (BEN, "and why?", "bee: and why?")
    assert due(store, "one", NOW) == ()
    assert due(store, "two", NOW + 91 * DAY) == ()
    subscriptions.asked_of(store, waiting.id, "two")
    assert due(store, "two", NOW) == ()
    assert subscriptions.still_open(store, waiting.id)
    subscriptions.end(store, waiting.id)
    assert due(store, "three", NOW) == ()
    assert not subscriptions.still_open(store, waiting.id)


def test_nobody_waits_for_more_than_twenty(store: Store) -> None:
    kept = [kept_turn(store, turn(store, f"question {n}")) for n in range(21)]
    assert [subscribe(store, each, ANN, NOW) for each in kept] == [True] * 20 + [False]
    assert subscribe(store, kept[20], ANN, NOW + 91 * DAY)


# Questions that are being answered


def test_what_was_left_unanswered_is_given_once_and_not_when_it_is_long_ago(store: Store) -> None:
    pending.begin(store, by(BEN), NOW - DAY)
    done, left = pending.begin(store, by(BEN), NOW), pending.begin(store, DIRECT, NOW)
    assert done != left
    pending.end(store, done)
    assert pending.take(store, NOW) == (DIRECT,)
    assert pending.take(store, NOW) == ()


# Settings


@pytest.mark.parametrize("value", ["short", 3, True, ["a", {"b": None}], 1.5, "O'Brien; DROP TABLE turns"])
def test_a_setting_reads_back_as_it_was_set(store: Store, value: object) -> None:
    put(store, "guild", 1, "name", "before")
    put(store, "guild", 1, "name", value)
    put(store, "channel", 1, "name", "other")
    assert get(store, "guild", 1) == {"name": value}
    put(store, "guild", 1, "name", None)
    assert get(store, "guild", 1) == {}


# Retention


def test_what_is_old_goes_with_all_that_hangs_from_it_and_nothing_else(store: Store) -> None:
    old, young = turn(store, now=NOW - 30 * DAY), turn(store, now=NOW - 30 * DAY + 1)
    for each in (old, young):
        views.add(store, view(f"token{each}", each), NOW, days=30)
        vote(store, each, BEN, 1, NOW)
    subscribe(store, kept_turn(store, old), BEN, NOW - 30 * DAY)
    put(store, "guild", 1, "name", 1)
    usage.count(store, ANN, 1, int(NOW // DAY) - 1)
    usage.count(store, ANN, 1, int(NOW // DAY))
    assert expire(store, 30, NOW) == {"subscriptions": 0, "views": 0, "turns": 1, "asked": 1}
    for table in ("views", "votes"):
        assert [row["turn"] for row in store.rows(f"SELECT turn FROM {table}")] == [young]  # noqa: S608
    assert len(due(store, "two", NOW)) == 1  # somebody still waits for it
    assert expire(store, 30, NOW + 61 * DAY) == {"subscriptions": 1, "views": 1, "turns": 1, "asked": 1}
    assert get(store, "guild", 1) == {"name": 1}


def test_gaps_put_together_are_counted_together(store: Store) -> None:
    for later, question in enumerate(("How far?", "How far?", "What distance?", "Who won?", "Who won?", "Who won?")):
        turn(store, question, outcome="closest", now=NOW + later)
    found = gaps(store)
    places = {gap.question: place for place, gap in enumerate(found)}
    groups = [[places["How far?"], places["What distance?"]], [places["Who won?"]]]
    won, far = together(found, groups)
    assert (won.question, won.count, won.also) == ("Who won?", 3, ())
    assert (far.question, far.count, far.also, far.last_asked) == ("How far?", 3, ("What distance?",), NOW + 2)
    assert (far.nearest, far.files) == (("garden",), ("bees.txt",))


# Rules


def test_at_first_nothing_is_forbidden(store: Store) -> None:
    assert rules.rules(store, 1) == Rules()
    assert Rules().allows(5)
    assert rules.common(store) == Common()


def test_what_is_set_for_one_server_holds_in_no_other(store: Store) -> None:
    rules.change(store, 1, Change(role=7, daily=3))
    assert rules.rules(store, 1) == Rules(role=7, daily=3)
    assert rules.rules(store, 2) == rules.rules(store, None) == Rules()
    assert rules.change(store, 1, Change(daily=0)) == Rules(role=7)
    assert rules.change(store, 1, Change(role=0)) == Rules()


def test_how_readily_to_answer_holds_in_a_server_or_where_nothing_else_is_set(store: Store) -> None:
    rules.change(store, 1, Change(answers="cautious"))
    assert rules.common(store) == Common()
    rules.change(store, None, Change(answers="generous"))
    assert rules.common(store).answers == "generous"
    assert [rules.rules(store, guild).answers for guild in (1, 2)] == ["cautious", None]


def test_notes_are_set_for_a_server_and_its_channels_and_taken_back(store: Store) -> None:
    assert Rules().notes_in(5) is None
    rules.change(store, 1, Change(notes="work"))
    now = rules.change(store, 1, Change(notes="play", channel=5))
    assert [now.notes_in(5), now.notes_in(6), now.notes_in(7, 5)] == ["play", "work", "play"]
    rules.change(store, 2, Change(notes=ALL))
    assert rules.common(store) == Common(collections=frozenset({"work", "play"}), apart=True)
    assert rules.rules(store, 3).notes_in(5) is None
    rules.change(store, 1, Change(notes=UNSET, channel=5))
    assert rules.change(store, 1, Change(notes=UNSET)) == Rules()
    assert rules.change(store, 2, Change(notes=UNSET)) == Rules()
    assert rules.common(store) == Common()


def test_who_may_ask_is_a_servers_or_a_channels(store: Store) -> None:
    rules.change(store, 1, Change(role=7))
    now = rules.change(store, 1, Change(role=8, channel=5))
    assert [now.role_in(6), now.role_in(5), now.role_in(9, 5)] == [7, 8, 8]
    now = rules.change(store, 1, Change(role=0, channel=5))
    assert [now.role_in(6), now.role_in(5)] == [7, None]
    assert rules.change(store, 1, Change(role=0)).role_in(6) is None


def test_verbosity_and_quiet_hours_are_a_channels_or_the_servers(store: Store) -> None:
    rules.change(store, 1, Change(verbosity="short", quiet="22:00-07:00"))
    now = rules.change(store, 1, Change(verbosity="long", channel=5))
    assert [now.verbosity_in(5), now.verbosity_in(6)] == ["long", "short"]
    assert [now.quiet_in(5), rules.change(store, 1, Change(quiet=UNSET)).quiet_in(5)] == ["22:00-07:00", ""]
    rules.change(store, 1, Change(timezone="Europe/Berlin"))
    assert rules.common(store).timezone == "Europe/Berlin"


def test_the_innermost_channel_decides(store: Store) -> None:
    channel, thread, other = 5, 6, 7
    rules.change(store, 1, Change(where="not here", channel=channel))
    now = rules.change(store, 1, Change(where="here", channel=thread))
    assert [now.allows(channel), now.allows(thread, channel), now.allows(8, channel)] == [False, True, False]
    assert now.allows(other)
    now = rules.change(store, 1, Change(where="only here", channel=other))
    assert [now.allows(other), now.allows(channel), now.allows(thread, channel)] == [True, False, False]
    now = rules.change(store, 1, Change(where="here", channel=channel))
    assert [now.allows(other), now.allows(channel), now.allows(8)] == [True, True, False]
    assert rules.change(store, 1, Change(where="everywhere")).allows(8)


# Usage


def test_questions_are_counted_by_day_server_and_person_without_their_words(store: Store) -> None:
    for who, server, day in ((ANN, 1, 5), (ANN, 1, 5), (ANN, 2, 5), (ANN, None, 5), (BEN, 1, 5), (ANN, 1, 4)):
        usage.count(store, who, server, day)
    assert [usage.asked(store, ANN, server, 5) for server in (1, 2, None, 3)] == [2, 1, 1, 0]
    usage.count(store, ANN, 2, 5, by=-1)
    usage.count(store, ANN, 3, 5, by=-1)
    assert [(each.user, each.server, each.questions) for each in usage.listed(store, 5)] == [
        (ANN, 1, 2),
        (ANN, None, 1),
        (BEN, 1, 1),
    ]
    assert [(each.user, each.questions) for each in usage.listed(store, 5, 1)] == [(ANN, 2), (BEN, 1)]
