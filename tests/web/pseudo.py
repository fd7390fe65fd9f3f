"""Finds English that nobody marked for translation in a page rendered with the pseudo locale."""

import re
from html.parser import HTMLParser

from web.i18n import PSEUDO_CLOSE, PSEUDO_OPEN

SPOKEN = {"aria-label", "title", "placeholder", "alt"}
SILENT = {"script", "style", "code", "kbd", "svg", "option", "textarea", "time"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_MARKED = re.compile(f"{PSEUDO_OPEN}[^{PSEUDO_OPEN}{PSEUDO_CLOSE}]*{PSEUDO_CLOSE}")
_WORD = re.compile(r"[A-Za-z]{3,}")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in SPOKEN and value:
                self.texts.append(value)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in SPOKEN and value:
                self.texts.append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not SILENT & set(self.open):
            self.texts.append(data)


def unmarked(html: str, known: frozenset[str] = frozenset()) -> list[str]:
    """Texts with a word of three letters outside of the marks; `known` are words that are data, such as names."""
    reader = _Reader()
    reader.feed(html)
    found = []
    for text in reader.texts:
        rest = text
        while _MARKED.search(rest):
            rest = _MARKED.sub(" ", rest)
        words = [word for word in _WORD.findall(rest) if word not in known]
        if words:
            found.append(text.strip())
    return found
