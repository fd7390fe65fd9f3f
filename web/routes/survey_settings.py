"""How a tenant surveys: its settings, and the words of a call in both languages."""

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency

from core.errors import FieldProblem, InvalidInput
from core.hooks.records.text import localized
from core.surveys.actions import save_script, save_settings
from core.surveys.queries import SurveySettings, get_script, get_settings, list_survey_forms
from core.surveys.rules.script import Script
from core.uow import Reader, UnitOfWork
from web.i18n import gettext
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, locale_of, show, tenant_path
from web.security import requires
from web.survey_tabs import survey_tabs

PATH: Final = "/t/{slug:str}/surveys"
_MANAGE = [requires("surveys.manage")]
LANGUAGES: Final = {"zh_CN": "中文", "en": "English"}


class ScriptForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of a call in one language."""

    locale: str = "zh_CN"
    consent: str = ""
    opening: str = ""
    questions: str = ""
    closing: str = ""


class SettingsForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings as typed; an unticked box does not come."""

    interview_form_id: str = ""
    after_form_id: str = ""
    after_resolution: str = ""
    unhappy: str = "alert"
    sample_percent: str = ""
    fatigue_days: str = ""
    skip_complainants: str = ""
    max_attempts: str = ""
    remind_days: str = ""


async def _show_script(
    request: WebRequest,
    reader: Reader,
    *,
    typed: ScriptForm | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    scripts: list[Any] = []
    for locale, name in LANGUAGES.items():
        mine = typed is not None and typed.locale == locale
        script = typed if mine else await get_script(reader, locale=locale)
        scripts.append((locale, name, script, errors if mine else {}))
    root = tenant_path(request, "/surveys")
    return await show(
        request,
        "pages/surveys/script.html",
        status=status,
        scripts=scripts,
        root=root,
        tabs=survey_tabs(reader, root, "script"),
    )


@get(PATH + "/script", guards=_MANAGE)
async def show_script(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    return await _show_script(request, reader)


@post(PATH + "/script", guards=_MANAGE)
async def do_save_script(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(ScriptForm)
    script = Script(form.consent, form.opening, form.questions, form.closing)
    try:
        await save_script(uow, locale=form.locale, script=script)
    except InvalidInput as error:
        errors = field_texts(error.problems)
        raise Refused(await _show_script(request, uow, typed=form, errors=errors, status=422)) from error
    return go_to(request, tenant_path(request, "/surveys/script"), toast=Toast(text=gettext("Saved")))


def _filled(settings: SurveySettings) -> SettingsForm:
    words = {name: getattr(settings, name) for name in SettingsForm.__struct_fields__}
    return SettingsForm(
        **{
            name: ("true" if value else "") if isinstance(value, bool) else "" if value is None else str(value)
            for name, value in words.items()
        }
    )


def _read(form: SettingsForm) -> SurveySettings:
    numbers, problems = {}, []
    for name in ("sample_percent", "fatigue_days", "max_attempts", "remind_days"):
        text = getattr(form, name).strip()
        if text.isdecimal() and text.isascii() and len(text) <= 4:
            numbers[name] = int(text)
        else:
            problems.append(FieldProblem(name, "type"))
    if problems:
        raise InvalidInput(tuple(problems))
    return SurveySettings(
        interview_form_id=form.interview_form_id or None,
        after_form_id=form.after_form_id or None,
        after_resolution=form.after_resolution == "true",
        unhappy=form.unhappy,
        skip_complainants=form.skip_complainants == "true",
        **numbers,
    )


async def _show_settings(
    request: WebRequest,
    reader: Reader,
    values: SettingsForm,
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    locale, root = locale_of(request), tenant_path(request, "/surveys")
    return await show(
        request,
        "pages/surveys/settings.html",
        status=status,
        values=values,
        errors=errors or {},
        forms=[(form.id, localized(form.title, locale)) for form in await list_survey_forms(reader)],
        root=root,
        tabs=survey_tabs(reader, root, "settings"),
    )


@get(PATH + "/settings", guards=_MANAGE)
async def show_settings(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    return await _show_settings(request, reader, _filled(await get_settings(reader)))


@post(PATH + "/settings", guards=_MANAGE)
async def do_save_settings(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(SettingsForm)
    try:
        await save_settings(uow, settings=_read(form))
    except InvalidInput as error:
        errors = field_texts(error.problems)
        raise Refused(await _show_settings(request, uow, form, errors=errors, status=422)) from error
    return go_to(request, tenant_path(request, "/surveys/settings"), toast=Toast(text=gettext("Saved")))


routes = [show_script, do_save_script, show_settings, do_save_settings]
