"""Gold X: samples, a README, and templates that a keyboard can use and that take their colours from the product."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from plugins.testing.findings import Finding
from plugins.testing.subject import Subject

_SHORTEST: Final = 200
_BAD: Final = (
    (re.compile(r"\sstyle\s*="), "style= sets looks by hand"),
    (re.compile(r"#[0-9a-fA-F]{6}\b|\brgba?\("), "a colour of its own; contrast in dark mode is the product's"),
    (re.compile(r"<(?:div|span)[^>]*\sonclick"), "a click that no keyboard reaches"),
    (re.compile(r"tabindex\s*=\s*[\"']?[1-9]"), "an order of tabs against the page's"),
    (re.compile(r"<img(?![^>]*\salt=)"), "a picture without alt"),
    (re.compile(r"<script"), "a script; the product's policy refuses it"),
)


def check_extras(subject: Subject, folder: Path | None = None) -> Iterator[Finding]:
    """Yield what is missing for people; `folder` is the project's, where the README lies."""
    if not subject.records("demo_data") and (subject.records("intake_forms") or subject.plugin.tables):
        yield Finding("X1", "it has forms or tables and no demo_data")
    if folder is not None:
        readme = folder / "README.md"
        if not readme.is_file() or len(readme.read_text(encoding="utf-8").strip()) < _SHORTEST:
            yield Finding("X2", f"README.md is missing or has less than {_SHORTEST} characters")
    if not subject.plugin.contact:
        yield Finding("X2", "the manifest names no contact")
    for file in sorted(subject.folder.rglob("*.html")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            for pattern, words in _BAD:
                if pattern.search(line):
                    yield Finding("X3", words, f"{file.relative_to(subject.folder.parent)}:{number}")
