"""Every hook of the API, by area; the host registers exactly these."""

from typing import Any

from core.hooks.kinds import Spec
from core.hooks.specs import (
    casework,
    complaints,
    customers,
    events,
    forms,
    loyalty,
    pages,
    remedies,
    segments,
    settings,
    upkeep,
    webhooks,
)

SPECS: tuple[Spec[Any], ...] = (
    customers.subject_types,
    customers.panels,
    forms.intake_forms,
    forms.intake_extensions,
    forms.check_intake,
    complaints.complaint_categories,
    complaints.complaint_causes,
    complaints.complaint_policies,
    complaints.assess_complaint,
    casework.complaint_scripts,
    casework.complaint_wording,
    remedies.complaint_remedies,
    loyalty.loyalty_programs,
    segments.segments,
    events.on_event,
    webhooks.event_kinds,
    settings.check_settings,
    upkeep.migrate_settings,
    pages.permissions,
    pages.routes,
    pages.nav_items,
    pages.show_page,
    pages.act_on_page,
    upkeep.jobs,
    upkeep.run_job,
    upkeep.demo_data,
    upkeep.export_customer,
    upkeep.erase_customer,
    upkeep.tenant_enabled,
    upkeep.tenant_disabled,
)
