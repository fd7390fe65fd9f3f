"""Which papers a procedure needs before it may begin, and which of them are still missing."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, Literal
from uuid import UUID

import msgspec

from core.visits.rules.prices import NO_FORM, Item

PaperKind = Literal["consent", "check"]
YOUNG_MONTHS: Final = 6
OLD_YEARS: Final = 7
# 2025东营宠物诊所客户服务策略: 对老年宠物、幼宠进行“全面术前检查”; the document names no age, these are the usual
# ones of small-animal anaesthesia (AAHA: senior from about 7 years, paediatric under 6 months).


class Need(msgspec.Struct, frozen=True):
    """One paper that must be there before a procedure begins."""

    kind: PaperKind
    form_id: str


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A paper that is there: what a procedure was started on."""

    kind: PaperKind
    form_id: str
    submission_id: UUID
    name: str = ""
    at: str = ""
    against: bool = False
    """The check is there and says that the procedure must not begin now."""


def needs_check(birthday: date | None, today: date) -> bool:
    """Old and young animals need the check before an operation; so does one whose age nobody knows."""
    if birthday is None:
        return True
    months = (today.year - birthday.year) * 12 + today.month - birthday.month - (today.day < birthday.day)
    return months < YOUNG_MONTHS or months >= OLD_YEARS * 12


def needs_of(item: Item, *, consent: str | None, check: str | None, birthday: date | None, today: date) -> list[Need]:
    """The papers that an item asks for.

    Args:
        item: with the forms it names itself; without, operations (anaesthesia among them) need both.
        consent: the id of the tenant's first consent form, None when no plugin offers one.
        check: the same for the check before an operation, which only old and young animals need by default.
        birthday: of the animal, None when nobody knows.
        today: in the tenant's zone.
    """
    # 2025东营宠物诊所客户服务策略: 对手术、用药等有风险的项目,签署“知情同意书”
    is_surgery = item.category == "surgery"
    needs = []
    wanted = item.consent_form or (consent if is_surgery else None)
    if wanted and wanted != NO_FORM:
        needs.append(Need("consent", wanted))
    wanted = item.check_form or (check if is_surgery and needs_check(birthday, today) else None)
    if wanted and wanted != NO_FORM:
        needs.append(Need("check", wanted))
    return needs


def missing_of(needs: Iterable[Need], papers: Mapping[Need, Paper | None]) -> list[Need]:
    """The papers that are still missing, in order; one that advises against the procedure opens no gate."""
    return [need for need in needs if (paper := papers.get(need)) is None or paper.against]
