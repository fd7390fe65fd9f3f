"""Builds the web application; nothing is built at import."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from jinja2 import Environment
from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from core.bus import Bus
from core.clock import Clock, now
from core.db import Database
from core.forms.rules import refuse_bad_form, refuse_bad_patch
from core.hooks.host import PluginHost
from core.settings import Settings
from tenants.passwords import Passwords
from tenants.work import Workplace
from web.dependencies import DEPENDENCIES
from web.live_hub import LiveHub
from web.middleware import install_edge
from web.problems import EXCEPTION_HANDLERS
from web.render import STATIC_DIR, StaticManifest, add_plugin_templates, create_environment
from web.request import WebRequest
from web.role_texts import role_name
from web.routes import (
    account,
    answers,
    api,
    api_complaints,
    api_coupons,
    api_customers,
    api_docs,
    api_keys,
    api_lists,
    api_loyalty,
    api_program,
    api_reads,
    api_writes,
    auth,
    bill_choices,
    bill_public,
    bills,
    birthdays,
    calendars,
    campaigns,
    case_reports,
    case_status,
    case_work,
    churn,
    churn_case,
    complaint_case,
    complaint_clocks,
    complaint_intake,
    complaint_joining,
    complaint_policies,
    complaint_public,
    complaint_publishing,
    complaint_reports,
    complaints,
    consents,
    customer_sections,
    customer_ways,
    customers,
    decide,
    decide_reviews,
    drafts,
    duplicates,
    estimates,
    evidence,
    exports,
    files,
    form_design,
    forms,
    health,
    hearing_public,
    hearings,
    home,
    imports,
    intake,
    invitation_public,
    jobs,
    landing,
    lessons,
    library,
    loyalty_reports,
    member_card,
    my_data,
    my_shifts,
    notices,
    papers,
    people,
    plugin_pages,
    plugins,
    points_deeds,
    points_desk,
    points_held,
    policy_trials,
    posters,
    price_public,
    prices,
    privacy,
    procedures,
    profile,
    profile_design,
    program_draft,
    program_effects,
    program_ledger,
    program_publish,
    program_try,
    programs,
    purchases,
    remedies,
    report_public,
    review_public,
    rewards,
    rosters,
    search,
    segments,
    shift_patterns,
    staff_records,
    subjects,
    survey_campaigns,
    survey_interviews,
    survey_settings,
    surveys,
    tasks,
    thanks,
    visits,
    webhooks,
)
from web.runtime import Runtime
from web.screens import bind_page
from web.static_files import StaticFiles

BODY_LIMIT = 256 * 1024
"""Bytes; a route that takes files says so with `request_max_body_size`."""

# One line per area; each module exports `routes`.
AREAS = (
    landing,
    health,
    auth,
    home,
    account,
    people,
    rosters,
    shift_patterns,
    my_shifts,
    answers,
    search,
    tasks,
    plugins,
    plugin_pages,
    customers,
    subjects,
    purchases,
    customer_sections,
    points_desk,
    points_deeds,
    points_held,
    rewards,
    member_card,
    profile,
    customer_ways,
    profile_design,
    privacy,
    my_data,
    duplicates,
    segments,
    papers,
    consents,
    imports,
    exports,
    files,
    forms,
    posters,
    form_design,
    intake,
    drafts,
    api,
    api_complaints,
    api_customers,
    api_loyalty,
    api_coupons,
    api_program,
    api_reads,
    api_writes,
    api_lists,
    api_docs,
    api_keys,
    webhooks,
    jobs,
    complaints,
    complaint_intake,
    complaint_joining,
    case_work,
    complaint_case,
    complaint_clocks,
    complaint_policies,
    complaint_publishing,
    calendars,
    case_reports,
    report_public,
    staff_records,
    complaint_public,
    evidence,
    hearings,
    hearing_public,
    case_status,
    remedies,
    lessons,
    library,
    notices,
    visits,
    procedures,
    estimates,
    bills,
    bill_choices,
    bill_public,
    prices,
    price_public,
    surveys,
    survey_campaigns,
    survey_interviews,
    survey_settings,
    programs,
    program_draft,
    program_ledger,
    program_effects,
    program_publish,
    program_try,
    loyalty_reports,
    complaint_reports,
    policy_trials,
    churn,
    churn_case,
    campaigns,
    decide,
    decide_reviews,
    birthdays,
    thanks,
    invitation_public,
    review_public,
)

Handlers = Sequence[HTTPRouteHandler | Router]


def create_templates(manifest: StaticManifest) -> Environment:
    """Compile every template; the front end must have been built."""
    return create_environment(manifest, extra_globals={"role_name": role_name})


def create_app(
    settings: Settings,
    *,
    clock: Clock = now,
    workplace: Workplace | None = None,
    passwords: Passwords | None = None,
    templates: Environment | None = None,
    extra_routes: Handlers = (),
) -> Litestar:
    """Return the application.

    Args:
        settings: addresses and the secret.
        clock: answers the present; tests pass their own.
        workplace: what a test has opened itself; it is then not closed here.
        passwords: cheaper hashing for tests.
        templates: what `create_templates` made, so that tests compile them once.
        extra_routes: handlers of a test.
    """
    opened = workplace or Workplace(
        Database(settings.database_url, pool_size=settings.pool_size, context_key=settings.context_key),
        Bus(settings.redis_url),
        PluginHost.load(checks={"intake_forms": refuse_bad_form, "intake_extensions": refuse_bad_patch}),
        clock,
    )
    compiled = templates or create_templates(StaticManifest.load())
    add_plugin_templates(compiled, opened.host.template_folders())
    runtime = Runtime(
        settings=settings,
        workplace=opened,
        templates=compiled,
        static_files=StaticFiles(STATIC_DIR),
        passwords=passwords or Passwords(),
        clock=clock,
        live=LiveHub(opened.bus),
    )

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await runtime.live.aclose()
            if workplace is None:
                await opened.aclose()

    app = Litestar(
        route_handlers=[*(handler for area in AREAS for handler in area.routes), *extra_routes],
        dependencies=DEPENDENCIES,
        exception_handlers=EXCEPTION_HANDLERS,
        request_class=WebRequest,
        before_request=bind_page,
        request_max_body_size=BODY_LIMIT,
        lifespan=[lifespan],
        state=State({"runtime": runtime}),
        openapi_config=None,
        logging_config=None,
    )
    install_edge(app)
    return app
