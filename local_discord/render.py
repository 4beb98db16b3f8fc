"""A channel as a page to look at: does it read like a bot that people would keep?"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from .client_words import client_words, from_now, in_bytes, is_spanish
from .interactions import TOKEN_SECONDS
from .markdown import as_words, to_html
from .values import (
    SELECTS,
    Attachment,
    Channel,
    ComponentType,
    Json,
    Message,
    MessageFlag,
    MessageType,
    Poll,
    User,
    button_name,
    walk,
)
from .world import World

WIDE = 2
"""The spacing of a separator."""
BUTTON_CLASSES = {1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link"}
STYLES = tuple(Path(__file__).with_name(name) for name in ("channel.css", "messages.css"))
TOGETHER_S = 420
"""Messages of one author within seven minutes share a heading."""
INLINE_MAX_BYTES = 2 * 1024 * 1024
REFERRING = (MessageType.REPLY, MessageType.THREAD_STARTER)
BOT_COLOR = "#5865f2"
BARS = 40
"""Of a voice message's waveform."""


def render(world: World, channel: Channel, viewer: User | None) -> str:
    """The channel as one HTML page that needs nothing beside itself.

    Threads are shown below the message they started from. Without a viewer everybody's
    ephemeral messages are shown, each with whom it is for.
    """
    page = Renderer(world, viewer)
    title = f"# {escape(channel.name)}"
    topic = f"<span class='topic'>{escape(channel.topic)}</span>" if channel.topic else ""
    main = page.messages(channel)
    style = "".join(one.read_text() for one in STYLES)
    for color in sorted(set(re.findall(r"data-color='([^']*)'", main))):
        style += f"[data-color='{color}'] {{ --color:{color}; }}\n"
    return (
        f"<!doctype html><html lang='{page.language}'>"
        f"<head><meta charset='utf-8'><title>{title}</title>"
        f"<style>{style}</style></head><body><header>{title}{topic}</header>"
        f"<main>{main}</main></body></html>"
    )


@dataclass(frozen=True, slots=True)
class Live:
    """How messages are shown in a page that can fetch files and open threads.

    Attributes:
        address: Where that page fetches a file.
    """

    address: Callable[[Attachment], str]


class Renderer:
    """Messages as one person sees them.

    Whatever colours something says so in `data-color`; who shows it sets `--color` to that, since a
    strict content security policy allows no `style` attribute.

    Args:
        world: Where they are.
        viewer: Who sees them; None: everybody at once.
        live: How, in a page with a server; without it, files are in the HTML and threads open.
    """

    def __init__(self, world: World, viewer: User | None, live: Live | None = None) -> None:
        self._world = world
        self._viewer = viewer
        self._live = live
        self._locale = viewer.locale if viewer else "en-US"
        self._words = client_words(self._locale)

    @property
    def language(self) -> str:
        """The ISO 639-1 code of the client's language."""
        return "es" if is_spanish(self._locale) else "en"

    def text(self, text: str) -> str:
        """What somebody wrote."""
        return to_html(text, self._name)

    def messages(self, channel: Channel) -> str:
        """A channel's messages."""
        html = []
        before: Message | None = None
        for one in self._visible(channel):
            html.append(self.message(one, before))
            before = one
        return "".join(html)

    def _visible(self, channel: Channel) -> list[Message]:
        return [
            one
            for one in channel.messages.values()
            if not one.deleted
            and (self._viewer is None or one.visible_to in (None, self._viewer))
            and one.type is not MessageType.THREAD_STARTER
        ]

    def message(self, one: Message, before: Message | None) -> str:
        """One message; after another of the same author it has no heading."""
        together = _together(before, one)
        kind = "message together" if together else "message"
        if one.is_ephemeral:
            kind += " ephemeral"
        if self._viewer in one.mentions:
            kind += " pinged"
        if one.author is self._viewer and one.webhook is None:
            kind += " own"
        if one.type is MessageType.THREAD_STARTER and one.replied_to is not None:
            parts = self._started_by(one.replied_to)
        else:
            parts = self._parts(one, together=together)
        who = f" data-author='{one.author.id}'" if one.webhook is None else ""
        return f"<article class='{kind}' data-message='{one.id}'{who}>{''.join(parts)}</article>"

    def _started_by(self, one: Message) -> list[str]:
        """The message from which a thread was started, above what was written in it."""
        files = [self._file(f, one) for f in one.attachments if not _is_shown_within(f, one)]
        components = [self._component(component, None) for component in one.components]
        embeds = map(self._embed, one.embeds)
        return [self._heading(one), self._content(one), *embeds, *files, *components]

    def _parts(self, one: Message, *, together: bool) -> list[str]:
        return [
            self._reference(one),
            "" if together else self._heading(one),
            self._content(one),
            *(self._forwarded(copied["message"]) for copied in one.snapshots),
            self._poll(one),
            *(f"<div class='file'>🏷 {escape(s['name'])}</div>" for s in one.stickers),
            *(self._embed(embed) for embed in one.embeds),
            *(self._file(file, one) for file in one.attachments if not _is_shown_within(file, one)),
            *(self._component(component, one) for component in one.components),
            self._reactions(one),
            self._only_for(one),
            self._thread(one),
        ]

    def _heading(self, one: Message) -> str:
        hue = (
            int(hashlib.sha256(one.author_name.encode(errors="replace")).hexdigest()[:4], 16) % 360
        )
        # The bot's is told at a glance from people's, whatever their names.
        color = BOT_COLOR if one.author is self._world.bot else f"hsl({hue} 45% 38%)"
        initial = escape(one.author_name[:1])
        who = f" data-person='{one.author.id}'" if one.webhook is None else ""
        avatar = f"<i class='avatar'{who} data-color='{color}' aria-hidden='true'>{initial}</i>"
        tag = "<em class='tag'>APP</em>" if one.author.bot or one.webhook else ""
        at = datetime.fromtimestamp(one.created_at, UTC)
        when = f"<time datetime='{at.isoformat()}'>{at.strftime('%H:%M')}</time>"
        return f"{avatar}<b class='name'{who}>{escape(one.author_name)}</b>{tag}{when}"

    def _reference(self, one: Message) -> str:
        if one.replied_to is not None and one.type in REFERRING:
            told = one.replied_to
            shown = as_words(told.text, self._name)[:90]
            words = escape(shown) or f"<i>{self._words['attachment']}</i>"
            return f"<div class='reference'>↱ <b>{escape(told.author_name)}</b> {words}</div>"
        if one.interaction is not None and one.type is not MessageType.DEFAULT:
            name = escape(str(one.interaction["user"]["username"]))
            named = escape(one.command or self._words["a command"])
            words = f"{self._words['used']} <b class='command'>{named}</b>"
            return f"<div class='reference'>↱ <b>{name}</b> {words}</div>"
        return ""

    def _content(self, one: Message) -> str:
        if one.is_thinking and self._world.clock.wall() - one.created_at >= TOKEN_SECONDS:
            return f"<p class='failed'>{self._words['no response']}</p>"
        if one.is_thinking:
            return (
                f"<p class='thinking'>● ● ● {escape(one.author_name)} {self._words['thinking']}</p>"
            )
        edited = f"<small class='edited'>{self._words['edited']}</small>" if one.edited_at else ""
        if not one.content:
            return edited
        words = to_html(one.content, self._name)
        last = "</div>" if words.endswith("</div>") else ""  # after the last word, on its line
        return f"<section>{words.removesuffix(last)}{edited}{last}</section>"

    def _name(self, sign: str, number: int) -> str:
        if sign == "@" and number in self._world.users:
            return f"@{self._world.users[number].name}"
        if sign == "#" and number in self._world.channels:
            return f"#{self._world.channels[number].name}"
        if sign == "t:R":
            return from_now(number - self._world.clock.wall(), self._locale)
        if sign.startswith("t:"):
            return datetime.fromtimestamp(number, UTC).strftime("%d %B %Y %H:%M")
        roles = (g.roles.get(number) for g in self._world.guilds.values())
        return next((f"@{role.name}" for role in roles if role), f"{sign}unknown")

    def _forwarded(self, copied: Json) -> str:
        """What a forward carries, under the word with which Discord marks it."""
        parts = [to_html(copied["content"], self._name), *map(self._embed, copied["embeds"])]
        parts += [
            f"<div class='file'>📄 {escape(f['filename'])}</div>" for f in copied["attachments"]
        ]
        parts += (self._component(one, None) for one in copied["components"])
        body = "".join(parts)
        return (
            f"<div class='embed'><div class='author'>↪ {self._words['forwarded']}</div>{body}</div>"
        )

    def _poll(self, one: Message) -> str:
        if one.poll is None:
            return ""
        rows = [
            self._answer(one.poll, number, escape(media.get("text", "")))
            for number, media in enumerate(one.poll.answers, start=1)
        ]
        title = f"<div class='title'>{escape(one.poll.question)}</div>"
        state = f"<footer>{self._words['poll closed']}</footer>" if one.poll.is_over else ""
        return f"<div class='embed'>{title}{''.join(rows)}{state}</div>"

    def _answer(self, poll: Poll, number: int, words: str) -> str:
        votes = poll.votes.get(number, [])
        shown = f"{words} <small>{len(votes)}</small>"
        if self._live is None or poll.is_over:
            return f"<div class='field'>{shown}</div>"
        mine = _truth(self._viewer in votes)
        return (
            f"<button class='field' data-answer='{number}' aria-pressed='{mine}'>{shown}</button>"
        )

    # --- parts of a message --------------------------------------------------------------------

    def _embed(self, embed: Json) -> str:
        color = f"#{embed.get('color') or 0x4E5058:06x}"
        parts = []
        if author := embed.get("author"):
            parts.append(f"<div class='author'>{escape(author['name'])}</div>")
        if embed.get("title"):
            parts.append(f"<div class='title'>{to_html(embed['title'], self._name)}</div>")
        if embed.get("description"):
            parts.append(to_html(embed["description"], self._name))
        if fields := embed.get("fields"):
            parts.append(f"<div class='fields'>{''.join(map(self._field, fields))}</div>")
        if image := embed.get("image"):
            parts.append(self._image(image["url"]))
        if footer := embed.get("footer"):
            parts.append(f"<footer>{escape(footer.get('text', ''))}</footer>")
        return f"<div class='embed' data-color='{color}'>{''.join(parts)}</div>"

    def _field(self, field: Json) -> str:
        kind = "field inline" if field.get("inline") else "field"
        name, value = to_html(field["name"], self._name), to_html(field["value"], self._name)
        return f"<div class='{kind}'><b>{name}</b>{value}</div>"

    def _file(self, file: Attachment, one: Message) -> str:
        if MessageFlag.IS_VOICE_MESSAGE in one.flags:
            return self._voice(file)
        if self._is_picture(file):
            return self._image(file.url, file.description or file.filename)
        shown = in_bytes(len(file.data), self._locale)
        link = f" href='{escape(self._live.address(file))}' download" if self._live else ""
        name = f"<a{link}>{escape(file.filename)}</a>"
        sound = self._player(file) if file.content_type.startswith("audio/") else ""
        return f"<div class='file'>📄 {name}<small>{shown}</small>{sound}</div>"

    def _is_picture(self, file: Attachment) -> bool:
        """Whether it is shown in its place: in a page from its server, as far as that shows it."""
        if not file.content_type.startswith("image/"):
            return False
        if self._live is not None:  # SVG is a document, and no page of ours hands out others'
            return not file.content_type.startswith("image/svg")
        return len(file.data) <= INLINE_MAX_BYTES

    def _voice(self, file: Attachment) -> str:
        bars = "".join(
            f"<rect x='{4 * i}' y='{16 - height / 16:.1f}' width='3' height='{height / 8:.1f}'/>"
            for i, height in enumerate(_waveform(file))
        )
        picture = f"<svg viewBox='0 0 {4 * BARS} 32' aria-hidden='true'>{bars}</svg>"
        length = f"{file.duration_secs or 0:.1f} s"
        return f"<div class='voice'>{self._player(file) or '▶'}{picture}<span>{length}</span></div>"

    def _player(self, file: Attachment) -> str:
        if self._live is None:
            return ""
        return f"<audio controls preload='none' src='{escape(self._live.address(file))}'></audio>"

    def _image(self, url: str, words: str = "") -> str:
        for file in self._world.files.values():
            if file.url != url:
                continue
            source = self._live.address(file) if self._live else _in_place(file)
            return f"<img alt='{escape(words)}' src='{escape(source)}'>"
        return f"<div class='file'>🖼 {escape(url)}</div>"

    def _component(self, component: Json, one: Message | None) -> str:
        kind = component["type"]
        if kind == ComponentType.BUTTON:
            return self._button(component, one)
        if kind in SELECTS:
            return self._select(component, one)
        if kind == ComponentType.TEXT_DISPLAY:
            return f"<section>{self.text(component['content'])}</section>"
        if kind == ComponentType.SEPARATOR:
            name = "wide" if component.get("spacing") == WIDE else "narrow"
            seen = component.get("divider", True)
            return f"<hr class='{name}'>" if seen else f"<div class='{name}'></div>"
        if kind in (ComponentType.THUMBNAIL, ComponentType.MEDIA_GALLERY):
            items = component.get("items") or [component]
            name = "thumbnail" if kind == ComponentType.THUMBNAIL else "gallery"
            return f"<div class='{name}'>{''.join(map(self._medium, items))}</div>"
        if kind == ComponentType.FILE:
            return _hidden(component, self._file_at(component["file"]["url"], one))
        return _hidden(component, self._box(component, one))

    def _box(self, component: Json, one: Message | None) -> str:
        """A component with others in it: a container, a section, a row."""
        html = "".join(self._component(c, one) for c in component.get("components") or [])
        if component["type"] == ComponentType.CONTAINER:
            color = f"#{component.get('accent_color') or 0x4E5058:06x}"
            return f"<div class='embed' data-color='{color}'>{html}</div>"
        if component["type"] == ComponentType.SECTION:
            beside = self._component(component["accessory"], one)
            return f"<div class='section'><div>{html}</div>{beside}</div>"
        return f"<div class='row'>{html}</div>"

    def _medium(self, item: Json) -> str:
        return _hidden(item, self._image(item["media"]["url"], item.get("description") or ""))

    def _file_at(self, url: str, one: Message | None) -> str:
        file = next((f for f in one.attachments if f.url == url), None) if one else None
        if file is not None and one is not None:
            return self._file(file, one)
        return f"<div class='file'>📄 {escape(url.rpartition('/')[2])}</div>"

    def _select(self, select: Json, one: Message | None) -> str:
        """A menu with what is chosen in it, else with what it is for."""
        options = select.get("options") or []
        chosen = [str(option["label"]) for option in options if option.get("default")]
        for value in select.get("default_values") or []:
            sign = {"user": "@", "role": "@&", "channel": "#"}.get(value["type"], "@")
            chosen.append(self._name(sign, int(value["id"])))
        purpose = select.get("placeholder") or self._words["select"]
        shown = escape(", ".join(chosen) or purpose)
        name = escape(f"{purpose}: {', '.join(chosen)}" if chosen else purpose)
        return f"<button class='select' aria-label='{name}'{_acted(select, one)}>{shown} ⌄</button>"

    def _button(self, button: Json, one: Message | None) -> str:
        kind = BUTTON_CLASSES.get(button["style"], "secondary")
        off = " off" if button.get("disabled") else ""
        emoji = (button.get("emoji") or {}).get("name") or ""
        label = button.get("label") or ("" if emoji else button_name(button))
        words = escape(f"{emoji} {label}".strip())
        if kind == "link":
            return f"<a class='button link{off}'{_link(button.get('url'))}>{words} ↗</a>"
        return f"<button class='button {kind}{off}'{_acted(button, one)}>{words}</button>"

    def _reactions(self, one: Message) -> str:
        html = "".join(
            f"<button data-emoji='{escape(e)}' aria-pressed='{_truth(self._viewer in who)}'>"
            f"{escape(e)} {len(who)}</button>"
            for e, who in one.reactions.items()
        )
        return f"<div class='reactions'>{html}</div>" if html else ""

    def _only_for(self, one: Message) -> str:
        if one.visible_to is None:
            return ""
        words = self._words["only"].format(name=escape(one.visible_to.name))
        return f"<small class='only'>👁 {words}</small>"

    def _thread(self, one: Message) -> str:
        if one.thread is None:
            return ""
        count = len(self._visible(one.thread))
        messages = self._words["message" if count == 1 else "messages"].format(count=count)
        state = (
            f" · {self._words['archived']}"
            if one.thread.thread and one.thread.thread.archived
            else ""
        )
        name = f"🧵 {escape(one.thread.name)} · {messages}{state}"
        if self._live is not None:
            return f"<button class='thread' data-channel='{one.thread.id}'>{name}</button>"
        inside = self.messages(one.thread)
        return f"<details open class='thread'><summary>{name}</summary>{inside}</details>"


def _is_shown_within(file: Attachment, one: Message) -> bool:
    """Whether an embed or a component shows this file; then it is not shown beside it, too."""
    shown = {(embed.get("image") or {}).get("url") for embed in one.embeds}
    for component in walk(one.components):
        media = [component, *(component.get("items") or [])]
        shown |= {(m.get(key) or {}).get("url") for m in media for key in ("media", "file")}
    return file.url in shown


def _hidden(item: Json, html: str) -> str:
    """Under a spoiler, where it has one."""
    return f"<div class='spoiler'>{html}</div>" if item.get("spoiler") else html


def _in_place(file: Attachment) -> str:
    return f"data:{file.content_type};base64,{base64.b64encode(file.data).decode()}"


def _acted(component: Json, one: Message | None) -> str:
    """What a page must know of a component that can be used."""
    off = " disabled" if component.get("disabled") or one is None else ""
    custom_id = escape(str(component.get("custom_id") or ""))
    number = one.id if one is not None else ""
    kind = int(component["type"])
    return f" data-custom-id='{custom_id}' data-message='{number}' data-type='{kind}'{off}"


def _link(url: object) -> str:
    """The address of a link button, if it is one of the web."""
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        return ""
    return f" href='{escape(url)}' target='_blank' rel='noopener noreferrer'"


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _waveform(file: Attachment) -> list[int]:
    """How loud a voice message is at each of the bars, from 16 to 255."""
    try:
        given = base64.b64decode(file.waveform or "")
    except ValueError:
        given = b""
    given = given or b"\x40"
    return [max(16, given[i * len(given) // BARS]) for i in range(BARS)]


def _together(before: Message | None, one: Message) -> bool:
    """Whether Discord would leave out the heading: the same author again, soon after."""
    return (
        before is not None
        and before.author is one.author
        and before.author_name == one.author_name
        and one.created_at - before.created_at < TOGETHER_S
        and one.replied_to is None
        and one.interaction is None
        and before.thread is None
    )
