"""What a message says: everything that can be in one, and much too much of it."""

from typing import Any

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.shared.mentions import Names, Own
from cogs.shared.message_content import MAX_CHARS, MessageContent, content_of, has_content

OWN = Own(user_id=5, role_id=7)
NAMES = Names({12: "\\o/"}.get, {13: "Team"}.get, {14: "plans"}.get)
CLIENT = discord.Client(intents=discord.Intents.none())
AUTHOR = {"id": "12", "username": "ana", "discriminator": "0", "avatar": None}


def read(**fields: Any) -> MessageContent:
    return content_of(message(**fields), OWN, NAMES)


def message(**fields: Any) -> discord.Message:
    payload: Any = {
        "id": "100",
        "channel_id": "1",
        "type": 0,
        "content": "",
        "author": AUTHOR,
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "embeds": [],
        "attachments": [],
        "mentions": [],
        "mention_roles": [],
        "mention_everyone": False,
        "tts": False,
        "pinned": False,
    }
    channel: Any = CLIENT.get_partial_messageable(1)
    return discord.Message(state=CLIENT._connection, channel=channel, data=payload | fields)


def file(number: int, name: str = "a.txt", **more: Any) -> dict[str, Any]:
    url = f"https://cdn.example/{number}/{name}"
    return {
        "id": str(number),
        "filename": name,
        "size": 3,
        "url": url,
        "proxy_url": url,
    } | more


def snapshot(**fields: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": 0,
        "content": "",
        "embeds": [],
        "attachments": [],
        "flags": 0,
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
    }
    return {"message": body | fields}


def poll(question: str = "Pizza?", *answers: str, **counts: int) -> dict[str, Any]:
    return {
        "question": {"text": question},
        "answers": [
            {"answer_id": number, "poll_media": {"text": text}}
            for number, text in enumerate(answers, start=1)
        ],
        "expiry": "2026-01-02T00:00:00+00:00",
        "allow_multiselect": False,
        "layout_type": 1,
        "results": {
            "is_finalized": False,
            "answer_counts": [
                {"id": int(number[1:]), "count": count, "me_voted": False}
                for number, count in counts.items()
            ],
        },
    }


# --- each part -----------------------------------------------------------------------------------


def test_a_text_is_read_with_names_and_without_the_call() -> None:
    content = read(content="<@5> ask <@12> in <#14>, <@5>")
    assert content.text == "@unknown-user ask @\\o/ in #plans, @unknown-user"
    assert content.question == "ask @\\o/ in #plans,"
    assert not content.is_empty
    assert read(content=" <@&7> ").is_empty


def test_an_embed() -> None:
    embed = {
        "type": "rich",
        "author": {"name": "CI"},
        "title": "Build 7",
        "url": "https://ci.example/7",
        "description": "broken by <@12>",
        "fields": [{"name": "took", "value": "4 min"}, {"name": "\u200b", "value": "x"}],
        "footer": {"text": "main"},
    }
    assert read(embeds=[embed]).words == (
        "CI\nBuild 7\nhttps://ci.example/7\nbroken by @\\o/\ntook: 4 min\n\u200b: x\nmain"
    )
    link = {"type": "article", "url": "https://a.example/", "title": "News"}
    assert read(content="see https://a.example/", embeds=[link]).words == (
        "see https://a.example/\n\nNews"
    )
    picture = {"type": "rich", "image": {"url": "https://a.example/x/c%20d.png?e=1"}}
    assert read(embeds=[picture]).words == "[c d.png]"
    assert read(embeds=[{}]).is_empty


def test_a_poll_and_its_result() -> None:
    asked = read(poll=poll("Pizza or <:s:1>?", "Pizza", "Sushi", a2=3))
    assert asked.words == "[poll] Pizza or :s:?\n- Pizza (0 votes)\n- Sushi (3 votes)"
    told = {
        "poll_question_text": "Pizza?",
        "victor_answer_text": "Sushi",
        "victor_answer_votes": "3",
        "total_votes": "4",
    }
    fields = [{"name": name, "value": value} for name, value in told.items()]
    result = {"type": "poll_result", "fields": fields}
    assert read(type=46, embeds=[result]).words == "[poll result] Pizza?\nSushi (3/4)"
    nobody = {"type": "poll_result", "fields": fields[:1]}
    assert read(type=46, embeds=[nobody]).words == "[poll result] Pizza?\n(0)"


def test_an_emoji_of_a_poll() -> None:
    body = poll("Best?", "One")
    body["answers"][0]["poll_media"]["emoji"] = {"id": "16", "name": "party"}
    assert read(poll=body).words == "[poll] Best?\n- :party: One (0 votes)"


def test_a_sticker_and_a_voice_message() -> None:
    assert read(sticker_items=[{"id": "1", "name": "Wave", "format_type": 1}]).words == (
        "[sticker: Wave]"
    )
    content = read(attachments=[file(1, "voice-message.ogg", duration_secs=1.0, waveform="AAAA")])
    assert content.files[0].is_voice_message()
    assert not content.is_empty


def test_components_in_reading_order() -> None:
    picture = {"media": {"url": "https://a.example/cat.png"}}
    card = {
        "type": 17,
        "components": [
            {"type": 10, "content": "# For <@12>"},
            {
                "type": 9,
                "components": [{"type": 10, "content": "one"}],
                "accessory": {"type": 11, **picture},
            },
            {
                "type": 9,
                "components": [{"type": 10, "content": "two"}],
                "accessory": {"type": 2, "style": 5, "label": "Read", "url": "https://a.example"},
            },
            {"type": 14},
            {"type": 12, "items": [picture | {"description": "a cat"}, picture]},
            {
                "type": 1,
                "components": [
                    {
                        "type": 3,
                        "custom_id": "m",
                        "placeholder": "Which?",
                        "options": [
                            {"label": "Red", "value": "r"},
                            {"label": "Blue", "value": "b"},
                        ],
                    }
                ],
            },
            {
                "type": 1,
                "components": [
                    {
                        "type": 2,
                        "style": 1,
                        "label": "Go",
                        "custom_id": "g",
                        "emoji": {"id": "16", "name": "party"},
                    }
                ],
            },
        ],
    }
    assert read(flags=1 << 15, components=[card]).words == (
        "# For @\\o/\none\n[cat.png]\ntwo\n[Read] https://a.example\n[a cat]\n[cat.png]\n"
        "[Which?: Red, Blue]\n[:party: Go]"
    )
    own = AUTHOR | {"id": "5"}
    assert "[" not in read(components=card["components"][-2:], author=own).words
    assert read(components=[{"type": 999}, {"type": 10, "content": "x"}]).words == "x"


def test_a_file_in_a_layout_is_a_file() -> None:
    url = "https://cdn.example/9/plan.txt"
    shown = {
        "type": 13,
        "name": "plan.txt",
        "size": 7,
        "file": {"url": url, "attachment_id": "9", "content_type": "text/plain"},
    }
    (plan,) = read(components=[{"type": 17, "components": [shown]}]).files
    assert (plan.filename, plan.size, plan.url, plan.content_type) == (
        "plan.txt",
        7,
        url,
        "text/plain",
    )
    assert len(read(components=[shown], attachments=[file(9, "plan.txt")]).files) == 1
    elsewhere = {"type": 13, "file": {"url": "https://169.254.169.254/"}}
    assert read(components=[elsewhere | {"name": "x.txt"}]).words == "[x.txt]"
    assert read(components=[elsewhere]).files == ()


def test_a_forward_has_words_files_and_embeds() -> None:
    forwarded = snapshot(
        content="<@5> what is <@12>?",
        attachments=[file(1), file(2, "a.ogg", duration_secs=1.0, waveform="AAAA")],
        embeds=[{"type": "rich", "title": "Head"}],
        sticker_items=[{"id": "1", "name": "Wave", "format_type": 1}],
        components=[
            {"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": "g"}]}
        ],
    )
    content = read(content="look", message_snapshots=[forwarded])
    assert content.words == (
        "look\n\n[forwarded]\n@unknown-user what is @\\o/?\n\nHead\n\n[sticker: Wave]"
    )
    assert [one.filename for one in content.files] == ["a.txt", "a.ogg"]
    assert content.files[1].is_voice_message()
    assert read(message_snapshots=[snapshot(attachments=[file(1)])]).words == ""
    assert read(message_snapshots=[snapshot()]).is_empty


def test_fields_that_discord_leaves_out() -> None:
    bare = message()
    for name in ("components", "mentions", "role_mentions"):
        if hasattr(bare, name):
            delattr(bare, name)
    assert content_of(bare, OWN, NAMES) == MessageContent()
    assert not has_content(bare)


@pytest.mark.parametrize(
    "fields",
    [
        {"content": "x"},
        {"attachments": [file(1)]},
        {"embeds": [{"type": "rich", "title": "x"}]},
        {"poll": poll("x", "y")},
        {"message_snapshots": [snapshot(content="x")]},
        {"components": [{"type": 10, "content": "x"}]},
        {"sticker_items": [{"id": "1", "name": "x", "format_type": 1}]},
    ],
)
def test_what_can_be_read_is_something(fields: dict[str, Any]) -> None:
    assert has_content(message(**fields))
    content = read(**fields)
    assert content.words or content.files
    assert not content.is_empty


# --- bounds --------------------------------------------------------------------------------------


def nested(depth: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"type": 10, "content": "deep"}
    for _ in range(depth):
        inner = {"type": 17, "components": [inner]}
    return inner


HUGE = "x" * 6_000
FLOODS: dict[str, dict[str, Any]] = {
    "embeds": {
        "embeds": [
            {
                "type": "rich",
                "title": HUGE,
                "description": HUGE,
                "fields": [{"name": HUGE, "value": HUGE}] * 25,
            }
        ]
        * 10
    },
    "many embeds": {"embeds": [{"type": "rich", "title": "x"}] * 5_000},
    "mentions": {"content": "<@12>" * 10_000},
    "components": {"components": [{"type": 10, "content": HUGE}] * 5_000},
    "nested": {"components": [nested(200)] * 40},
    "wide": {
        "components": [{"type": 17, "components": [{"type": 10, "content": "x"}] * 5_000}] * 9
    },
    "answers": {"poll": poll(HUGE, *[HUGE] * 500)},
    "stickers": {"sticker_items": [{"id": "1", "name": HUGE, "format_type": 1}] * 500},
    "files": {"attachments": [file(n) for n in range(500)]},
    "snapshots": {
        "message_snapshots": [snapshot(content=HUGE, embeds=[{"type": "rich", "title": HUGE}] * 99)]
        * 99
    },
    "options": {
        "components": [
            {
                "type": 1,
                "components": [
                    {
                        "type": 3,
                        "custom_id": "m",
                        "placeholder": HUGE,
                        "options": [{"label": HUGE, "value": "v"}] * 500,
                    }
                ],
            }
        ]
        * 99
    },
}


@pytest.mark.parametrize("flood", FLOODS)
def test_too_much_is_cut(flood: str) -> None:
    one = message(**FLOODS[flood])
    content = content_of(one, OWN, NAMES)
    assert len(content.words) <= MAX_CHARS + 1
    assert len(content.asked) <= MAX_CHARS + 1
    assert len(content.files) <= 30


words = st.sampled_from(["<@12>", "<@5>", "`", "```", "\\", "\n", "<:a:1>", ""]) | st.text(
    max_size=9
)
text = st.lists(words, max_size=8).map("".join)
link = st.sampled_from(["https://a.example/b.png", "https://[", "attachment://x", ""])
embeds = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["rich", "link", "poll_result", "unheard-of"]),
        "title": text,
        "description": text,
        "url": link,
        "author": st.fixed_dictionaries({"name": text}),
        "footer": st.fixed_dictionaries({"text": text}),
        "image": st.fixed_dictionaries({"url": link}),
        "fields": st.lists(st.fixed_dictionaries({"name": text, "value": text}), max_size=3),
    },
)
leaf = (
    st.fixed_dictionaries({"type": st.just(10), "content": text})
    | st.fixed_dictionaries({"type": st.just(2), "style": st.just(5), "label": text, "url": link})
    | st.fixed_dictionaries(
        {
            "type": st.just(12),
            "items": st.lists(
                st.fixed_dictionaries({"media": st.fixed_dictionaries({"url": link})}), max_size=2
            ),
        }
    )
    | st.fixed_dictionaries(
        {
            "type": st.just(13),
            "file": st.fixed_dictionaries({"url": link}, optional={"attachment_id": st.just("9")}),
        }
    )
    | st.just({"type": 14})
    | st.just({"type": 77})
)
components = st.recursive(
    leaf,
    lambda inner: st.builds(
        lambda kind, parts: {"type": kind, "components": parts},
        st.sampled_from([1, 17]),
        st.lists(inner, max_size=3),
    ),
    max_leaves=6,
)
shared = {
    "content": text,
    "embeds": st.lists(embeds, max_size=2),
    "components": st.lists(components, max_size=2),
    "flags": st.sampled_from([0, 1 << 15]),
    "sticker_items": st.lists(
        st.fixed_dictionaries({"id": st.just("1"), "name": text, "format_type": st.just(1)}),
        max_size=2,
    ),
    "attachments": st.lists(st.integers(1, 9).map(file), max_size=3),
}
messages = st.fixed_dictionaries(
    {},
    optional=shared
    | {
        "message_snapshots": st.lists(
            st.fixed_dictionaries({}, optional=shared).map(lambda f: snapshot(**f)), max_size=2
        ),
        "poll": st.builds(poll, text, text, text),
    },
)


@given(messages)
def test_whatever_discord_sends_is_read(fields: dict[str, Any]) -> None:
    """No exception, no words lost, no file lost, nothing above its limit."""
    one = message(**fields)
    content = content_of(one, OWN, NAMES)
    assert len(content.words) <= MAX_CHARS + 1
    for part in [*content.shown, content.text, *(inner.words for inner in content.forwarded)]:
        assert part in content.words
    given_ids = {str(f["id"]) for f in fields.get("attachments", [])}
    for inner in fields.get("message_snapshots", []):
        given_ids |= {str(f["id"]) for f in inner["message"]["attachments"]}
    assert given_ids <= {str(read.id) for read in content.files}
    assert content.is_empty == (not content.asked and not content.files)
    assert has_content(one) or content.is_empty


@pytest.mark.parametrize(
    "text", ["\u200b", "\u2800", "\u3164 \ufeff", "<@5> \u200b", "\u200b<@5>\u2800"]
)
def test_what_shows_nothing_is_no_question(text: str) -> None:
    assert read(content=text).is_empty


def test_an_embed_that_shows_nothing_says_nothing() -> None:
    blank = {"type": "rich", "title": "\u200b", "description": "\u200b"}
    assert read(embeds=[blank]).is_empty


@pytest.mark.parametrize(
    "text", ["<@5>", "<@5>?", "<@5> ^", "^^ <@5>", "<@5> ☝️", "<@5> 👆🏽", "<@5>!"]
)
def test_signs_that_point_at_another_message(text: str) -> None:
    assert read(content=text).only_points


@pytest.mark.parametrize("text", ["<@5> 2^3", "<@5> why?", "<@5> 🤔", "<@5> -", "<@5> " + "?" * 50])
def test_signs_that_do_not_point(text: str) -> None:
    assert not read(content=text).only_points


def test_a_poll_without_words_is_read() -> None:
    assert read(poll=poll() | {"question": {}}).words == "[poll]"
    assert read(poll=poll("")).words == "[poll]"
