"""One edition of the price list as a page: items by category, what a draft changes, the form of one item."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response

from core.forms.queries import list_forms
from core.tenancy.queries import list_branches
from core.uow import Reader
from core.visits.queries.prices import (
    VersionFacts,
    find_live_version,
    get_version,
    list_items,
)
from core.visits.rules.pasting import Pasted
from core.visits.rules.prices import Item, ItemChange, changes_between
from web.formats import money
from web.i18n import N_, gettext, localized
from web.problems import problem_words
from web.request import WebRequest
from web.screens import show, tenant_path
from web.views.visits import CATEGORY_NAMES, ITEM_FIELDS, categories, item_name, unit_text

STATE_NAMES: Final = {"draft": N_("Draft"), "published": N_("Published"), "withdrawn": N_("Withdrawn")}


class ItemForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One item as typed; `branch` and `branch_price` come in pairs."""

    code: str = ""
    name_zh: str = ""
    name_en: str = ""
    category: str = ""
    unit: str = ""
    price: str = ""
    member_price: str = ""
    branch: list[str] = []
    branch_price: list[str] = []
    consent_form: str = ""
    check_form: str = ""
    active: str = ""


class ChangeView(msgspec.Struct, frozen=True):
    """One line of what a draft changes."""

    code: str
    name: str
    kind: str
    rows: list[tuple[str, str, str]]


class EditionView(msgspec.Struct, frozen=True, kw_only=True):
    """One edition in words."""

    version_id: UUID
    number: int
    state: str
    tone: str
    facts: VersionFacts
    count: int
    is_live: bool
    may_withdraw: bool


def edition_view(one: VersionFacts, live: VersionFacts | None, now: datetime, count: int) -> EditionView:
    """One edition in words: in force, to begin later, a draft, or history."""
    is_live = live is not None and live.version_id == one.version_id
    ahead = one.state == "published" and one.effective_from is not None and one.effective_from > now
    words = gettext(STATE_NAMES[one.state])
    if is_live:
        words = gettext("In force")
    elif ahead:
        words = gettext("Begins later")
    tone = "ok" if is_live else "info" if ahead else "neutral"
    return EditionView(
        version_id=one.version_id,
        number=one.number,
        state=words,
        tone=tone,
        facts=one,
        count=count,
        is_live=is_live,
        may_withdraw=ahead or one.state == "draft",
    )


def _value(name: str, item: Item) -> str:
    value = getattr(item, name)
    if name in {"price_fen", "member_price_fen"}:
        return money(value) if value is not None else "—"
    if name == "category":
        return gettext(CATEGORY_NAMES[value])
    if name == "active":
        return gettext("Yes") if value else gettext("No")
    if name == "branch_prices":
        return ", ".join(money(fen) for fen in value.values()) or "—"
    return str(value) or "—"


def _change(change: ItemChange) -> ChangeView:
    shown = change.after or change.before
    name = item_name(shown) if shown else ""
    if change.before is None or change.after is None:
        kind = "new" if change.before is None else "gone"
        return ChangeView(change.code, name, kind, [])
    rows = [
        (gettext(ITEM_FIELDS[field]), _value(field, change.before), _value(field, change.after))
        for field in change.fields
    ]
    return ChangeView(change.code, name, "changed", rows)


async def show_edition_page(
    request: WebRequest,
    reader: Reader,
    version_id: UUID,
    *,
    status: int = 200,
    edit: str = "",
    values: Any = None,
    errors: dict[str, str] | None = None,
    pasted: Pasted | None = None,
    text: str = "",
) -> Response[Any]:
    """Show one edition; `edit` names the item whose form is open."""
    version, live = await get_version(reader, version_id), await find_live_version(reader)
    items = await list_items(reader, version_id)
    before = {item.code: item for item in await list_items(reader, live.version_id)} if live else {}
    changes = changes_between(before, {item.code: item for item in items}) if version.state == "draft" else []
    forms = await list_forms(reader)
    chosen = next((item for item in items if item.code == edit), None)
    return await show(
        request,
        "pages/prices/edition.html",
        status=status,
        edition=edition_view(version, live, reader.now, len(items)),
        groups=[(name, [one for one in items if one.category == code]) for code, name in categories()],
        changes=[_change(change) for change in changes],
        has_live=live is not None,
        edit=chosen.code if chosen else "",
        values=values or (_form_of(chosen) if chosen else ItemForm(unit="次", active="true", category="consultation")),
        errors=errors or {},
        pasted=pasted,
        pasted_text=text,
        bad_lines=[
            (row.line, " · ".join(f"{problem.path}: {problem_words(problem)}" for problem in row.problems))
            for row in (pasted.rows if pasted else ())
            if row.item is None
        ],
        categories=categories(),
        consents=_choices(forms, "consent", gettext("As the category asks: operations need one")),
        checks=_choices(forms, "check", gettext("As the category asks: operations on old and young animals")),
        branches=[(str(one.branch_id), one.name) for one in await list_branches(reader)],
        item_name=item_name,
        unit_text=unit_text,
        root=tenant_path(request, "/prices"),
        here=tenant_path(request, f"/prices/{version_id}"),
    )


def _choices(forms: list[Any], purpose: str, by_category: str) -> list[tuple[str, str]]:
    offered = [(form.id, localized(form.title)) for form in forms if form.purpose == purpose]
    return [("", by_category), ("none", gettext("None")), *offered]


def _yuan_text(fen: int | None) -> str:
    return "" if fen is None else f"{fen / 100:.2f}"


def _form_of(item: Item) -> ItemForm:
    return ItemForm(
        code=item.code,
        name_zh=item.name_zh,
        name_en=item.name_en,
        category=item.category,
        unit=item.unit,
        price=_yuan_text(item.price_fen),
        member_price=_yuan_text(item.member_price_fen),
        branch=list(item.branch_prices),
        branch_price=[_yuan_text(fen) for fen in item.branch_prices.values()],
        consent_form=item.consent_form,
        check_form=item.check_form,
        active="true" if item.active else "",
    )
