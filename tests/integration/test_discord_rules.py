"""What is set with `/footnote settings`, and that it holds where people ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.state.store import state_path
from rag.certainty import Answers
from rag.protocols import Assistant
from tests.bot.timed_assistant import TimedAssistant
from tests.integration.connecting import connected
from tests.integration.discord_objects import ChannelId, Conversation, RoleId, snowflake
from tests.integration.discord_standin import Standin, running_standin

MANAGE_GUILD = 1 << 5
NOT_HERE = "⚠️ I am set not to answer in this channel."


@dataclass(kw_only=True)
class Weighed(TimedAssistant):
    """Remembers how readily it was to answer each question."""

    now: Answers | None = None
    readily: list[Answers | None] = field(default_factory=list)

    def of(self, collection: str | None, *, answers: Answers | None = None) -> Assistant:
        self.now = answers
        return super().of(collection, answers=answers)

    def _take_time(self, cancelled: Any) -> None:
        self.readily.append(self.now)
        super()._take_time(cancelled)


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as server:
        yield server


async def changed(standin: Standin, **options: Any) -> str:
    """Change settings and read what is set then."""
    talk = await standin.answered(await standin.command("footnote settings", **options))
    assert talk.ephemeral
    return str(talk.embed["description"])


async def asked(standin: Standin, **more: Any) -> Conversation:
    return await standin.answered(await standin.command("ask", question="x", **more))


async def test_at_first_everybody_may_ask_everywhere(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        text = await changed(standin)
    assert text.splitlines() == [
        "**Answers:** balanced. I answer when I am fairly sure. Only my owner changes this.",
        "**Channels:** I answer everywhere.",
        "**Who may ask:** Everybody.",
        "**Notes:** all notes.",
        "**Length:** normal: up to five sentences.",
        "**Quiet hours:** none.",
        "**Daily budget:** no limit, on this server.",
    ]


async def test_how_readily_to_answer_is_the_owners_and_survives_a_restart(standin: Standin, tmp_path: Path) -> None:
    assistant, other = Weighed(), snowflake()
    standin.permissions[other] = MANAGE_GUILD
    async with connected(standin, assistant, tmp_path):
        await asked(standin)
        refused = await standin.command("footnote settings", answers="generous", daily=1, user=other)
        assert (await standin.told(refused)).endswith("Nothing was set.")
        assert "no limit" in await changed(standin, answers="cautious")
        await asked(standin)
    async with connected(standin, assistant, tmp_path):
        await asked(standin)
        assert "**Answers:** cautious." in await changed(standin)
    assert assistant.readily == [None, "cautious", "cautious"]


async def test_a_channel_and_its_threads_can_be_closed_and_opened(standin: Standin, tmp_path: Path) -> None:
    assistant, thread, mention = TimedAssistant(), standin.thread_id, f"<@{standin.bot_id}> x"
    async with connected(standin, assistant, tmp_path):
        text = await changed(standin, answering="not here")
        assert f"I answer everywhere but in <#{standin.channel_id}>." in text
        assert (await asked(standin)).content.startswith(NOT_HERE)
        assert (await asked(standin, channel=thread)).content.startswith(NOT_HERE)
        assert (await standin.answered(await standin.message(mention))).content.startswith(NOT_HERE)
        assert (await standin.answered(await standin.command("topic", topic="x"))).content.startswith(NOT_HERE)
        assert (await asked(standin, channel=standin.direct_channel())).embed
        text = await changed(standin, answering="here", channel=ChannelId(thread))
        assert f"I answer everywhere but in <#{standin.channel_id}>; in <#{thread}> I do." in text
        assert (await asked(standin, channel=thread)).embed
    async with connected(standin, assistant, tmp_path):
        assert (await asked(standin)).content.startswith(NOT_HERE)
        assert "I answer everywhere." in await changed(standin, answering="everywhere")
        assert (await asked(standin)).embed


async def test_answering_can_be_kept_to_one_channel_and_another(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        text = await changed(standin, answering="only here", channel=ChannelId(standin.thread_id))
        assert f"I answer only in <#{standin.thread_id}>." in text
        assert (await asked(standin)).content.startswith(NOT_HERE)
        assert (await asked(standin, channel=standin.thread_id)).embed
        text = await changed(standin, answering="not here", channel=ChannelId(standin.thread_id))
        assert "I answer in no channel." in text
        await changed(standin, answering="here")
        assert (await asked(standin)).embed


async def test_a_closed_thread_hears_nothing_of_what_people_say_to_each_other(standin: Standin, tmp_path: Path) -> None:
    standin.privileged = 0
    assistant, thread = TimedAssistant(), standin.thread_id
    async with connected(standin, assistant, tmp_path, thread_follow_ups=True):
        await asked(standin, channel=thread)
        await changed(standin, answering="not here")
        said = await standin.message("and why?", channel=thread)
        await asked(standin, channel=standin.direct_channel())
    assert not said.shown
    assert len(assistant.calls) == 2


async def test_only_people_with_a_role_may_ask_if_it_is_set_so(standin: Standin, tmp_path: Path) -> None:
    ben, mention = snowflake(), f"<@{standin.bot_id}> x"
    standin.roles[ben] = [standin.role_id]
    async with connected(standin, TimedAssistant(), tmp_path):
        text = await changed(standin, role=RoleId(standin.role_id))
        assert f"Only people with the role <@&{standin.role_id}>." in text
        for refused in (await asked(standin), await standin.answered(await standin.message(mention))):
            assert refused.content.startswith("⚠️ On this server only people with a certain role may ask me.")
        assert (await asked(standin, user=ben)).embed
        assert (await standin.answered(await standin.message(mention, user=ben))).embed
        thread = ChannelId(standin.thread_id)
        text = await changed(standin, role=RoleId(standin.guild_id), channel=thread)
        assert f"Only people with the role <@&{standin.role_id}>. <#{thread}>: Everybody." in text
        assert (await asked(standin, channel=standin.thread_id)).embed
        assert not (await asked(standin)).embed
        assert "Who may ask:** Everybody." in await changed(standin, role=RoleId(standin.guild_id))
        assert (await asked(standin)).embed


async def test_a_budget_holds_for_each_person_and_across_a_restart(standin: Standin, tmp_path: Path) -> None:
    ben, assistant = snowflake(), TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        assert "2 questions a day and person," in await changed(standin, daily=2)
        talks = [await standin.command("ask", question="x") for _ in range(3)]
        shown = [await standin.answered(talk) for talk in talks]
        assert sum(bool(talk.embed) for talk in shown) == 2
        (refused,) = (talk.content for talk in shown if not talk.embed)
        assert refused.startswith(
            "⚠️ You have asked 2 of the 2 questions that one person may ask here a day. Ask again in"
        )
        assert (await asked(standin, user=ben)).embed
        assert (await asked(standin, channel=standin.direct_channel())).embed
    async with connected(standin, assistant, tmp_path):
        assert "You have asked 2 of the 2" in (await asked(standin)).content
        assert "no limit" in await changed(standin, daily=0)
        assert (await asked(standin)).embed


async def test_forgetting_gives_no_questions_back_and_a_failure_does(standin: Standin, tmp_path: Path) -> None:
    assistant = TimedAssistant()
    async with connected(standin, assistant, tmp_path):
        await changed(standin, daily=1)
        assistant.error = MemoryError()
        assert "out of memory" in (await asked(standin)).content
        assistant.error = None
        assert (await asked(standin)).embed
        await standin.told(await standin.command("forget-me"))
        assert "You have asked 1 of the 1" in (await asked(standin)).content


async def test_in_direct_messages_the_owner_sets_what_holds_there(standin: Standin, tmp_path: Path) -> None:
    direct = standin.direct_channel()
    async with connected(standin, TimedAssistant(), tmp_path):
        for options in ({"answering": "not here"}, {"role": RoleId(standin.role_id)}):
            talk = await standin.command("footnote settings", channel=direct, **options)
            assert (await standin.told(talk)).startswith("⚠️ Channels and roles are set in the server")
        text = await changed(standin, daily=1, channel=direct)
        assert "1 question a day and person, in direct messages." in text
        assert (await asked(standin, channel=direct)).embed
        assert "You have asked 1 of the 1" in (await asked(standin, channel=direct)).content
        assert (await asked(standin)).embed


async def test_who_has_no_right_sets_nothing(standin: Standin, tmp_path: Path) -> None:
    async with connected(standin, TimedAssistant(), tmp_path):
        talk = await standin.command("footnote settings", daily=1, user=snowflake())
        assert (await standin.told(talk)).startswith("🔒 This is for my owner")
        assert "no limit" in await changed(standin)


async def test_without_a_memory_questions_are_answered_and_settings_are_refused(
    standin: Standin, tmp_path: Path
) -> None:
    state_path(tmp_path).parent.mkdir(parents=True)
    state_path(tmp_path).write_bytes(b"no database at all" * 1000)
    async with connected(standin, TimedAssistant(), tmp_path):
        assert (await asked(standin)).embed
        talk = await standin.command("footnote settings", daily=1)
        assert (await standin.told(talk)).startswith("⚠️ I cannot use my memory right now")
