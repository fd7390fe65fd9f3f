"""Imports every mapped class of core once, so that the metadata is whole."""

from core.audit import models as audit
from core.backtests import models as backtests
from core.birthdays import models as birthdays
from core.campaigns import models as campaigns
from core.cards import models as cards
from core.case_reports import models as case_reports
from core.casework import models as casework
from core.churn import models as churn
from core.complaint_reports import models as complaint_reports
from core.complaints import models as complaints
from core.consents import models as consents
from core.contacts import models as contacts
from core.counters import models as counters
from core.customers import models as customers
from core.evidence import models as evidence
from core.exports import models as exports
from core.files import models as files
from core.forms import models as forms
from core.hearings import models as hearings
from core.holds import models as holds
from core.imports import models as imports
from core.lessons import models as lessons
from core.loyalty import models as loyalty
from core.merges import models as merges
from core.outbox import models as outbox
from core.policies import models as policies
from core.policy_trials import models as policy_trials
from core.privacy import models as privacy
from core.profiles import models as profiles
from core.programs import models as programs
from core.referrals import models as referrals
from core.remedies import models as remedies
from core.reviews import models as reviews
from core.rewards import models as rewards
from core.segments import models as segments
from core.staff_records import models as staff_records
from core.surveys import models as surveys
from core.tasks import models as tasks
from core.tenancy import models as tenancy
from core.visits import models as visits
from core.webhooks import models as webhooks

__all__ = [
    "audit",
    "backtests",
    "birthdays",
    "campaigns",
    "cards",
    "case_reports",
    "casework",
    "churn",
    "complaint_reports",
    "complaints",
    "consents",
    "contacts",
    "counters",
    "customers",
    "evidence",
    "exports",
    "files",
    "forms",
    "hearings",
    "holds",
    "imports",
    "lessons",
    "loyalty",
    "merges",
    "outbox",
    "policies",
    "policy_trials",
    "privacy",
    "profiles",
    "programs",
    "referrals",
    "remedies",
    "reviews",
    "rewards",
    "segments",
    "staff_records",
    "surveys",
    "tasks",
    "tenancy",
    "visits",
    "webhooks",
]
