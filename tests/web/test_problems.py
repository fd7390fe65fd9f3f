"""Every error has words, a next step and its section in the documentation."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import AnxinError, RateLimited
from web.error_pages import PAGE, errors_by_code, errors_page
from web.i18n import catalogue
from web.problem_texts import BY_STATUS, FIELD_TEXTS, TEXTS, field_text, text_of

ROOT = Path(__file__).parents[2]


def test_every_error_has_a_title_and_a_next_step() -> None:
    missing = {code: [kind.__name__ for kind in kinds] for code, kinds in errors_by_code().items() if code not in TEXTS}
    assert not missing, "give these words in web/problem_texts/"
    for code, text in TEXTS.items():
        assert text.title, code
        assert text.next_step.endswith("."), code


def test_no_words_are_left_for_errors_that_are_gone() -> None:
    assert set(TEXTS) <= set(errors_by_code()) | set(BY_STATUS.values()) | {AnxinError.code}


def test_the_page_of_errors_says_what_the_code_says() -> None:
    assert PAGE.read_text() == errors_page(), "run: python -m web.error_pages"


def test_codes_do_not_change_their_status() -> None:
    for code, kinds in errors_by_code().items():
        assert len({kind.status for kind in kinds}) == 1, code


def test_an_unknown_code_gets_the_words_of_its_status() -> None:
    assert text_of("a-vendors-own", 409) == TEXTS["conflict"]
    assert text_of("a-vendors-own", 418) == TEXTS["internal"]
    assert field_text("a-vendors-own") == FIELD_TEXTS["wrong-form"]
    assert field_text("duplicate-login") == TEXTS["duplicate-login"].title
    assert RateLimited.code in TEXTS


def _problems_in_code() -> Iterator[tuple[str, str, set[str]]]:
    """Where a refused value is named by a constant code, with the values given for its words."""
    for folder in ("core", "tenants", "web", "workers", "plugins"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "FieldProblem":
                    continue
                code = node.args[1] if len(node.args) > 1 else None
                given = node.args[2] if len(node.args) > 2 else ast.Dict(keys=[], values=[])
                if isinstance(code, ast.Constant) and isinstance(given, ast.Dict) and not node.keywords:
                    names = {str(key.value) for key in given.keys if isinstance(key, ast.Constant)}
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", str(code.value), names


def test_every_refused_value_brings_what_its_words_need() -> None:
    found = list(_problems_in_code())
    assert len(found) > 200
    lacking = {
        where: need - names
        for where, code, names in found
        if (need := set(re.findall(r"%\((\w+)\)", field_text(code)))) - names
    }
    assert not lacking


@pytest.mark.parametrize("kind", ["TEXTS", "FIELD_TEXTS"])
def test_all_words_are_translated(kind: str) -> None:
    chinese = catalogue("zh_CN")
    words = (
        [word for text in TEXTS.values() for word in (text.title, text.next_step)]
        if kind == "TEXTS"
        else list(FIELD_TEXTS.values())
    )
    assert [word for word in words if chinese.gettext(word) == word] == []
