"""A case whose evidence is sealed, with a hearing planned on it: two experts from outside, and an archive for counsel."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from core.complaints.actions import file_complaint
from core.complaints.rules import Filing
from core.evidence.actions import add_text, seal
from core.hearings.actions import add_staff, invite_expert, plan_hearing, release
from core.hooks.records.events import StaffRef
from core.scope import Actor
from core.tenancy.queries import list_branches
from core.uow import UnitOfWork
from tenants.staff import list_people
from tenants.work import Workplace
from workers.demo.people import GUESTS
