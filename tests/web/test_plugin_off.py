"""A tenant with the pet clinic off, walked page by page: no id, no word and no form of it reaches anybody there."""

import html
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final, cast
from uuid import UUID

import msgspec
import pytest
from litestar import Litestar

from core.complaint_reports.rules.figures import BASELINES
from core.complaints.queries.cases import get_complaint
from core.db import new_id
from core.forms.actions import create_link, record_intake
from core.forms.queries import list_forms
from core.hooks.specs import SPECS
from core.hooks.specs.complaints import complaint_policies
from core.loyalty.queries import get_membership
from core.policies.rules.declared import CORE_POLICIES
from core.programs.queries import get_ladder
from tenants.plugin_settings import disable_plugin, enable_plugin
from tests.web.factories import FACTORIES, INTAKE
from tests.web.factories_casework import CASEWORK_FACTORIES
from tests.web.factories_evidence import EVIDENCE_FACTORIES
from tests.web.factories_foresight import FORESIGHT_FACTORIES
from tests.web.factories_remedies import REMEDY_FACTORIES
from tests.web.factories_reports import REPORT_FACTORIES
from tests.web.factories_rosters import ROSTER_FACTORIES
from tests.web.forms import form_fields
from tests.web.walk import call, walk
from tests.webapp import Browser
from tests.workplaces import TestTenant
from web.i18n_catalogue import read

Client = Callable[..., Awaitable[Browser]]
PLUGIN: Final = "petclinic"
ADMINISTRATION: Final = "/t/{slug:str}/plugins"
"""The page that offers the plugin must say what it is."""
ON_CASES: Final = {*CASEWORK_FACTORIES, *EVIDENCE_FACTORIES, *FORESIGHT_FACTORIES, *REMEDY_FACTORIES, *ROSTER_FACTORIES}
"""They file a complaint, and a case keeps the promises that it was given: these come in after the plugin is off."""
OF_THE_CLINIC: Final = set(REPORT_FACTORIES)
"""Nothing of the core's own promises asks for a written report, so there is none to show."""
SHORTEST: Final = 4
"""Words below (是, 有, Dog) are everybody's."""


ANSWERS: Final = {
    "owner_name": "赵子涵",
    "owner_phone": "13800010003",
    "species": "dog",
    "pet_name": "旺财",
    "allergy": "yes",
    "allergies": "青霉素",
    "chief_complaint": "吐了三次",
    "signature": {"name": "赵子涵"},
}


def _texts(value: object) -> Iterator[str]:
    """Yield every text in both languages within a record."""
    if isinstance(value, Mapping):
        if value.keys() <= {"zh-CN", "en"}:
            yield from (str(text) for text in value.values())
        else:
            for inner in value.values():
                yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _words_of_the_plugin(tenant: TestTenant) -> set[str]:
    """Every label, promise, question and tier that the pet clinic declares, unless the core says the same by itself."""
    on = tenant.workplace.host.for_tenant(tenant.id, 1, {PLUGIN: {}})
    declared = [msgspec.to_builtins(one.value) for spec in SPECS for one in on.declared(spec)]
    own = (one["text"] if isinstance(one, dict) and "text" in one else one for one in declared)
    core = "\n".join(_words_of_the_core())
    words = {word for record in own for text in _texts(record) if (word := text.strip()) not in core}
    return {word for word in words if len(word) >= SHORTEST and not re.fullmatch(r"[A-Z][a-z]+", word)} | {PLUGIN}


def _words_of_the_core() -> set[str]:
    """What the product says by itself, and what the rows of this test say."""
    texts = {str(message.id) for message in read("zh_CN")} | {str(message.string) for message in read("zh_CN")}
    said = {"手术中宠物死亡", "候诊时间过长", "结账时未解释费用明细"} | {one.document for one in BASELINES.values()}
    return texts | set(_texts(msgspec.to_builtins(CORE_POLICIES))) | said


@pytest.fixture
async def rows(app: Litestar, tenant_a: TestTenant) -> dict[str, object]:
    """A customer with a pet and a link from when the plugin was on; it is off now, and a complaint comes in."""
    wanted = {name for case in walk(app) for name in case.ids}
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id=PLUGIN)
    late = {"complaint_id", "batch_id", "purchase_id", "job"} | ON_CASES
    early = wanted - late - OF_THE_CLINIC - {"submission_id", "customer_id"}
    made: dict[str, object] = {name: await FACTORIES[name](tenant_a) for name in sorted(early)}
    async with tenant_a.unit() as uow:
        made["code"] = (await create_link(uow, form_id=INTAKE)).code
        filled = await record_intake(uow, form_id=INTAKE, answers=ANSWERS, once_key="before-it-was-off")
        made |= dict.fromkeys(OF_THE_CLINIC, new_id()) | {
            "submission_id": filled.submission_id,
            "customer_id": filled.customer_id,
        }
    async with tenant_a.unit() as uow:
        await disable_plugin(uow, plugin_id=PLUGIN)
    return made | {name: await FACTORIES[name](tenant_a) for name in sorted(late & wanted)} | {"slug": tenant_a.slug}


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_no_page_says_anything_of_a_plugin_that_is_off(
    app: Litestar, client: Client, tenant_a: TestTenant, rows: dict[str, object], language: str
) -> None:
    words = _words_of_the_plugin(tenant_a)
    assert len(words) > 150, "the walk knows what it looks for"
    director = await client("director")
    await director.send_form(f"/t/{tenant_a.slug}/account/language", {"locale": language.replace("-", "_"), "next": ""})
    seen, leaks = 0, {}
    for case in walk(app):
        if case.method != "GET" or case.template.startswith((ADMINISTRATION, "/q/", "/static")) or case.is_stream:
            continue
        answer = await call(director, case, rows)
        if answer.status_code != 200 or "spreadsheet" in answer.headers.get("content-type", ""):
            continue
        seen += 1
        body = html.unescape(answer.text)
        if found := sorted(word for word in words if word in body):
            leaks[case.name] = found
    assert seen >= 20
    assert leaks == {}


async def test_its_code_is_gone_and_nobody_can_make_another(
    browser: Callable[[], Browser], client: Client, tenant_a: TestTenant, rows: dict[str, object]
) -> None:
    visitor = browser()
    assert (await visitor.get(f"/q/{rows['code']}")).status_code == 410
    assert (await visitor.post(f"/q/{rows['code']}", data={"pet_name": "豆豆"})).status_code == 410
    director = await client("director")
    made = await director.send_form(f"/t/{tenant_a.slug}/forms/links", {"form_id": INTAKE, "branch_id": ""})
    assert made.status_code in {404, 410, 422}
    handed = await director.send_form(f"/t/{tenant_a.slug}/customers/{rows['customer_id']}/intake-link")
    assert handed.status_code == 404


async def test_complaints_get_the_promises_of_the_core(tenant_a: TestTenant, rows: dict[str, object]) -> None:
    async with tenant_a.workplace.reading(tenant_a.id, actor=tenant_a.staff["director"]) as reader:
        case = await get_complaint(reader, complaint_id=cast("UUID", rows["complaint_id"]))
        clinic = tenant_a.workplace.host.for_tenant(tenant_a.id, 1, {PLUGIN: {}}).declared(complaint_policies)
        ids = {milestone.id for one in clinic for milestone in cast("Any", one.value).milestones}
        assert case.policy.milestones
        assert not {milestone.id for milestone in case.policy.milestones} & {"leader_on_site", "evidence_secured"} & ids
        assert not any(reason.code.startswith(PLUGIN) for reason in case.reasons)


async def test_members_have_no_tier_and_no_form_is_offered(tenant_a: TestTenant, rows: dict[str, object]) -> None:
    async with tenant_a.workplace.reading(tenant_a.id, actor=tenant_a.staff["director"]) as reader:
        assert await get_ladder(reader) is None
        assert (await get_membership(reader, cast("UUID", rows["customer_id"]))).tier is None
        assert await list_forms(reader) == []
        assert all(not reader.plugins.listeners(spec) for spec in SPECS)


async def test_switching_off_hides_it_at_the_next_request(client: Client, tenant_a: TestTenant) -> None:
    director = await client("director")
    root = f"/t/{tenant_a.slug}"
    await director.send_form(f"{root}/plugins/{PLUGIN}/on")
    with_form = await director.get(f"{root}/customers/new")
    assert "pet_name" in form_fields(with_form.text, "customer")
    assert INTAKE in (await director.get(f"{root}/forms/links")).text
    await director.send_form(f"{root}/plugins/{PLUGIN}/off")
    assert "pet_name" not in form_fields((await director.get(f"{root}/customers/new")).text, "customer")
    assert INTAKE not in (await director.get(f"{root}/forms/links")).text
