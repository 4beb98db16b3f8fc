"""Embeds, polls and components of a message as plain text for a service. Bounded."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import discord

from cogs.shared.mentions import Names, as_words

_MAX_PART_CHARS: Final = 6_000
"""Of one embed or one component, as Discord's own limit for a message's embeds."""
_MAX_LINE_CHARS: Final = 1_024
_MAX_FIELDS: Final = 25
_MAX_ANSWERS: Final = 25
_MAX_OPTIONS: Final = 25
_MAX_COMPONENTS: Final = 100
"""Discord allows 40."""
_LISTS: Final = ("components", "mentions", "role_mentions")


def whole(message: discord.Message) -> discord.Message:
    """The same message, with empty lists for the fields that Discord has left out.

    Source: Discord's reference, "Message Object": `components` is present only if the message has
    any, and a partial message may lack more. discord.py 2.7 leaves such an attribute unset
    (`Message.__init__`, its last loop), so that reading it raises AttributeError.
    """
    for name in _LISTS:
        if not hasattr(message, name):
            setattr(message, name, [])
    return message


def embed_as_text(embed: discord.Embed, names: Names, *, beside: str = "") -> str:
    """An embed, line by line.

    Args:
        embed: The embed.
        names: The names for mentions.
        beside: The text of its message; a link in it is not repeated.
    """
    if embed.type == "poll_result":
        return _poll_result(embed)
    fields = [_field(field, names) for field in embed.fields[:_MAX_FIELDS]]
    is_linked = bool(embed.url) and str(embed.url) in beside
    url = None if is_linked else embed.url
    lines = [embed.author.name, embed.title, url, embed.description]
    said = [as_words(line[:_MAX_PART_CHARS], names) for line in lines if line]
    footer = embed.footer.text
    rest = [*fields, as_words(footer[:_MAX_PART_CHARS], names) if footer else ""]
    text = "\n".join(filter(None, [*said, *rest]))
    if not text and embed.image.url and not is_linked:
        return _picture(embed.image.url)
    return _cut(text)


def _field(field: Any, names: Names) -> str:
    parts = (str(part or "")[:_MAX_LINE_CHARS] for part in (field.name, field.value))
    return ": ".join(filter(None, (as_words(part, names).strip() for part in parts)))


def _poll_result(embed: discord.Embed) -> str:
    """How a poll ended. Source: Discord's reference, "Poll Result Embed Fields"."""
    told = {field.name: str(field.value) for field in embed.fields[:_MAX_FIELDS]}
    question = told.get("poll_question_text", "")[:_MAX_LINE_CHARS]
    winner = told.get("victor_answer_text", "")[:_MAX_LINE_CHARS]
    votes, total = told.get("victor_answer_votes", "0"), told.get("total_votes", "0")
    won = f"{winner} ({votes[:9]}/{total[:9]})" if winner else f"({total[:9]})"
    return f"[poll result] {question}\n{won}"


def poll_as_text(poll: discord.Poll, names: Names) -> str:
    """A poll's question, and its answers with their votes."""
    lines = [f"[poll] {_line(_question(poll), names)}".rstrip()]
    for answer in islice(poll.answers, _MAX_ANSWERS):
        emoji = as_words(str(answer.emoji), names) if answer.emoji else ""
        text = " ".join(filter(None, [emoji, _line(answer.text, names)]))
        votes = answer.vote_count
        lines.append(f"- {text} ({votes} {'vote' if votes == 1 else 'votes'})")
    return _cut("\n".join(lines))


def _question(poll: discord.Poll) -> str:
    """A poll's question; empty: it has none ("do not depend on that", says Discord's reference)."""
    try:
        return poll.question
    except AttributeError:  # so does discord.py 2.7
        return ""


def components_as_text(components: Sequence[Any], names: Names, *, with_labels: bool) -> str:
    """The texts of components in reading order.

    Args:
        components: Of any depth.
        names: The names for mentions.
        with_labels: Whether buttons and menus are text too; those of the bot itself are not.
    """
    lines: list[str] = []
    for component in walk(components):
        match component:
            case discord.TextDisplay():
                lines.append(as_words(component.content[:_MAX_PART_CHARS], names))
            case discord.MediaGalleryComponent():
                lines += [
                    _picture(item.media.url, item.description)
                    for item in component.items[:_MAX_OPTIONS]
                ]
            case discord.ThumbnailComponent():
                lines.append(_picture(component.media.url, component.description))
            case discord.FileComponent() if not component.media.attachment_id:
                lines.append(_picture(component.media.url, component.name))
            case discord.Button() if with_labels:
                lines.append(as_words(_button(component), names))
            case discord.SelectMenu() if with_labels:
                lines.append(as_words(_menu(component), names))
    return "\n".join(filter(None, lines))


def component_files(components: Sequence[Any]) -> Iterator[discord.Attachment]:
    """The uploaded files among components. Discord does not list them as attachments."""
    for component in walk(components):
        if isinstance(component, discord.FileComponent) and component.media.attachment_id:
            yield _attachment(component)


def walk(components: Sequence[Any]) -> Iterator[Any]:
    """All components in reading order, at most 100 of them."""
    waiting = list(reversed(components[:_MAX_COMPONENTS]))
    for _ in range(_MAX_COMPONENTS):
        if not waiting:
            return
        component = waiting.pop()
        yield component
        inner = [*getattr(component, "children", ())[:_MAX_COMPONENTS]]
        inner += filter(None, [getattr(component, "accessory", None)])
        waiting += reversed(inner)


def _attachment(file: discord.FileComponent) -> discord.Attachment:
    media = file.media
    payload: Any = {
        "id": media.attachment_id,
        "filename": file.name or _file_name(media.url),
        "size": file.size or 0,
        "url": media.url,
        "proxy_url": media.proxy_url or media.url,
        "content_type": media.content_type,
    }
    return discord.Attachment(data=payload, state=_Stateless())  # type: ignore[arg-type]


class _Stateless:
    """Stands in for discord.py's state, whose HTTP client only `Attachment.read` uses."""

    http = None


def _button(button: discord.Button) -> str:
    label = " ".join(filter(None, [str(button.emoji or ""), button.label]))[:_MAX_LINE_CHARS]
    link = f" {button.url[:_MAX_LINE_CHARS]}" if button.url else ""
    return f"[{label}]{link}" if label else link.strip()


def _menu(menu: discord.SelectMenu) -> str:
    options = ", ".join(option.label[:100] for option in menu.options[:_MAX_OPTIONS])
    said = ": ".join(filter(None, [(menu.placeholder or "")[:150], options]))
    return f"[{said}]" if said else ""


def _picture(url: str, about: str | None = None) -> str:
    return f"[{(about or '')[:_MAX_LINE_CHARS] or _file_name(url) or 'image'}]"


def _file_name(url: str) -> str:
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return unquote(path.rpartition("/")[2])[:100]


def _line(text: str | None, names: Names) -> str:
    return " ".join(as_words((text or "")[:_MAX_LINE_CHARS], names).split())


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_PART_CHARS else f"{text[:_MAX_PART_CHARS]}…"
