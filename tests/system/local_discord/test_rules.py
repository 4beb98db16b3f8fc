"""Each rule of `rules.py`, broken once by a raw request, and answered as Discord answers."""

# mypy: ignore-errors

import asyncio
import json

import aiohttp
import pytest

from local_discord import LocalDiscord, Permission
from local_discord.interactions import Kind
from local_discord.rules import DEPRECATIONS, MOST, RULES
from local_discord.values import ChannelType, MessageFlag, MessageType
from tests.system.local_discord.scene import Scene

BREAKS = {}


def breaks(*names):
    def register(act):
        BREAKS.update(dict.fromkeys(names, act))
        return act

    return register


@pytest.fixture
async def scene():
    async with LocalDiscord() as sim, aiohttp.ClientSession() as http:
        yield Scene(sim, http)


@pytest.mark.parametrize("rule", [r for r in RULES if r.status], ids=lambda r: r.name)
async def test_a_breach_is_answered_as_discord_answers_it(scene, rule):
    status, body = await BREAKS[rule.name](scene)
    assert (status, body["code"]) == (rule.status, rule.code)
    assert rule.detail in details(body.get("errors") or {"_errors": [{"code": ""}]})


@pytest.mark.parametrize("rule", [r for r in RULES if not r.status], ids=lambda r: r.name)
async def test_a_gateway_closes(scene, rule):
    assert await BREAKS[rule.name](scene) == rule.code


@pytest.mark.breaches
@pytest.mark.parametrize("way", DEPRECATIONS, ids=lambda way: way.name)
async def test_a_deprecated_way_is_noted(scene, way):
    status, _ = await BREAKS[way.name](scene)
    assert status in (200, 204)
    noted = [p.message for p in scene.sim.problems if p.message.startswith("deprecated")]
    assert [way.name in message for message in noted] == [True]


def test_each_rule_has_its_source_and_its_breach():
    rules = [*RULES, *DEPRECATIONS]
    assert {r.name for r in rules} == set(BREAKS)
    assert len({r.name for r in rules}) == len(rules)
    assert all("/" in r.source or " " in r.source or "#" in r.source for r in rules)


async def test_limits_are_inclusive(scene):
    whole = {
        "content": "x" * MOST["content"],
        "nonce": "n" * MOST["nonce"],
        "embeds": [
            {"title": "x" * MOST["embed title"], "description": "x" * MOST["embed description"]},
            *[{"title": "x"}] * (MOST["embeds"] - 1),
        ],
        "components": rows(*[button(custom_id=str(n).zfill(100)) for n in range(25)]),
    }
    status, _ = await scene.post(whole)
    assert status == 200
    assert not scene.sim.problems


def details(tree):
    """All codes in a tree of faults."""
    found = {fault["code"] for fault in tree.get("_errors", ())}
    return found.union(*(details(part) for key, part in tree.items() if key != "_errors"))


# --- shapes ------------------------------------------------------------------------------------


def button(**more):
    return {"type": 2, "style": 1, "label": "Go", "custom_id": "go"} | more


def menu(**more):
    return {"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "a"}]} | more


def row(*components):
    return {"type": 1, "components": list(components)}


def rows(*buttons):
    return [row(*buttons[n : n + 5]) for n in range(0, len(buttons), 5)]


def with_row(*components):
    return {"content": "x", "components": [row(*components)]}


def option_of(**more):
    return with_row(menu(options=[{"label": "a", "value": "a"} | more]))


def layout(*components):
    return {"flags": 1 << 15, "components": list(components)}


def words(length=1):
    return {"type": 10, "content": "x" * length}


def embed(**more):
    return {"embeds": [{"title": "t"} | more]}


def over(name):
    return "x" * (MOST[name] + 1)


VOICE = {"flags": 8192, "attachments": [{"id": "0", "waveform": "AA==", "duration_secs": 1.0}]}
FIELD = {"name": "n", "value": "v"}

POSTS = {
    "content": {"content": over("content")},
    "a message shows something": {"content": "  "},
    "nonce": {"content": "x", "nonce": over("nonce")},
    "nonce is text or an integer": {"content": "x", "nonce": 1.5},
    "flags of a message": {"content": "x", "flags": int(MessageFlag.EPHEMERAL)},
    "speech needs its permission": {"content": "x", "tts": True},
    "embeds": {"embeds": [{"title": "t"}] * 11},
    "embed title": embed(title=over("embed title")),
    "embed description": embed(description=over("embed description")),
    "embed fields": embed(fields=[FIELD] * 26),
    "embed field name": embed(fields=[FIELD | {"name": over("embed field name")}]),
    "embed field value": embed(fields=[FIELD | {"value": over("embed field value")}]),
    "embed field has a name and a value": embed(fields=[{"name": "n"}]),
    "embed footer": embed(footer={"text": over("embed footer")}),
    "embed author": embed(author={"name": over("embed author")}),
    "embeds together": {"embeds": [{"description": "x" * 3001}] * 2},
    "embed url": embed(url="javascript://x"),
    "embed image": embed(image={"url": "ftp://example.org/a.png"}),
    "embed timestamp": embed(timestamp="yesterday"),
    "mentions parse": {"content": "x", "allowed_mentions": {"parse": ["all"]}},
    "mentions are parsed or listed": {
        "content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]},
    },
    "mentioned users": {"content": "x", "allowed_mentions": {"users": ["1"] * 101}},
    "mentioned roles": {"content": "x", "allowed_mentions": {"roles": ["1"] * 101}},
    "a reply's message exists": {"content": "x", "message_reference": {"message_id": "1"}},
    "attachments": {"content": "x", "attachments": [{"id": str(n)} for n in range(11)]},
    "attachment is uploaded": {"content": "x", "attachments": [{"id": "0"}]},
    "stickers": {"sticker_ids": ["1", "2", "3", "4"]},
    "a sticker exists": {"sticker_ids": ["1"]},
    "poll question": {"poll": {
        "question": {"text": over("poll question")}, "answers": [{"poll_media": {"text": "a"}}],
    }},
    "poll answers": {"poll": {"question": {"text": "q"}, "answers": [{"poll_media": {}}] * 11}},
    "poll answer": {"poll": {
        "question": {"text": "q"}, "answers": [{"poll_media": {"text": over("poll answer")}}],
    }},
    "poll hours": {"poll": {
        "question": {"text": "q"}, "answers": [{"poll_media": {"text": "a"}}], "duration": 769,
    }},
    "rows": {"content": "x", "components": rows(*[button(custom_id=str(n)) for n in range(26)])},
    "a row at the top": {"content": "x", "components": [button()]},
    "buttons in a row": with_row(*[button(custom_id=str(n)) for n in range(6)]),
    "a menu has a row of its own": with_row(menu(), button()),
    "custom id": with_row(button(custom_id=over("custom id"))),
    "custom id is there": with_row(button(custom_id=None)),
    "custom ids differ": with_row(button(), button()),
    "component ids differ": with_row(button(id=7), button(id=7, custom_id="b")),
    "button label": with_row(button(label=over("button label"))),
    "a button has words or an emoji": with_row(button(label=None)),
    "button url": with_row(
        button(style=5, custom_id=None, url="https://example.org/" + over("button url"))
    ),
    "a link has an address": with_row(button(style=5, custom_id=None)),
    "a link has no custom id": with_row(button(style=5, url="https://example.org")),
    "button style": with_row(button(style=9)),
    "menu options": with_row(
        menu(options=[{"label": "a", "value": str(n)} for n in range(26)])
    ),
    "option label": option_of(label=over("option label")),
    "option value": option_of(value=over("option value")),
    "option description": option_of(description=over("option description")),
    "option values differ": with_row(menu(options=[{"label": "a", "value": "a"}] * 2)),
    "menu placeholder": with_row(menu(placeholder=over("menu placeholder"))),
    "menu values": with_row(menu(max_values=26)),
    "fewest values above most": with_row(menu(min_values=2)),
    "default values within the range": with_row(
        {"type": 5, "custom_id": "u", "default_values": [{"id": "1", "type": "user"}] * 2}
    ),
    "layout components": layout(*[{"type": 14}] * 41),
    "layout text": layout(words(2001), words(2000)),
    "a layout has no content": layout(words()) | {"content": "x"},
    "section texts": layout(
        {"type": 9, "components": [words()] * 4, "accessory": button()}
    ),
    "gallery items": layout(
        {"type": 12, "items": [{"media": {"url": "https://example.org/a.png"}}] * 11}
    ),
    "a layout's file is attached": layout(
        {"type": 13, "file": {"url": "https://example.org/a.txt"}}
    ),
}  # fmt: skip

for name, body in POSTS.items():
    breaks(name)(lambda scene, body=body: scene.post(body))


# --- messages ----------------------------------------------------------------------------------


@breaks("nonce of a deleted message")
async def deleted_nonce(scene):
    body = {"content": "x", "nonce": "n", "enforce_nonce": True}
    _, first = await scene.post(body)
    await scene.send("DELETE", f"{scene.messages()}/{first['id']}")
    return await scene.post(body)


@breaks("a reply is to no system message")
async def reply_to_system(scene):
    one = scene.own(type=MessageType.THREAD_CREATED)
    return await scene.post({"content": "x", "message_reference": {"message_id": str(one.id)}})


@breaks("a reply needs the history")
async def reply_blindly(scene):
    one = scene.hers()
    scene.deny(Permission.READ_MESSAGE_HISTORY)
    return await scene.post({"content": "x", "message_reference": {"message_id": str(one.id)}})


@breaks("attachments after an edit")
async def eleventh_file(scene):
    one = scene.own(attachments=[scene.file() for _ in range(10)])
    kept = [{"id": str(file.id)} for file in one.attachments][:9]
    new = [{"id": "0"}, {"id": "1"}]
    status, _ = await scene.edit(one, {"attachments": kept + new[:1]}, files={0: b"a"})
    assert status == 200
    return await scene.edit(one, {}, files={0: b"a"})


@breaks("kept attachment is the message's")
async def anothers_file(scene):
    return await scene.edit(scene.own(), {"attachments": [{"id": str(scene.file().id)}]})


@breaks("attachment description")
async def long_description(scene):
    entry = {"id": "0", "description": over("attachment description")}
    return await scene.post({"attachments": [entry]}, files={0: b"a"})


@breaks("each file's size")
async def large_file(scene):
    scene.guild.guild.upload_limit_bytes = 4
    status, _ = await scene.post({}, files={0: b"abcd", 1: b"abcd"})
    assert status == 200
    return await scene.post({}, files={0: b"abcde"})


@breaks("a request's size")
async def large_request(scene):
    part = bytes(9 * 1024 * 1024)
    return await scene.post({}, files={0: part, 1: part, 2: part})


@breaks("a poll is not edited")
async def edit_a_poll(scene):
    poll = {"question": {"text": "q"}, "answers": [{"poll_media": {"text": "a"}}]}
    _, body = await scene.post({"poll": poll})
    return await scene.send("PATCH", f"{scene.messages()}/{body['id']}", {"content": "x"})


@breaks("a voice message stands alone")
async def words_with_voice(scene):
    return await scene.post(VOICE | {"content": "x"}, files={0: b"a"})


@breaks("a voice message is one file")
async def two_voices(scene):
    return await scene.post(VOICE, files={0: b"a", 1: b"a"})


@breaks("a voice message has a waveform")
async def flat_voice(scene):
    return await scene.post({"flags": 8192, "attachments": [{"id": "0"}]}, files={0: b"a"})


@breaks("a voice message is not edited")
async def edit_voice(scene):
    _, body = await scene.post(VOICE, files={0: b"a"})
    return await scene.send("PATCH", f"{scene.messages()}/{body['id']}", {"content": "x"})


@breaks("a voice message needs its permission")
async def forbidden_voice(scene):
    scene.deny(Permission.SEND_VOICE_MESSAGES)
    return await scene.post(VOICE, files={0: b"a"})


@breaks("another's message is not edited")
async def edit_hers(scene):
    return await scene.edit(scene.hers(), {"content": "x"})


@breaks("an edit leaves something")
async def empty_edit(scene):
    return await scene.edit(scene.own(), {"content": None})


@breaks("edits of messages older than an hour")
async def old_edits(scene):
    one = scene.own()
    one.created_at -= 3601
    for _ in range(3):
        assert (await scene.edit(one, {"content": "x"}))[0] == 200
    status, body = await scene.edit(one, {"content": "x"})
    assert body["retry_after"] > 0
    assert (await scene.edit(scene.own(), {"content": "x"}))[0] == 200
    return status, body


@breaks("another's message is deleted by moderators")
async def delete_hers(scene):
    return await scene.send("DELETE", f"{scene.messages()}/{scene.hers().id}")


@breaks("an unknown message")
async def unknown_message(scene):
    return await scene.send("GET", f"{scene.messages()}/1")


async def bulk_delete(scene, *ids, channel=None):
    scene.allow(Permission.MANAGE_MESSAGES)
    path = f"{scene.messages(channel)}/bulk-delete"
    return await scene.send("POST", path, {"messages": [str(i) for i in ids]})


@breaks("bulk deletion of two at least")
async def delete_one(scene):
    assert (await bulk_delete(scene, *range(101)))[1]["code"] == 50016
    return await bulk_delete(scene, scene.hers().id)


@breaks("bulk deletion of two weeks")
async def delete_old(scene):
    one = scene.hers()
    one.created_at -= 15 * 24 * 3600
    return await bulk_delete(scene, one.id, scene.hers().id)


@breaks("bulk deletion names each once")
async def delete_twice(scene):
    return await bulk_delete(scene, *[scene.hers().id] * 2)


@breaks("bulk deletion in a guild")
async def delete_in_private(scene):
    return await bulk_delete(scene, 1, 2, channel=scene.world.dm(scene.ana.user))


@breaks("history from one side")
async def both_sides(scene):
    return await scene.send("GET", f"{scene.messages()}?before=1&after=2")


@breaks("history at once")
async def long_history(scene):
    return await scene.send("GET", f"{scene.messages()}?limit=101")


def reaction(scene, emoji, one=None):
    one = one or scene.hers()
    return scene.send("PUT", f"{scene.messages(one.channel)}/{one.id}/reactions/{emoji}/@me")


@breaks("an emoji")
async def no_emoji(scene):
    return await reaction(scene, "word")


@breaks("emojis on a message")
async def many_emojis(scene):
    one = scene.hers()
    for number in range(20):
        assert (await reaction(scene, f"e:{number + 1}", one))[0] == 204
    return await reaction(scene, "e:99", one)


@breaks("a first reaction needs its permission")
async def forbidden_reaction(scene):
    scene.deny(Permission.ADD_REACTIONS)
    return await reaction(scene, "👀")


def pin(scene):
    return scene.send("PUT", f"{scene.messages()}/pins/{scene.hers().id}")


@breaks("pins need their permission")
async def forbidden_pin(scene):
    scene.allow(Permission.MANAGE_MESSAGES)
    return await pin(scene)


@breaks("pins of a channel")
async def many_pins(scene):
    scene.allow(Permission.PIN_MESSAGES)
    for _ in range(250):
        scene.hers().pinned = True
    return await pin(scene)


# --- places ------------------------------------------------------------------------------------


@breaks("an unknown channel")
async def unknown_channel(scene):
    return await scene.send("POST", "/channels/1/messages", {"content": "x"})


@breaks("an unseen channel")
async def unseen_channel(scene):
    scene.deny(Permission.VIEW_CHANNEL)
    return await scene.post({"content": "x"})


@breaks("posting needs its permission")
async def forbidden_post(scene):
    scene.deny(Permission.SEND_MESSAGES)
    return await scene.post({"content": "x"})


@breaks("files need their permission")
async def forbidden_file(scene):
    scene.deny(Permission.ATTACH_FILES)
    return await scene.post({"content": "x"}, files={0: b"a"})


@breaks("embeds need their permission")
async def forbidden_embed(scene):
    scene.deny(Permission.EMBED_LINKS)
    return await scene.post(embed())


@breaks("a category takes no message")
async def post_in_category(scene):
    category = scene.world.channel(scene.guild.guild, "all", ChannelType.CATEGORY)
    return await scene.post({"content": "x"}, to=category)


@breaks("a voice channel's text needs Connect")
async def post_in_closed_voice(scene):
    lounge = scene.guild.voice_channel("Lounge")
    assert (await scene.post({"content": "x"}, to=lounge))[0] == 200
    scene.deny(Permission.CONNECT, channel=lounge)
    return await scene.post({"content": "x"}, to=lounge)


@breaks("a closed direct message")
async def closed_dm(scene):
    scene.ana.user.accepts_dms = False
    return await scene.post({"content": "x"}, to=scene.world.dm(scene.ana.user))


async def rename(scene, channel, **fields):
    scene.allow(Permission.MANAGE_CHANNELS)
    return await scene.send("PATCH", f"/channels/{channel.id}", fields)


@breaks("channel name")
async def long_channel_name(scene):
    return await rename(scene, scene.channel, name=over("channel name"))


@breaks("channel topic")
async def long_topic(scene):
    return await rename(scene, scene.channel, topic=over("channel topic"))


# --- threads -----------------------------------------------------------------------------------


async def start_thread(scene, one=None, **fields):
    one = one or scene.hers()
    path = f"{scene.messages(one.channel)}/{one.id}/threads"
    return await scene.send("POST", path, {"name": "t"} | fields)


@breaks("thread name")
async def long_thread_name(scene):
    assert (await start_thread(scene, name=""))[0] == 400
    return await start_thread(scene, name=over("thread name"))


@breaks("thread archive minutes")
async def odd_archive_minutes(scene):
    return await start_thread(scene, auto_archive_duration=61)


@breaks("thread slow mode")
async def slow_thread(scene):
    return await start_thread(scene, rate_limit_per_user=21601)


@breaks("one thread a message")
async def second_thread(scene):
    one = scene.hers()
    assert (await start_thread(scene, one))[0] == 200
    return await start_thread(scene, one)


@breaks("no thread in a thread")
async def nested_thread(scene):
    return await start_thread(scene, scene.hers(channel=scene.thread()))


@breaks("an archived thread's message is not edited")
async def edit_archived(scene):
    thread = scene.thread()
    one = scene.own(channel=thread)
    thread.thread.archived = True
    answer = await scene.edit(one, {"content": "x"})
    assert (await scene.post({"content": "x"}, to=thread))[0] == 200
    assert not thread.thread.archived
    return answer


@breaks("an archived thread takes no reaction")
async def react_archived(scene):
    thread = scene.thread()
    one = scene.hers(channel=thread)
    thread.thread.archived = True
    return await reaction(scene, "👀", one)


@breaks("an archived thread takes no member")
async def join_archived(scene):
    thread = scene.thread(archived=True)
    return await scene.send("PUT", f"/channels/{thread.id}/thread-members/@me")


@breaks("an archived thread keeps its name")
async def rename_archived(scene):
    scene.allow(Permission.MANAGE_THREADS)
    thread = scene.thread(archived=True)
    return await scene.send("PATCH", f"/channels/{thread.id}", {"name": "x"})


@breaks("an archived and locked thread takes no message")
async def post_archived_locked(scene):
    return await scene.post({"content": "x"}, to=scene.thread(archived=True, locked=True))


@breaks("a locked thread takes no message")
async def post_locked(scene):
    return await scene.post({"content": "x"}, to=scene.thread(locked=True))


@breaks("a locked thread's message is not edited")
async def edit_locked(scene):
    thread = scene.thread()
    one = scene.own(channel=thread)
    thread.thread.locked = True
    return await scene.edit(one, {"content": "x"})


# --- layouts by edit, modals -------------------------------------------------------------------


@breaks("a message made a layout gets no content")
async def content_for_a_layout(scene):
    one = scene.own("", components=[words()], flags=MessageFlag.IS_COMPONENTS_V2)
    return await scene.edit(one, {"content": "x", "flags": 0})


@breaks("a message becomes a layout empty")
async def half_a_layout(scene):
    one = scene.own()
    status, answer = await scene.edit(one, layout(words()))
    assert (await scene.edit(one, layout(words()) | {"content": None}))[0] == 200
    assert MessageFlag.IS_COMPONENTS_V2 in one.flags
    return status, answer


async def open_modal(scene, *components, kind=Kind.COMMAND, **fields):
    inside = components or (label(field()),)
    data = {"title": "t", "custom_id": "m", "components": list(inside)} | fields
    return await scene.answer(scene.interaction(kind), 9, data)


def label(component, **more):
    return {"type": 18, "label": "l", "component": component} | more


def field(**more):
    return {"type": 4, "custom_id": "f", "style": 1} | more


MODALS = {
    "modal title": {"title": over("modal title")},
    "modal components": {"components": [label(field(custom_id=str(n))) for n in range(6)]},
    "modal label": {"components": [label(field(), label=over("modal label"))]},
    "modal label description": {
        "components": [label(field(), description=over("modal label description"))]
    },
    "field placeholder": {"components": [label(field(placeholder=over("field placeholder")))]},
    "field value": {"components": [label(field(value=over("field value")))]},
    "field length": {"components": [label(field(max_length=4001))]},
    "modal choices": {
        "components": [
            label(
                {
                    "type": 21,
                    "custom_id": "r",
                    "options": [{"label": "a", "value": str(n)} for n in range(11)],
                }
            )
        ]
    },
    "text input in a row": {"components": [row(field(label="l"))]},
}

for name, fields in MODALS.items():
    breaks(name)(lambda scene, fields=fields: open_modal(scene, **fields))


@breaks("no modal after a modal")
async def modal_after_modal(scene):
    return await open_modal(scene, kind=Kind.MODAL)


# --- interactions ------------------------------------------------------------------------------


@breaks("an answer within three seconds")
async def late_answer(scene):
    one = scene.interaction()
    one.sent_at -= 3.0
    return await scene.answer(one, 4, {"content": "x"})


@breaks("one answer")
async def two_answers(scene):
    one = scene.interaction()
    assert (await scene.answer(one, 5))[0] == 204
    return await scene.answer(one, 4, {"content": "x"})


@breaks("no follow-up before the answer")
async def early_follow_up(scene):
    return await scene.follow_up(scene.interaction(), {"content": "x"})


@breaks("a token's fifteen minutes")
async def old_token(scene):
    one = scene.interaction()
    await scene.answer(one, 4, {"content": "x"})
    one.sent_at -= 15 * 60 + 1
    return await scene.follow_up(one, {"content": "x"})


@breaks("follow-ups of a guest")
async def many_follow_ups(scene):
    one = scene.interaction(by_user=True)
    await scene.answer(one, 4, {"content": "x"})
    for _ in range(MOST["follow-ups of a guest"]):
        await scene.follow_up(one, {"content": "x"})
    return await scene.follow_up(one, {"content": "x"})


@breaks("the kind of an answer")
async def wrong_answer(scene):
    return await scene.answer(scene.interaction(), 7, {"content": "x"})


@breaks("flags of a deferral")
async def deferred_layout(scene):
    return await scene.answer(scene.interaction(), 5, {"flags": 1 << 15})


@breaks("flags of a follow-up")
async def loud_follow_up(scene):
    one = scene.interaction()
    await scene.answer(one, 4, {"content": "x"})
    assert (await scene.follow_up(one, {"content": "x", "flags": 64}))[0] == 200
    return await scene.follow_up(one, {"content": "x", "flags": 8192})


@breaks("an answer that is deleted")
async def deleted_answer(scene):
    one = scene.interaction()
    await scene.answer(one, 4, {"content": "x"})
    path = f"/webhooks/{scene.sim.bot.id}/{one.token}/messages/@original"
    assert (await scene.send("DELETE", path))[0] == 204
    return await scene.send("PATCH", path, {"content": "x"})


@breaks("autocompleted choices")
async def many_choices(scene):
    choices = [{"name": "a", "value": "a"}] * 26
    return await scene.answer(scene.interaction(Kind.AUTOCOMPLETE), 8, {"choices": choices})


@breaks("autocompleted name")
async def long_choice(scene):
    choices = [{"name": over("autocompleted name"), "value": "a"}]
    return await scene.answer(scene.interaction(Kind.AUTOCOMPLETE), 8, {"choices": choices})


@breaks("follow-up right after a deferral")
async def deferred_follow_up(scene):
    one = scene.interaction()
    await scene.answer(one, 5, {"flags": 64})
    return await scene.follow_up(one, {"content": "x"})


# --- commands ----------------------------------------------------------------------------------


def command(**more):
    return {"name": "ask", "description": "Ask", "type": 1} | more


def option(**more):
    return {"name": "text", "description": "Text", "type": 3} | more


def with_option(**more):
    return [command(options=[option(**more)])]


COMMAND_SETS = {
    "command name": [command(name="Ask it")],
    "command name length": [command(name="x" * 33)],
    "command description": [command(description=over("command description"))],
    "a menu command has no description": [{"name": "Look", "type": 3, "description": "no"}],
    "a menu command has no options": [{"name": "Look", "type": 3, "options": [option()]}],
    "command options": [command(options=[option(name=f"o{n}") for n in range(26)])],
    "option names differ": [command(options=[option(), option()])],
    "localized option names differ": [
        command(options=[option(), option(name="b", name_localizations={"de": "text"})])
    ],
    "required options first": [command(options=[option(), option(name="b", required=True)])],
    "commands nest once": with_option(type=1, options=[option(type=1, name="deep")]),
    "option choices": with_option(choices=[{"name": "a", "value": "a"}] * 26),
    "choice name": with_option(choices=[{"name": over("choice name"), "value": "a"}]),
    "choice value": with_option(choices=[{"name": "a", "value": over("choice value")}]),
    "choice type": with_option(choices=[{"name": "a", "value": 1}]),
    "choices or autocomplete": with_option(
        autocomplete=True, choices=[{"name": "a", "value": "a"}]
    ),
    "option text length": with_option(max_length=6001),
    "command size": [
        command(
            options=[
                option(
                    name=f"o{n}",
                    description="x" * 100,
                    choices=[{"name": "x" * 100, "value": "x" * 100}] * 2,
                )
                for n in range(20)
            ]
        )
    ],
    "command contexts": [command(contexts=[3])],
    "command installs": [command(integration_types=[2])],
    "command locale": [command(name_localizations={"es": "preguntar"})],
    "command names differ": [command(), command()],
    "chat commands": [command(name=f"ask{n}") for n in range(101)],
    "menu commands": [{"name": f"Menu {n}", "type": 3} for n in range(16)],
    "default_permission": [command(default_permission=True)],
    "dm_permission in place of contexts": [command(dm_permission=False)],
}

for name, commands in COMMAND_SETS.items():
    breaks(name)(lambda scene, commands=commands: scene.register(*commands))


@breaks("contexts are for global commands")
async def contexts_of_a_guild(scene):
    return await scene.register(command(contexts=[0]), guild=True)


@breaks("another application's commands")
async def anothers_commands(scene):
    return await scene.send("GET", "/applications/1/commands")


@breaks("an unknown command")
async def unknown_command(scene):
    return await scene.send("GET", f"/applications/{scene.sim.bot.id}/commands/1")


# --- webhooks, and everything ------------------------------------------------------------------


async def make_webhook(scene, name="hook"):
    scene.allow(Permission.MANAGE_WEBHOOKS)
    return await scene.send("POST", f"/channels/{scene.channel.id}/webhooks", {"name": name})


@breaks("webhook name")
async def long_webhook(scene):
    return await make_webhook(scene, over("webhook name"))


@breaks("webhook name's words")
async def reserved_webhook(scene):
    return await make_webhook(scene, "Discord news")


@breaks("webhooks of a channel")
async def many_webhooks(scene):
    for _ in range(15):
        assert (await make_webhook(scene))[0] == 200
    return await make_webhook(scene)


@breaks("an unknown webhook")
async def unknown_webhook(scene):
    return await scene.send("POST", "/webhooks/1/token", {"content": "x"})


@breaks("a webhook's token")
async def wrong_webhook_token(scene):
    _, hook = await make_webhook(scene)
    return await scene.send("POST", f"/webhooks/{hook['id']}/token", {"content": "x"})


@breaks("flags of a webhook")
async def whispering_webhook(scene):
    _, hook = await make_webhook(scene)
    path = f"/webhooks/{hook['id']}/{hook['token']}"
    return await scene.send("POST", path, {"content": "x", "flags": 64})


@breaks("a body is JSON")
async def no_json(scene):
    return await scene.send("POST", scene.messages(), raw=b"{content: x}")


@breaks("a token")
async def wrong_token(scene):
    return await scene.send("POST", scene.messages(), {"content": "x"}, token="no")


async def close_code(scene, *frames):
    async with scene.http.ws_connect(scene.sim.gateway_url) as socket:
        for frame in frames:
            await socket.send_str(frame)
        async with asyncio.timeout(10):
            async for _ in socket:
                pass
        return socket.close_code


@breaks("an event's size")
async def large_event(scene):
    return await close_code(scene, json.dumps({"op": 1, "d": None, "fill": "x" * 4096}))


@breaks("events in a minute")
async def many_events(scene):
    return await close_code(scene, *[json.dumps({"op": 1, "d": None})] * 121)
