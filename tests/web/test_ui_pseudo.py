"""Every staff page rendered in the pseudo locale: an English word outside of its marks was forgotten by somebody."""

import ast
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from litestar import Litestar
from sqlalchemy import update

from core.tenancy.models import Tenant
from tenants.roles import ROLES
from tests.web.conftest import World
from tests.web.pseudo import unmarked
from tests.web.walk import call, staff_cases
from tests.webapp import Browser
from web.i18n import PSEUDO
from web.page import LOCALE_COOKIE

Client = Callable[..., Awaitable[Browser]]
MONTHS = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
CALENDAR = {"workdays", "Working", "days", "Asia", "Shanghai"}
"""The first calendar, as the chain called it, and its zone."""
DATA = frozenset(
    {
        "Anxin",
        "Esc",
        "English",
        "csv",
        "imports",
        "run",
        "ValueError",
        "https",
        "hooks",
        "example",
        "com",
        "anxin",
        "test",
    }
    | MONTHS
    | CALENDAR
)
"""Words that are not texts: the product's name, keys, the other language by its own name, files, addresses."""
LETTER = "Dear "
"""Scripts for customers, whose names are filled in: they carry both languages as data."""
ROOT = Path(__file__).parents[2]
BILINGUAL = (*sorted((ROOT / "plugins").rglob("*.py")), ROOT / "core" / "webhooks" / "catalogue.py")
"""What carries both languages as data."""
SENTENCES = ROOT / "core" / "programs" / "rules"
CODE = re.compile(r"[0-9a-f]{12}|[0-9A-Z]{5}|[0-9A-Z]{4}(-[0-9A-Z]{4})+")
"""Of coupons, benefits and gifts, and of versions of rules."""


def texts_of_plugins() -> set[str]:
    """Every string of a plugin and of the kinds that webhooks tell of: both languages are data there, so nobody marks them."""
    nodes = (node for file in BILINGUAL for node in ast.walk(ast.parse(file.read_text())))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def words_of_sentences() -> set[str]:
    """Every word of the sentences about rules and of the roles in them: they carry both languages as data too."""
    nodes = (node for file in SENTENCES.glob("*.py") for node in ast.walk(ast.parse(file.read_text())))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return set(re.findall(r"[A-Za-z]+", " ".join([*texts, *(role.name for role in ROLES.values())])))


async def test_no_staff_page_shows_english_that_nobody_marked(app: Litestar, client: Client, world: World) -> None:
    async with world.b.unit() as uow:
        await uow.session.execute(update(Tenant).where(Tenant.tenant_id == world.b.id).values(locale=PSEUDO))
    browser = await client("director", world.b)
    browser.cookies.delete(LOCALE_COOKIE)  # the sign-in page remembers the browser's language; the chain decides here
    people = {word for login in world.b.logins.values() for word in re.findall(r"[a-z]+", login)}
    of_plugins = texts_of_plugins()
    of_sentences = words_of_sentences() | set(re.findall(r"[A-Za-z]+", " ".join(of_plugins)))
    seen = 0
    forgotten: dict[str, list[str]] = {}
    for case in staff_cases(app):
        if case.method != "GET" or case.template.endswith((".json", ".csv", ".xlsx")):
            continue
        answer = await call(browser, case, world.rows | {"slug": world.b.slug})
        if answer.status_code != 200 or "text/html" not in answer.headers["content-type"]:
            continue
        seen += 1
        ids = set(re.findall(r"[a-z]{3,}", " ".join(re.findall(r"/q/\w+|[0-9a-f]{8}-[0-9a-f-]{27}", answer.text))))
        texts = set(unmarked(answer.text, DATA | people | ids)) - of_plugins
        texts = {text for text in texts if text.rstrip(" 0123456789") not in of_plugins}  # a row and its number
        texts = {text for text in texts if not CODE.fullmatch(text)}
        texts = {text for text in texts if not text.startswith(LETTER)}
        if "/library/" in case.template:  # steps of a case with their facts, line by line
            texts = {text for text in texts if not {line.split("：")[0] for line in text.splitlines()} <= of_plugins}
        if "/programs" in case.template:
            texts = {text for text in texts if not set(re.findall(r"[A-Za-z]+", text)) <= of_sentences}
        if texts:
            forgotten[case.name] = sorted(texts)[:8]
    assert seen >= 15
    lines = [f"{name}: {texts}" for name, texts in forgotten.items()]
    assert not lines, "\n".join(lines)
