"""Commands of the catalogues: `extract` collects the texts of the code, `update` merges them, `check` refuses gaps."""

import ast
import re
import sys
from collections.abc import Container, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from web.i18n import LOCALE_DIR, LOCALES

ROOT = Path(__file__).parents[1]
PACKAGES = ("web", "core", "tenants", "workers", "plugins")
TEMPLATE = LOCALE_DIR / "messages.pot"
KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
BEGINNING = datetime(2026, 11, 22, tzinfo=UTC)  # a date that does not move keeps the files' history readable
_PLACE = re.compile(r"%\((\w+)\)[sd]|%%")


def python_texts(
    file: IO[bytes],
    keywords: Container[str],
    comment_tags: object,
    options: object,
) -> Iterator[tuple[int, str, object, list[str]]]:
    """Texts of a Python file, for babel: literal arguments only; babel's own reader joins any strings inside a call."""
    del comment_tags, options
    for node in ast.walk(ast.parse(file.read())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        values = [
            arg.value if isinstance(arg, ast.Constant) and isinstance(arg.value, str) else None for arg in node.args
        ]
        if name in keywords and values and values[0] is not None:
            yield node.lineno, name, values[0] if len(values) == 1 else tuple(values), []


def extract() -> Catalog:
    """Every text marked in the Python files and templates of our packages and plugins."""
    with (ROOT / "web" / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]  # babel leaves it bare
    found = Catalog(project="Anxin", charset="utf-8", header_comment="# Texts of Anxin.")
    for package in PACKAGES:
        folder = ROOT / package
        lines = extract_from_dir(folder, methods, options, keywords=KEYWORDS, comment_tags=("i18n:",))
        for file, _line, message, comments, context in lines:
            if "node_modules" not in file:
                found.add(message, locations=[(f"{package}/{file}", 0)], auto_comments=comments, context=context)
    return found


def path_of(locale: str) -> Path:
    return LOCALE_DIR / locale / "LC_MESSAGES" / "messages.po"


def read(locale: str) -> Catalog:
    """One language's catalogue; an empty one when there is no file yet."""
    path = path_of(locale)
    if not path.exists():
        return Catalog(
            locale=locale,
            header_comment="# Texts of Anxin.",
            project="Anxin",
            version="1",
            msgid_bugs_address="Anxin",
            creation_date=BEGINNING,
            revision_date=BEGINNING,
            last_translator="Anxin",
            language_team=locale,
            fuzzy=False,
        )
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def update() -> None:
    """Add new texts, drop those that are gone; English says what the code says."""
    source = extract()
    for locale in LOCALES:
        catalogue = read(locale)
        catalogue.update(source, no_fuzzy_matching=True, update_header_comment=False, update_creation_date=False)
        catalogue.obsolete.clear()
        if locale == "en":
            for message in catalogue:
                if message.id:
                    message.string = message.id
        path_of(locale).parent.mkdir(parents=True, exist_ok=True)
        with path_of(locale).open("wb") as file:
            write_po(
                file,
                catalogue,
                width=110,
                sort_output=True,
                omit_header=False,
                include_lineno=False,
                ignore_obsolete=True,
            )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(part) for part in value) if isinstance(value, list | tuple) else (str(value or ""),)


def _places(text: str) -> list[str]:
    return sorted(match[0] for match in _PLACE.finditer(text) if match[0] != "%%")


def _problems_of(message: Message) -> Iterator[str]:
    sources, strings = _texts(message.id), _texts(message.string)
    if message.fuzzy:
        yield "fuzzy"
    if not all(text.strip() for text in strings):
        yield "empty"
        return
    wanted = _places(sources[-1])
    # "once" may stand for the number in a singular; the plural must name it.
    if _places(strings[-1]) != wanted or any(set(_places(text)) - set(wanted) for text in strings):
        yield "placeholders differ"


def check() -> list[str]:
    """What is wrong with the catalogues, one line each; empty when all is well."""
    source = extract()
    wanted = {(message.id, message.context) for message in source if message.id}
    problems: list[str] = []
    for locale in LOCALES:
        catalogue = read(locale)
        there = {(message.id, message.context): message for message in catalogue if message.id}
        problems += [f"{locale}: not in the catalogue: {key[0]!r}" for key in wanted - there.keys()]
        problems += [f"{locale}: no longer in the code: {key[0]!r}" for key in there.keys() - wanted]
        problems += [
            f"{locale}: {what}: {key[0]!r}" for key, message in there.items() for what in _problems_of(message)
        ]
    return sorted(problems)


def main(arguments: list[str]) -> int:
    """`extract` writes messages.pot, `update` the .po files, `check` exits 1 when something is missing."""
    command = arguments[0] if arguments else ""
    if command == "extract":
        with TEMPLATE.open("wb") as file:
            write_po(file, extract(), width=110, sort_output=True, include_lineno=False)
    elif command == "update":
        update()
    elif command == "check":
        problems = check()
        sys.stdout.writelines(f"{line}\n" for line in problems)
        sys.stdout.write("Catalogues are complete.\n" if not problems else "Run: python -m web.i18n_catalogue update\n")
        return 1 if problems else 0
    else:
        sys.stderr.write("usage: python -m web.i18n_catalogue extract|update|check\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
