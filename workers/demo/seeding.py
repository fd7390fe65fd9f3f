"""Makes the demo chains once, and gives them fresh complaints when every deadline of the last visit has passed."""

import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import text

from core.clock import now
from core.complaints.actions.filing import file_complaint, give_filing_code
from core.complaints.queries.cases import ComplaintFilter, list_complaints
from core.complaints.rules.filing import title_of
from core.customers.actions import add_customer
from core.customers.queries import get_subject_types
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.forms.actions import create_link, record_intake
from core.forms.queries import list_forms, list_links
from core.loyalty.actions import record_purchase
from core.scope import Actor
from core.tenancy.actions import add_branch
from core.tenancy.queries import list_branches
from core.uow import UnitOfWork
from tenants.passwords import Passwords
from tenants.plugin_samples import plant_samples
from tenants.plugin_settings import enable_plugin
from tenants.roles import permissions_of
from tenants.signup import sign_up
from tenants.staff import add_person
from tenants.work import Workplace
from workers.demo.case_reports import seed_case_reports
from workers.demo.casework import seed_casework
from workers.demo.churn import seed_churn
from workers.demo.complaint_reports import seed_complaint_reports
from workers.demo.complaint_sources import seed_complaint_sources
from workers.demo.duplicates import add_own_segment, plant_twins
from workers.demo.evidence import seed_evidence
from workers.demo.lists import seed_lists
from workers.demo.papers import seed_papers
from workers.demo.people import CHAINS, COMPLAINTS, GUESTS, INTAKES, STAFF, Chain
from workers.demo.points import seed_points
from workers.demo.policies import seed_policies
from workers.demo.profiles import seed_profiles
from workers.demo.programs import seed_programs
from workers.demo.referrals import seed_referrals
from workers.demo.remedies import seed_remedies
from workers.demo.rewards import seed_rewards
from workers.demo.rosters import seed_rosters
from workers.demo.surveys import seed_surveys
from workers.demo.visits import seed_visits
from workers.demo.webhooks import seed_webhooks

KEPT_IN: Final = "demo.txt"
EMERGENCY: Final = "0546-6393189"
FRESH: Final = 2
"""So many open cases with a deadline ahead are enough; below it new ones are filed."""


class Welcome(msgspec.Struct, frozen=True):
    """What `make run` prints."""

    password: str
    intake_code: str
    filing_code: str


def demo_password(var: Path) -> str:
    """Return the password of every demo account: made once per installation, since the page is on the network."""
    place = var / KEPT_IN
    if not place.exists():
        place.touch(mode=0o600)
        place.write_text(f"anxin-{secrets.token_hex(4)}\n")
    return place.read_text().strip()


class TimeMachine:
    """The clock of the seed: what happened earlier is written down as of then."""

    def __init__(self) -> None:
        self.back = timedelta(0)

    def __call__(self) -> datetime:
        return now() - self.back


async def seed(workplace: Workplace, clock: TimeMachine, password: str) -> Welcome:
    """Make what is missing and return how to get in; running it again changes nothing but stale complaints."""
    passwords = Passwords()
    for chain in CHAINS:
        if await workplace.find_tenant_id("slug", chain.slug) is None:
            await _open(workplace, passwords, chain, clock, password)
        known = await workplace.find_tenant_id("slug", chain.slug)
        if known is not None:
            async with workplace.unit(known, actor=await _director(workplace, known)) as uow:
                await plant_twins(uow)
                await add_own_segment(uow)
                await plant_samples(uow)
        if chain.pet_clinic and known is not None:
            await seed_visits(workplace, clock, known, await _director(workplace, known))
            await seed_papers(workplace, clock, known, await _director(workplace, known))
    first = await workplace.find_tenant_id("slug", CHAINS[0].slug)
    assert first is not None
    await seed_profiles(workplace, first, await _director(workplace, first))
    await seed_lists(workplace, first, await _director(workplace, first))
    await seed_surveys(workplace, clock, first, await _director(workplace, first))
    await seed_churn(workplace, clock, first, await _director(workplace, first))
    await seed_programs(workplace, first, await _director(workplace, first))
    await seed_points(workplace, first, await _director(workplace, first))
    await seed_rewards(workplace, clock, first, await _director(workplace, first))
    await seed_referrals(workplace, clock, first, await _director(workplace, first))
    await seed_policies(workplace, first, await _director(workplace, first))
    await seed_rosters(workplace, first, await _director(workplace, first))
    await seed_complaint_reports(workplace, first, await _director(workplace, first))
    await seed_complaint_sources(workplace, clock, first, await _director(workplace, first))
    await seed_case_reports(workplace, first, await _director(workplace, first))
    await seed_evidence(workplace, first, await _director(workplace, first))
    await seed_webhooks(workplace, first, await _director(workplace, first))
    await _refresh_complaints(workplace, clock, first)
    await seed_casework(workplace, first, await _director(workplace, first))
    await seed_remedies(workplace, first, await _director(workplace, first))
    async with workplace.unit(first, actor=await _director(workplace, first)) as uow:
        branch = (await list_branches(uow))[0]
        filing_code = await give_filing_code(uow, branch_id=branch.branch_id)
        form = (await list_forms(uow))[0]
        links = [
            one for one in await list_links(uow, form_id=form.id) if one.customer_id is None and not one.revoked_at
        ]
        link = links[-1] if links else await create_link(uow, form_id=form.id, branch_id=branch.branch_id)
    return Welcome(password, link.code, filing_code)


async def _director(workplace: Workplace, tenant_id: UUID) -> Actor:
    async with workplace.reading(tenant_id) as reader:
        found = await reader.session.execute(
            text(
                "SELECT s.staff_id, s.full_name FROM staff s JOIN staff_role r USING (tenant_id, staff_id) WHERE r.role = 'director'"
            )
        )
        row = found.first()
    assert row is not None
    roles = frozenset({"director"})
    return Actor(kind="staff", name=row.full_name, id=row.staff_id, roles=roles, permissions=permissions_of(roles))


async def _open(workplace: Workplace, passwords: Passwords, chain: Chain, clock: TimeMachine, password: str) -> None:
    clock.back = timedelta(days=30)
    first = next(person for person in STAFF if person.role == "director")
    signed_up = await sign_up(
        workplace,
        passwords,
        slug=chain.slug,
        name=chain.name,
        branch_name=chain.branches[0],
        emergency_phone=EMERGENCY,
        admin_name=first.full_name,
        login=f"director@{chain.slug}.example",
        password=password,
        roles=("director",),
    )
    director = await _director(workplace, signed_up.tenant_id)
    async with workplace.unit(signed_up.tenant_id, actor=director) as uow:
        more = [await add_branch(uow, name=name, emergency_phone=EMERGENCY) for name in chain.branches[1:]]
        branches = [signed_up.branch_id, *more]
        for person in STAFF:
            if person.role != "director":
                await add_person(
                    uow,
                    passwords,
                    full_name=person.full_name,
                    login=f"{person.role}@{chain.slug}.example",
                    password=password,
                    roles=(person.role,),
                )
        plugin = "petclinic" if chain.pet_clinic else "supplements"
        await enable_plugin(uow, host=workplace.host, plugin_id=plugin)
    async with workplace.unit(signed_up.tenant_id, actor=director) as uow:
        for number in range(len(GUESTS)):
            await _serve(uow, number, branches[number % len(branches)], with_pet=chain.pet_clinic)
        if chain.pet_clinic:
            await _fill_intakes(uow, branches[0])
    clock.back = timedelta(0)


async def _serve(uow: UnitOfWork, number: int, branch_id: UUID, *, with_pet: bool) -> None:
    guest = GUESTS[number]
    kinds = get_subject_types(uow)
    subjects: tuple[SubjectDraft, ...] = ()
    if with_pet and kinds:
        subjects = (SubjectDraft(name=guest.pet, kind=kinds[0].id, species=guest.species, breed=guest.breed),)
    draft = CustomerDraft(full_name=guest.full_name, phones=(f"+86{guest.phone}",), subjects=subjects)
    customer_id = await add_customer(uow, draft=draft, branch_id=branch_id)
    for count, yuan in enumerate(guest.paid):
        await record_purchase(
            uow,
            customer_id=customer_id,
            fen=yuan * 100,
            key=f"demo:{number}:{count}",
            description="门诊" if with_pet else "钙片",
            branch_id=branch_id,
            occurred_at=uow.now - timedelta(days=3 * (len(guest.paid) - count)),
        )


async def _fill_intakes(uow: UnitOfWork, branch_id: UUID) -> None:
    form = (await list_forms(uow))[0]
    known = {field.key for field in form.fields}
    for number, answers in enumerate(INTAKES):
        kept = {key: value for key, value in answers.items() if key in known}
        kept |= {"onset": uow.today.isoformat(), "signature": {"name": answers["owner_name"]}}
        await record_intake(uow, form_id=form.id, answers=kept, once_key=f"demo:{number}", branch_id=branch_id)


async def _refresh_complaints(workplace: Workplace, clock: TimeMachine, tenant_id: UUID) -> None:
    async with workplace.reading(tenant_id) as reader:
        rows = await list_complaints(reader, wanted=ComplaintFilter(), limit=100)
        own = {title_of(filing.text) for _, _, filing in COMPLAINTS}
        # Those of the other areas come first and run for longer: only these six say whether the board is fresh.
        ahead = [row for row in rows if row.title in own and row.next_due_at is not None and row.next_due_at > now()]
        branches = [branch.branch_id for branch in await list_branches(reader)]
    if len(ahead) >= FRESH:
        return
    director = await _director(workplace, tenant_id)
    for minutes, guest_number, filing in COMPLAINTS:
        clock.back = timedelta(minutes=minutes)
        guest = GUESTS[guest_number]
        filled = msgspec.structs.replace(
            filing,
            contact_name=guest.full_name,
            contact_phone=guest.phone,
            branch_id=branches[guest_number % len(branches)],
        )
        async with workplace.unit(tenant_id, actor=director) as uow:
            await file_complaint(uow, filing=filled)
    clock.back = timedelta(0)
