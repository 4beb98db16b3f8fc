"""A channel as a page to look at: does it read like a bot that people would keep?"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from .client_words import client_words, from_now
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
    User,
    button_name,
)
from .world import World

BUTTON_CLASSES = {1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link"}
STYLE = Path(__file__).with_name("channel.css")
KILOBYTE = 1024
TOGETHER_S = 420
"""Messages of one author within seven minutes share a heading."""
INLINE_MAX_BYTES = 2 * 1024 * 1024


def render(world: World, channel: Channel, viewer: User | None) -> str:
    """The channel as one HTML page that needs nothing beside itself.

    Threads are shown below the message they started from. Without a viewer everybody's
    ephemeral messages are shown, each with whom it is for.
    """
    page = _Page(world, viewer)
    title = f"# {escape(channel.name)}"
    topic = f"<span class='topic'>{escape(channel.topic)}</span>" if channel.topic else ""
    return (
        f"<!doctype html><html lang='{page.language}'>"
        f"<head><meta charset='utf-8'><title>{title}</title>"
        f"<style>{STYLE.read_text()}</style></head><body><header>{title}{topic}</header>"
        f"<main>{page.messages(channel)}</main></body></html>"
    )


class _Page:
    def __init__(self, world: World, viewer: User | None) -> None:
        self._world = world
        self._viewer = viewer
        self._locale = viewer.locale if viewer else "en-US"
        self._words = client_words(self._locale)

    @property
    def language(self) -> str:
        """The ISO 639-1 code of the client's language."""
        return self._locale[:2]

    def messages(self, channel: Channel) -> str:
        html = []
        before: Message | None = None
        for one in self._visible(channel):
            html.append(self._message(one, together=_together(before, one)))
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

    def _message(self, one: Message, *, together: bool) -> str:
        kind = "message together" if together else "message"
        if one.is_ephemeral:
            kind += " ephemeral"
        if self._viewer in one.mentions:
            kind += " pinged"
        parts = [
            self._reference(one),
            "" if together else self._heading(one),
            self._content(one),
            *(self._forwarded(copied["message"]) for copied in one.snapshots),
            self._poll(one),
            *(f"<div class='file'>🏷 {escape(s['name'])}</div>" for s in one.stickers),
            *(self._embed(embed) for embed in one.embeds),
            *(self._file(file, one) for file in one.attachments if not _is_in_embed(file, one)),
            *(self._component(component) for component in one.components),
            self._reactions(one),
            self._only_for(one),
            self._thread(one),
        ]
        return f"<article class='{kind}'>{''.join(parts)}</article>"

    def _heading(self, one: Message) -> str:
        hue = int(hashlib.sha256(one.author_name.encode()).hexdigest()[:4], 16) % 360
        color, initial = f"background:hsl({hue} 45% 45%)", escape(one.author_name[:1])
        if one.author is self._world.bot:  # told at a glance from people, whatever their names
            color = "background:#5865f2"
        avatar = f"<i class='avatar' style='{color}'>{initial}</i>"
        tag = "<em class='tag'>APP</em>" if one.author.bot or one.webhook else ""
        at = datetime.fromtimestamp(one.created_at, UTC).strftime("%H:%M")
        return f"{avatar}<b class='name'>{escape(one.author_name)}</b>{tag}<time>{at}</time>"

    def _reference(self, one: Message) -> str:
        if one.replied_to is not None and one.type is MessageType.REPLY:
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
        parts += map(self._component, copied["components"])
        body = "".join(parts)
        return (
            f"<div class='embed'><div class='author'>↪ {self._words['forwarded']}</div>{body}</div>"
        )

    def _poll(self, one: Message) -> str:
        if one.poll is None:
            return ""
        rows = [
            f"<div class='field'>{escape(media.get('text', ''))}"
            f" <small>{len(one.poll.votes.get(number, []))}</small></div>"
            for number, media in enumerate(one.poll.answers, start=1)
        ]
        title = f"<div class='title'>{escape(one.poll.question)}</div>"
        state = f"<footer>{self._words['poll closed']}</footer>" if one.poll.is_over else ""
        return f"<div class='embed'>{title}{''.join(rows)}{state}</div>"

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
        return f"<div class='embed' style='border-color:{color}'>{''.join(parts)}</div>"

    def _field(self, field: Json) -> str:
        kind = "field inline" if field.get("inline") else "field"
        name, value = to_html(field["name"], self._name), to_html(field["value"], self._name)
        return f"<div class='{kind}'><b>{name}</b>{value}</div>"

    def _file(self, file: Attachment, one: Message) -> str:
        if MessageFlag.IS_VOICE_MESSAGE in one.flags:
            bars = "".join(f"<s style='height:{8 + (i * 7) % 18}px'></s>" for i in range(32))
            return f"<div class='voice'>▶ {bars} {file.duration_secs or 0:.1f} s</div>"
        if file.content_type.startswith("image/") and len(file.data) <= INLINE_MAX_BYTES:
            return self._image(file.url)
        size = len(file.data)
        shown = f"{size / KILOBYTE:.1f} KB" if size >= KILOBYTE else f"{size} B"
        return f"<div class='file'>📄 <a>{escape(file.filename)}</a><small>{shown}</small></div>"

    def _image(self, url: str) -> str:
        for file in self._world.files.values():
            if file.url == url:
                data = base64.b64encode(file.data).decode()
                return f"<img alt='' src='data:{escape(file.content_type)};base64,{data}'>"
        return f"<div class='file'>🖼 {escape(url)}</div>"

    def _component(self, component: Json) -> str:
        kind = component["type"]
        if kind == ComponentType.BUTTON:
            return self._button(component)
        if kind in SELECTS:
            words = component.get("placeholder") or self._words["select"]
            return f"<span class='select'>{escape(words)} ⌄</span>"
        if kind == ComponentType.TEXT_DISPLAY:
            return f"<section>{to_html(component['content'], self._name)}</section>"
        if kind == ComponentType.SEPARATOR:
            return "<hr>"
        inner = [*(component.get("components") or []), *filter(None, [component.get("accessory")])]
        html = "".join(self._component(c) for c in inner)
        color = f"#{component.get('accent_color') or 0x4E5058:06x}"
        boxed = kind == ComponentType.CONTAINER
        box = f"class='embed' style='border-color:{color}'" if boxed else "class='row'"
        return f"<div {box}>{html}</div>"

    def _button(self, button: Json) -> str:
        kind = BUTTON_CLASSES.get(button["style"], "secondary")
        off = " off" if button.get("disabled") else ""
        emoji = (button.get("emoji") or {}).get("name") or ""
        label = button.get("label") or ("" if emoji else button_name(button))
        link = " ↗" if kind == "link" else ""
        return f"<span class='button {kind}{off}'>{escape(f'{emoji} {label}'.strip())}{link}</span>"

    def _reactions(self, one: Message) -> str:
        html = "".join(f"<span>{escape(e)} {len(who)}</span>" for e, who in one.reactions.items())
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
        head = f"<summary>🧵 {escape(one.thread.name)} · {messages}{state}</summary>"
        return f"<details open class='thread'>{head}{self.messages(one.thread)}</details>"


def _is_in_embed(file: Attachment, one: Message) -> bool:
    """Whether an embed shows this file as its picture; then it is not shown beside it, too."""
    return any((embed.get("image") or {}).get("url") == file.url for embed in one.embeds)


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
