"""What HTML would do in a page: its tags and attributes, as a browser's parser finds them."""

from html.parser import HTMLParser

HARMLESS = {
    "article": {"class", "data-message", "data-author"},
    "i": {"class", "data-color", "data-person", "aria-hidden"},
    "b": {"class", "data-person"},
    "em": {"class"},
    "u": set(),
    "s": set(),
    "time": {"datetime"},
    "p": {"class"},
    "div": {"class", "data-color"},
    "section": set(),
    "small": {"class"},
    "span": {"class", "data-command"},
    "code": set(),
    "pre": set(),
    "blockquote": set(),
    "h1": set(),
    "h2": set(),
    "h3": set(),
    "hr": {"class"},
    "footer": set(),
    "details": {"open", "class"},
    "summary": set(),
    "a": {"href", "target", "rel", "class", "download"},
    "button": {
        "class", "data-custom-id", "data-message", "data-type", "data-emoji", "aria-pressed",
        "data-channel", "data-answer", "aria-label", "disabled",
    },
    "img": {"alt", "src"},
    "audio": {"controls", "preload", "src"},
    "svg": {"viewbox", "aria-hidden"},
    "rect": {"x", "y", "width", "height"},
}  # fmt: skip
CROSSING = ("b", "i", "u", "s", "span", "a")
"""Marks of a text may cross, as Discord's do; a browser sorts them out."""
SCHEMES = ("http://", "https://", "/file/", "data:image/")


class _Audit(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        """Note what is not harmless."""
        allowed = HARMLESS.get(tag)
        if allowed is None:
            self.wrong.append(f"<{tag}>")
            return
        for name, value in attrs:
            if name not in allowed:
                self.wrong.append(f"<{tag} {name}={value!r}>")
            if name in ("href", "src") and not (value or "").startswith(SCHEMES):
                self.wrong.append(f"<{tag} {name}={value!r}>")
        if tag not in ("img", "hr", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Note what closes something else."""
        if tag in CROSSING and tag in self.open:
            self.open.reverse()
            self.open.remove(tag)
            self.open.reverse()
        elif not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")

    def handle_comment(self, data):
        """Nothing makes comments."""
        self.wrong.append(f"<!--{data}-->")

    handle_decl = handle_pi = unknown_decl = handle_comment


def harmful(html: str) -> list[str]:
    """The tags and attributes that a message must not have; empty: it is harmless."""
    audit = _Audit()
    audit.feed(html)
    audit.close()
    return audit.wrong + [f"<{tag}> is left open" for tag in audit.open]
