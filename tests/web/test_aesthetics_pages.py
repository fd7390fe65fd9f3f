"""The clinic of aesthetics walked as its people do: five minutes, three cases, 48 hours, pictures, custom service, the journey."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from jinja2 import Environment
from sqlalchemy import func, select, text

from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.db import new_id
from core.forms.actions import record_intake
from core.forms.models import FormLink
from core.hooks.host import PluginHost
from core.hooks.loader import found_plugins
from core.hooks.specs.upkeep import erase_customer, export_customer, run_job
from core.scope import SYSTEM
from core.tasks.queries import list_tasks
from tenants.plugin_effects import apply_effects
from tenants.plugin_settings import enable_plugin
from tests.webapp import Browser
from tests.workplaces import MovableClock, TestTenant
from web.page import LOCALE_COOKIE
from web.render import add_plugin_templates

Client = Callable[..., Awaitable[Browser]]
KINDS = ("埋线法", "全切法", "三点微创法")


@pytest.fixture
def plugin_host(templates: Environment) -> PluginHost:
    host = PluginHost.load(found_plugins(), strict=True)
    add_plugin_templates(templates, host.template_folders())
    return host


class Clinic:
    """One tenant with the plugin on, and its consultant."""

    desk: Browser

    def __init__(self, tenant: TestTenant, client: Client, customer: str) -> None:
        self.tenant, self.client, self.customer = tenant, client, customer
        self.root = f"/t/{tenant.slug}/x/aesthetics"

    async def sign_in(self) -> None:
        """At the start, and again after days have passed."""
        self.desk = await self.client("front_desk")
        self.desk.cookies.set(LOCALE_COOKIE, "zh_CN")

    async def post(self, path: str, status: int = 303, **fields: object) -> Any:
        answer = await self.desk.send_form(path if path.startswith("/t/") else f"{self.root}/{path}", dict(fields))
        assert answer.status_code == status, answer.text
        return answer

    async def made(self, path: str, **fields: object) -> str:
        return str((await self.post(path, 303, **fields)).headers["location"])

    async def consult(self, **more: object) -> str:
        given: dict[str, object] = {"customer": self.customer, "project": "双眼皮", "wish": "自然一点"}
        return await self.made("consults/new", **given | more)

    async def plan(self, consult: str, kinds: tuple[str, ...] = ()) -> str:
        plan = await self.made(f"{consult}/plans", title="双眼皮方案", body="先评估", yuan="6800")
        for kind in kinds:
            await self.post(f"{plan}/cases", kind=kind, words="适合人群、恢复期、风险")
        return plan

    async def procedure(self, **more: object) -> str:
        given: dict[str, object] = {
            "customer": self.customer,
            "name": "光子嫩肤",
            "risks_told": "true",
            "consent_signed": "true",
        }
        return await self.made("procedures/new", **given | more)

    async def run(self, job: str) -> int:
        async with self.tenant.unit() as uow:
            args: dict[str, Any] = {"plugin": "aesthetics", "session": uow.session, "now": uow.now, "actor": SYSTEM}
            effects = await uow.plugins.react(run_job, job=job, **args)
            await apply_effects(uow, plugin="aesthetics", effects=effects)
            return len(effects)

    async def tasks(self, role: str, prefix: str) -> list[Any]:
        async with self.tenant.unit(role) as uow:
            return [one for one in (await list_tasks(uow, view="mine")).lines if one.key.startswith(prefix)]

    async def count(self, table: str) -> int:
        async with self.tenant.unit() as uow:
            return await uow.session.scalar(text(f"SELECT count(*) FROM x_aesthetics_{table}")) or 0

    async def links(self, form: str) -> int:
        async with self.tenant.unit() as uow:
            found = select(func.count()).select_from(FormLink).where(FormLink.form_id == f"aesthetics.{form}")
            return await uow.session.scalar(found) or 0


async def _customer(tenant: TestTenant, name: str = "林小雨") -> str:
    async with tenant.unit() as uow:
        return str(await add_customer(uow, draft=CustomerDraft(full_name=name), allow_duplicate=True))


@pytest.fixture
async def clinic(tenant_a: TestTenant, plugin_host: PluginHost, client: Client) -> Clinic:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=plugin_host, plugin_id="aesthetics")
    made = Clinic(tenant_a, client, await _customer(tenant_a))
    await made.sign_in()
    return made


async def test_every_page_of_the_clinic_opens_in_both_languages(clinic: Clinic, client: Client) -> None:
    english = await client("director")
    chinese = await client("director")
    chinese.cookies.set(LOCALE_COOKIE, "zh_CN")
    consult = await clinic.consult(vip="true")
    plan = await clinic.plan(consult, KINDS)
    procedure = await clinic.procedure()
    paths = [
        "",
        "/consults/new",
        "/procedures",
        "/procedures/new",
        "/journey",
        "/journey/map",
        f"/photos/{clinic.customer}",
    ]
    for path in (*(clinic.root + one for one in paths), consult, plan, procedure):
        for who in (chinese, english):
            page = await who.get(path)
            assert page.status_code == 200, path
    for path in ("consults", "plans", "procedures"):
        assert (await chinese.get(f"{clinic.root}/{path}/{new_id()}")).status_code == 404
        assert (await chinese.get(f"{clinic.root}/{path}/4711")).status_code == 404
    assert (await clinic.desk.get(f"{clinic.root}/journey")).status_code == 403


async def test_the_first_answer_is_due_in_five_minutes_and_closes_the_task(clinic: Clinic) -> None:
    """kb.consult_5min: 咨询响应≤5分钟."""
    consult = await clinic.consult()
    (task,) = await clinic.tasks("front_desk", "consult:")
    async with clinic.tenant.unit() as uow:
        assert (task.due_at - uow.now).total_seconds() == 300
    assert "请尽快首次响应" in (await clinic.desk.get(consult)).text
    await clinic.post(f"{consult}/answer")
    await clinic.post(f"{consult}/answer")
    assert await clinic.tasks("front_desk", "consult:") == []
    assert "已响应" in (await clinic.desk.get(consult)).text


async def test_the_clock_of_a_form_runs_from_when_it_was_sent_and_never_from_the_future(
    clinic: Clinic, clock: MovableClock
) -> None:
    asked = f"{clock():%Y-%m-%dT%H:%M:%SZ}"
    clock.advance(minutes=7)
    consult = await clinic.consult(asked=asked)
    assert "首次响应已超时" in (await clinic.desk.get(consult)).text
    assert "已超时" in (await clinic.desk.get(f"{clinic.root}?view=waiting")).text
    given: dict[str, object] = {"customer": clinic.customer, "project": "x", "wish": "y"}
    for bad in ("2099-01-01T00:00:00Z", "昨天"):
        await clinic.post("consults/new", 422, **given, asked=bad)
    assert await clinic.count("consult") == 1


async def test_a_plan_is_not_sent_with_fewer_than_three_cases_and_the_message_says_what_to_do(clinic: Clinic) -> None:
    """kb.consult_5min: 方案呈现包含3种对比案例."""
    plan = await clinic.plan(await clinic.consult(), KINDS[:2])
    refused = await clinic.post(f"{plan}/send", 422, risks_told="true")
    assert "至少 3 种对比案例" in refused.text
    assert "请在下面再添加 1 种" in refused.text
    same = await clinic.post(f"{plan}/cases", 422, kind=KINDS[0], words="同一种")
    assert "请换一种" in same.text
    await clinic.post(f"{plan}/cases", kind=KINDS[2], words="第三种")
    untold = await clinic.post(f"{plan}/send", 422)
    assert "请先向客户说明风险" in untold.text
    assert await clinic.links("plan_reply") == 0
    await clinic.post(f"{plan}/send", risks_told="true")
    assert await clinic.links("plan_reply") == 1
    await clinic.post(f"{plan}/send", 422, risks_told="true")
    await clinic.post(f"{plan}/cases", 422, kind="第四种", words="晚了")
    page = (await clinic.desk.get(f"/t/{clinic.tenant.slug}/customers/{clinic.customer}")).text
    assert "方案已发送：双眼皮方案" in page
    await clinic.post(f"{plan}/decide", agreed="true")
    await clinic.post(f"{plan}/decide", 422, agreed="false")


async def test_pictures_are_shown_only_with_their_owners_consent_and_a_withdrawal_works_at_once(clinic: Clinic) -> None:
    """Photo privacy: 个人信息保护法 28-31; no public purpose exists."""
    plan = await clinic.plan(await clinic.consult(), KINDS[:2])
    owner = await _customer(clinic.tenant, "周某")
    case: dict[str, object] = {"kind": KINDS[2], "words": "有照片", "picture": "A-0231", "owner": owner}
    refused = await clinic.post(f"{plan}/cases", 422, **case)
    assert "没有签" in refused.text
    await clinic.post(f"photos/{owner}", 422, paper="P-1", comparison="true")
    await clinic.post(f"photos/{owner}", paper="P-1", signed="true")
    await clinic.post(f"{plan}/cases", 422, **case)
    await clinic.post(f"photos/{owner}", paper="P-2", comparison="true", signed="true")
    await clinic.post(f"{plan}/cases", 303, **case)
    assert "A-0231" in (await clinic.desk.get(plan)).text
    await clinic.post(f"photos/{owner}/withdraw")
    page = (await clinic.desk.get(plan)).text
    assert "A-0231" not in page
    assert "照片同意已撤回，不计入" in page
    assert "现在有 2 种" in (await clinic.post(f"{plan}/send", 422, risks_told="true")).text
    await clinic.post(f"photos/{owner}/withdraw", 404)


async def test_a_procedure_must_be_followed_up_within_48_hours(clinic: Clinic, clock: MovableClock) -> None:
    """care.followup_48h: 术后48小时必回访."""
    procedure = await clinic.procedure()
    (task,) = await clinic.tasks("head_nurse", "follow:")
    async with clinic.tenant.unit() as uow:
        assert (task.due_at - uow.now).total_seconds() == 48 * 3600
    assert await clinic.run("followups") == 0
    clock.advance(hours=24)
    assert await clinic.run("followups") == 1
    assert await clinic.run("followups") == 0
    assert await clinic.links("outcome") == 1
    clock.advance(hours=24)
    assert await clinic.run("followups") == 0, "48 hours are not over with the 48th"
    clock.advance(minutes=1)
    assert await clinic.run("followups") == 1
    assert await clinic.run("followups") == 0
    assert len(await clinic.tasks("service_supervisor", "late:")) == 1
    await clinic.sign_in()
    await clinic.post(f"{procedure}/follow", 422)
    await clinic.post(f"{procedure}/follow", note="恢复很好")
    assert await clinic.tasks("head_nurse", "follow:") == []
    assert await clinic.tasks("service_supervisor", "late:") == []
    await clinic.post(f"{procedure}/follow", 422, note="再来一次")
    await clinic.post(f"{procedure}/step", 404, step="call")


async def test_a_complication_opens_the_checklist_and_the_last_step_closes_it(clinic: Clinic) -> None:
    """care.followup_48h: 并发症处理SOP; complication answers open the checklist."""
    procedure = await clinic.procedure()
    await clinic.post(f"{procedure}/follow", 422, note="x", signs="nothing")
    await clinic.post(f"{procedure}/follow", note="视物模糊", signs=["sight", "pale"])
    (task,) = await clinic.tasks("senior_doctor", "sop:")
    assert task.page == procedure.partition("/x/aesthetics/")[2]
    page = (await clinic.desk.get(procedure)).text
    assert "并发症处理清单" in page
    assert "视物模糊或视力下降" in page
    await clinic.post(f"{procedure}/step", 404, step="dance")
    for step in ("call", "emergency", "record", "treat", "report"):
        await clinic.post(f"{procedure}/step", step=step)
    assert len(await clinic.tasks("senior_doctor", "sop:")) == 1
    await clinic.post(f"{procedure}/step", step="again")
    assert await clinic.tasks("senior_doctor", "sop:") == []


async def test_a_procedure_without_disclosure_alerts_and_a_minor_needs_the_guardian(clinic: Clinic) -> None:
    """consent.risk_skipped: 跳过风险告知环节; 医疗美容服务管理办法 第二十条."""
    await clinic.procedure()
    assert await clinic.tasks("service_supervisor", "risk:") == []
    for missing in ("risks_told", "consent_signed"):
        await clinic.procedure(**{missing: "false"})
    assert len(await clinic.tasks("service_supervisor", "risk:")) == 2
    given: dict[str, object] = {"customer": clinic.customer, "name": "x", "minor": "true"}
    refused = await clinic.post("procedures/new", 422, **given)
    assert "监护人书面同意" in refused.text
    await clinic.procedure(minor="true", guardian_signed="true")
    assert await clinic.count("procedure") == 4


async def test_custom_service_over_ten_percent_of_a_month_warns_once_and_stops_nobody(clinic: Clinic) -> None:
    """booking.vip_room: 允许10%的定制化服务(如VIP客户专属咨询室); "monthly share <= 10 %, alert above"."""
    consults = [await clinic.consult() for _ in range(10)]
    await clinic.post(f"{consults[0]}/custom", 422)
    await clinic.post(f"{consults[0]}/custom", custom_words="VIP 专属咨询室")
    assert await clinic.tasks("service_supervisor", "custom:") == [], "one of ten is the limit, and allowed"
    await clinic.post(f"{consults[1]}/custom", custom_words="夜间面诊")
    await clinic.post(f"{consults[2]}/custom", custom_words="上门")
    assert len(await clinic.tasks("service_supervisor", "custom:")) == 1
    assert "本月定制化服务超过上限" in (await clinic.desk.get(clinic.root)).text
    for one in consults[1:3]:
        await clinic.post(f"{one}/custom", none="true")
    assert "本月定制化服务超过上限" not in (await clinic.desk.get(clinic.root)).text


async def test_the_stage_that_loses_most_is_told_once_a_month(clinic: Clinic, client: Client) -> None:
    """journey.dropoff: 40%客户流失在方案确认环节."""
    consults = [await clinic.consult() for _ in range(10)]
    for number, consult in enumerate(consults):
        await clinic.post(f"{consult}/touch", code="t09" if number < 6 else "t13")
    await clinic.post(f"{consults[0]}/touch", 404, code="t24")
    assert await clinic.run("losses") == 1
    assert await clinic.run("losses") == 0
    (task,) = await clinic.tasks("service_supervisor", "drop:plan")
    assert "60%" in task.title["zh-CN"]
    director = await client("director")
    director.cookies.set(LOCALE_COOKIE, "zh_CN")
    page = (await director.get(f"{clinic.root}/journey")).text
    assert "流失最多的环节" in page
    assert "方案确认" in page


async def test_the_23_points_may_be_renamed_and_are_always_23(clinic: Clinic, client: Client) -> None:
    """journey.touchpoints: 23个关键触点, tenant editable."""
    director = await client("director")
    director.cookies.set(LOCALE_COOKIE, "zh_CN")
    address = f"{clinic.root}/journey/map"
    codes = [f"t{place:02}" for place in range(1, 24)]
    sizes = {"enquiry": 4, "consult": 4, "plan": 4, "booking": 3, "procedure": 3, "recovery": 3, "care": 2}
    stages = [stage for stage, size in sizes.items() for _ in range(size)]
    names = [f"触点{place}" for place in range(1, 24)]
    good: dict[str, object] = {"code": codes, "stage": stages, "name": names}
    assert (await director.send_form(address, dict(good))).status_code == 303
    assert "触点23" in (await director.get(f"{clinic.root}/journey/map")).text
    assert await clinic.count("touchpoint") == 23
    bad: list[dict[str, object]] = [
        {"name": [*names[:22], " "]},
        {"name": [*names[:22], names[0]]},
        {"stage": [*stages[:22], "enquiry"]},
        {"code": [*codes[:22], "t01"]},
        {"code": codes[:22], "stage": stages[:22], "name": names[:22]},
    ]
    for one in bad:
        assert (await director.send_form(address, good | one)).status_code == 422
    assert (await director.send_form(f"{address}/reset", {})).status_code == 303
    assert await clinic.count("touchpoint") == 0


async def test_a_patients_data_are_handed_out_and_erased_with_their_pictures_in_others_plans(clinic: Clinic) -> None:
    owner = await _customer(clinic.tenant, "周某")
    await clinic.post(f"photos/{owner}", paper="P-2", comparison="true", signed="true")
    plan = await clinic.plan(await clinic.consult(), KINDS[:2])
    await clinic.post(f"{plan}/cases", kind=KINDS[2], words="有照片", picture="A-0231", owner=owner)
    await clinic.procedure()
    async with clinic.tenant.unit() as uow:
        args: dict[str, Any] = {"plugin": "aesthetics", "session": uow.session, "now": uow.now, "actor": SYSTEM}
        parts = await uow.plugins.react(export_customer, customer_id=UUID(clinic.customer), **args)
        assert [len(part.rows) for part in parts] == [1, 1, 1]
        assert len(await uow.plugins.react(export_customer, customer_id=UUID(owner), **args)) == 2
        (receipt,) = await uow.plugins.react(erase_customer, customer_id=UUID(owner), **args)
        assert receipt.erased == {"x_aesthetics_plan_case": 1, "x_aesthetics_photo_consent": 1}
        (receipt,) = await uow.plugins.react(erase_customer, customer_id=UUID(clinic.customer), **args)
        assert receipt.erased == {"x_aesthetics_consult": 1, "x_aesthetics_procedure": 1}
        (again,) = await uow.plugins.react(erase_customer, customer_id=UUID(clinic.customer), **args)
        assert again.erased == {}
        assert await uow.plugins.react(export_customer, customer_id=UUID(clinic.customer), **args) == ()
    assert await clinic.count("plan_case") == 0


async def test_another_clinic_sees_nothing_and_a_stranger_is_refused(
    clinic: Clinic, client: Client, tenant_b: TestTenant, plugin_host: PluginHost
) -> None:
    consult = await clinic.consult()
    plan, procedure = await clinic.plan(consult, KINDS), await clinic.procedure()
    async with tenant_b.unit() as uow:
        await enable_plugin(uow, host=plugin_host, plugin_id="aesthetics")
    other = await client("director", tenant_b)
    for address in (consult, plan, procedure):
        theirs = address.replace(f"/t/{clinic.tenant.slug}/", f"/t/{tenant_b.slug}/")
        assert (await other.get(theirs)).status_code == 404
    theirs = f"/t/{tenant_b.slug}/x/aesthetics"
    assert "双眼皮" not in (await other.get(theirs)).text
    assert (
        await other.send_form(f"{theirs}/plans/{plan.rpartition('/')[2]}/send", {"risks_told": "true"})
    ).status_code == 404
    stranger = await _customer(tenant_b)
    given: dict[str, object] = {"customer": stranger, "project": "x", "wish": "y"}
    await clinic.post("consults/new", 404, **given)
    await clinic.post("procedures/new", 404, customer=stranger, name="x", risks_told="true", consent_signed="true")
    await clinic.post(f"photos/{stranger}", 404, paper="P", signed="true")
    assert await clinic.count("consult") == 1
    assert await clinic.count("photo_consent") == 0


async def test_the_customers_page_has_the_aesthetics_file_with_its_ways_on(clinic: Clinic) -> None:
    page = (await clinic.desk.get(f"/t/{clinic.tenant.slug}/customers/{clinic.customer}")).text
    assert "医美档案" in page
    for path in ("consults/new?customer=", "procedures/new?customer=", "photos/"):
        assert f"{clinic.root}/{path}{clinic.customer}" in page


async def test_a_contraindication_from_the_consult_form_stands_first_beside_the_customer(clinic: Clinic) -> None:
    answers = {
        "patient_name": "林小雨",
        "owner_name": "林小雨",
        "owner_phone": "13905460002",
        "areas": ["eyes"],
        "wish": "自然一点",
        "contact_by": "phone",
        "keloid": True,
        "minor": True,
    }
    async with clinic.tenant.unit() as uow:
        filled = await record_intake(uow, form_id="aesthetics.consult", answers=answers, once_key="k1")
    page = (await clinic.desk.get(f"/t/{clinic.tenant.slug}/customers/{filled.customer_id}")).text
    panel = page[page.index("panel-aesthetics-file") :]
    assert "瘢痕体质" in panel
    assert "未成年，须监护人签字" in panel
    assert f"consults/new?customer={filled.customer_id}&amp;asked=" in panel
