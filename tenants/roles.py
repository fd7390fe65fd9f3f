"""Roles of the documents and what each may do."""

from collections.abc import Iterable
from typing import Final

import msgspec


class Role(msgspec.Struct, frozen=True):
    """A role: its English name (the catalogues translate it) and its permissions."""

    code: str
    name: str
    permissions: frozenset[str]


PERMISSIONS: Final = {
    "customers.read": "See customers, pets and their history",
    "customers.write": "Add and change customers, record purchases",
    "customers.import": "Import and undo imports",
    "customers.export": "Export lists of customers",
    "customers.merge": "Merge duplicate customers and undo it",
    "customers.design": "Define a customer's own fields, tags and segments",
    "privacy.manage": "Answer people's requests about their data: export and erase",
    "visits.read": "See visits, estimates and bills",
    "visits.write": "Record visits, estimates and bills",
    "prices.manage": "Change the price list",
    "forms.read": "Read filled-in forms",
    "forms.share": "Hand out form links and QR codes",
    "forms.design": "Change forms and publish them",
    "loyalty.read": "See member cards, points and coupons",
    "loyalty.grant": "Grant and redeem points, coupons and benefits",
    "loyalty.approve": "Decide what is held: referrals, rewarded reviews, large credits",
    "loyalty.manage": "Change the rules of the program and publish them",
    "loyalty.reports": "See the reports of loyalty",
    "churn.read": "See and work on customers who stay away",
    "surveys.read": "See the results of surveys",
    "surveys.interview": "Work through the interview queue",
    "surveys.manage": "Plan survey campaigns",
    "api.manage": "Make and revoke keys of programmes",
    "complaints.read": "See complaints and their deadlines",
    "complaints.write": "File complaints, complete steps, add notes",
    "complaints.judge": "Change the level of a complaint",
    "complaints.approve": "Approve written reports and remedies above a role's limit",
    "complaints.manage": "Change complaint policies, calendars, scripts and wording lists",
    "complaints.reports": "See the reports of complaints",
    "evidence.read": "See and export the evidence of a case",
    "evidence.write": "Secure evidence",
    "evidence.hold": "Place and lift a legal hold on evidence",
    "plugins.manage": "Switch plugins on and off and change their settings",
    "jobs.manage": "See failed jobs and run them again",
    "staff.manage": "Add people, give roles, plan duties",
    "roster.manage": "Plan shifts, absences and swaps",
    "audit.read": "Read the audit log",
}

_DESK = frozenset(
    {
        "customers.read",
        "customers.write",
        "visits.read",
        "visits.write",
        "forms.read",
        "forms.share",
        "loyalty.read",
        "loyalty.grant",
        "churn.read",
        "surveys.interview",
        "complaints.read",
        "complaints.write",
    }
)
_CLINICAL = frozenset(
    {
        "customers.read",
        "visits.read",
        "visits.write",
        "forms.read",
        "forms.share",
        "loyalty.read",
        "churn.read",
        "complaints.read",
        "complaints.write",
    }
)
_LEAD = _DESK | {
    "complaints.judge",
    "complaints.reports",
    "evidence.read",
    "evidence.write",
    "customers.import",
    "customers.export",
    "customers.merge",
    "customers.design",
    "loyalty.approve",
    "loyalty.reports",
    "surveys.read",
    "surveys.manage",
}

_EVIDENCE = frozenset({"evidence.read", "evidence.write"})

ROLES: Final = {
    role.code: role
    for role in (
        Role("director", "Clinic director", frozenset(PERMISSIONS)),
        Role("tenant_admin", "Administrator", frozenset(PERMISSIONS)),
        # 宠物医院客户投诉应急预案 §2.1: the members of the standing complaint team.
        Role(
            "team_leader",
            "Complaint team leader",
            _LEAD | {"audit.read", "complaints.approve", "evidence.hold", "roster.manage"},
        ),
        Role("service_supervisor", "Customer service supervisor", _LEAD),
        Role("senior_doctor", "Senior doctor", _CLINICAL | _EVIDENCE),
        Role("head_nurse", "Head nurse", _CLINICAL | _EVIDENCE),
        Role("admin_officer", "Administrative officer", _CLINICAL | _EVIDENCE | {"audit.read", "evidence.hold"}),
        Role("doctor", "Doctor", _CLINICAL),
        Role("front_desk", "Front desk", _DESK),
        Role("legal_counsel", "Legal counsel", frozenset({"complaints.read", "evidence.read", "evidence.hold"})),
    )
}


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """Return what the roles allow together; a role we do not know allows nothing."""
    return frozenset().union(*(ROLES[code].permissions for code in roles if code in ROLES))
