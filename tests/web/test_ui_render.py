"""The templates: strict, escaping, compiled at start; macros that hold their promises without a browser."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment, UndefinedError
from jinja2.exceptions import SecurityError
from lucide import IconDoesNotExist
from markupsafe import Markup

from tests.web.pseudo import unmarked
from web import htmx
from web.i18n import PSEUDO
from web.icons import icon
from web.page import Account, MenuLink, NavGroup, NavItem, Page, Step, Toast, showing
from web.qr import qr_svg
from web.render import TEMPLATE_DIR, StaticManifest, create_environment, render, render_tenant_text

FILES = {name: name for name in ("app.js", "app.css", "public.js", "public.css", "mark.svg")}
NOW = datetime(2026, 11, 21, 9, 29, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def page(locale: str = "en", *, partial: bool = False, toasts: tuple[Toast, ...] = ()) -> Page:
    return Page(
        locale=locale,
        timezone="Asia/Shanghai",
        now=NOW,
        csrf_token="secret-token",
        request_id="3f2a91c0",
        brand="安心宠物",
        nav=(NavGroup(items=(NavItem(label="投诉", href="/c", icon="siren", current=True, count=7, urgent=True),)),),
        account=Account(name="林客服", role="前台"),
        account_links=(MenuLink(label="账户", href="/a"),),
        search_url="/s",
        palette_src="/s.json",
        partial=partial,
        toasts=toasts,
        impersonated_by="运维",
        impersonation_reason="工单",
    )


@pytest.fixture(scope="module")
def env() -> Environment:
    plugin = DictLoader({"panel.html": "{{ ui.badge(name) }}", "staff.html": '{% extends "layouts/staff.html" %}'})
    return create_environment(StaticManifest(FILES), plugin_loaders={"petclinic": plugin})


def show(env: Environment, source: str, *, on: Page | None = None, **data: object) -> str:
    with showing(on or page()):
        return env.from_string(source).render(data)


def test_a_name_that_nobody_gave_is_an_error(env: Environment) -> None:
    with pytest.raises(UndefinedError):
        show(env, "{{ nobody_gave_this }}")
    with pytest.raises(UndefinedError):
        show(env, "{{ page.nobody }}")
    with pytest.raises(UndefinedError):
        show(env, "{{ ui.nobody() }}")


def test_data_is_escaped_everywhere(env: Environment) -> None:
    evil = "<script>alert(1)</script>"
    html = show(
        env,
        "{{ ui.button(x) }}{{ ui.field('n', x, value=x, hint=x, error=x) }}{{ ui.badge(x) }}{{ ui.row_title(x, '#', x) }}"
        "{{ ui.facts([(x, x)]) }}{{ ui.toast(x) }}{{ ui.banner(x, x) }}{{ ui.quote(x) }}",
        x=evil,
    )
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") >= 10


def test_plugin_templates_are_reached_behind_the_plugins_id(env: Environment) -> None:
    assert "犬" in render(env, page(), "petclinic:panel.html", name="犬")
    assert "安心宠物" in render(env, page(), "petclinic:staff.html")


def test_two_macros_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "ui").mkdir()
    (tmp_path / "ui" / "_zz.html").write_text("{% macro button() %}{% endmacro %}")
    with pytest.raises(ValueError, match="two ui files define the macro button"):
        create_environment(StaticManifest(FILES), extra_dirs=(tmp_path,))


def test_a_missing_front_end_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="pip install -e"):
        StaticManifest.load(tmp_path / "manifest.json")


def test_the_manifest_names_built_files(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"app.js": "app-1.js"}')
    assert StaticManifest.load(tmp_path / "manifest.json").url("app.js") == "/static/app-1.js"


def test_the_language_of_a_filter_is_the_readers_and_not_the_one_of_the_start(env: Environment) -> None:
    template = env.from_string("{{ 660|duration }} {{ _('Overdue') }}")
    with showing(page("en")):
        assert template.render() == "11 min Overdue"
    with showing(page("zh_CN")):
        assert template.render() == "11 分钟 超时"


@pytest.mark.parametrize("layout", ["staff", "public", "auth"])
@pytest.mark.parametrize("theme", ["auto", "dark"])
def test_layouts_carry_no_inline_script_or_style(env: Environment, layout: str, theme: str) -> None:
    source = f'{{% extends "layouts/{layout}.html" %}}{{% block title %}}x{{% endblock %}}'
    html = show(env, source, on=page(toasts=(Toast(text="已保存", undo_action="/undo"),)))
    assert re.findall(r"<script(?![^>]*src=)", html) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", html) == []
    assert 'lang="en"' in html
    del theme


def test_the_chosen_theme_is_in_the_first_byte_of_the_page(env: Environment) -> None:
    dark = Page(locale="en", timezone="UTC", now=NOW, theme="dark")
    assert '<html lang="en" data-theme="dark">' in render(env, dark, "errors/page.html", status=404)


@pytest.mark.parametrize("status", [401, 403, 404, 405, 409, 413, 418, 422, 429, 500, 503])
@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_every_error_page_names_the_next_step_and_a_reference(env: Environment, status: int, locale: str) -> None:
    for template in ("errors/page.html", "errors/partial.html"):
        html = render(env, page(locale), template, status=status)
        assert "3f2a91c0" in html
        assert ('class="button"' in html) == (template == "errors/page.html")
    assert "现在不行" in render(
        env, page(locale), "errors/page.html", status=status, title="现在不行", detail="再试", problems=["坏"]
    )


def test_a_form_carries_the_token_and_works_without_script(env: Environment) -> None:
    html = show(env, "{% call ui.form('/save', id='f', live=true) %}{{ ui.button('Go') }}{% endcall %}")
    assert 'method="post" action="/save"' in html
    assert '<input type="hidden" name="_csrf" value="secret-token">' in html
    assert 'hx-post="/save"' in html
    assert "_csrf" not in show(env, "{% call ui.form('/find', method='get') %}{% endcall %}")


@pytest.mark.parametrize(
    "kind", ["text", "textarea", "select", "file", "photo", "signature", "choice", "multi", "checkbox"]
)
def test_a_refused_field_keeps_what_was_typed_and_says_why(env: Environment, kind: str) -> None:
    html = show(
        env,
        "{{ ui.field('past[0].disease', 'Disease', kind=kind, value=value, error='too long', hint='as in the record', "
        "options=[('a', 'A'), ('b', 'B')]) }}",
        kind=kind,
        value=["b"] if kind == "multi" else "b",
    )
    assert 'id="f-past-0-disease' in html
    assert "too long" in html
    assert "f-past-0-disease-hint f-past-0-disease-error" in html
    if kind in {"text", "textarea", "select", "choice", "multi"}:
        assert re.search(r'value="b"[^>]*(checked|selected)|>b</textarea>|value="b"', html)


def test_a_hidden_field_is_not_sent(env: Environment) -> None:
    for kind in ("text", "choice", "signature", "photo"):
        html = show(env, "{{ ui.field('n', 'N', kind=kind, hidden=true, options=[(1, 'x')]) }}", kind=kind)
        assert " hidden" in html
        assert " disabled" in html


def test_a_timer_says_its_state_before_any_script(env: Environment) -> None:
    late = NOW - timedelta(seconds=126)
    html = show(env, "{{ ui.timer(due, start, label='On site') }}", due=late, start=late - timedelta(minutes=10))
    assert 'data-state="over"' in html
    assert 'due="2026-11-21T09:26:54Z"' in html
    assert "02:06" in html


def test_a_stepper_marks_where_the_case_stands(env: Environment) -> None:
    steps = [
        Step(label="首次响应", state="done"),
        Step(label="核查", state="late"),
        Step(label="沟通", state="current", due=NOW, action=Markup("<b>x</b>")),
        Step(label="报告", state="cancelled"),
    ]
    html = show(env, "{{ ui.stepper(steps, 'Steps') }}", steps=steps)
    assert html.count('aria-current="step"') == 1
    assert "<b>x</b>" in html
    assert html.count("<sla-timer") == 1


def test_a_level_is_a_number_or_its_code(env: Environment) -> None:
    for level in (3, "3", "L3"):
        html = show(env, "{{ ui.level_badge(level) }}", level=level)
        assert 'data-level="3"' in html
        assert "L3 major" in html


def test_more_rows_replace_their_own_link(env: Environment) -> None:
    source = "{{ ui.load_more('rows', url) }}"
    assert "hx-partial" not in show(env, source, url="/next")
    answer = show(env, source, on=page(partial=True), url="/next")
    assert '<hx-partial hx-target="#rows-more" hx-swap="outerHTML">' in answer
    assert "<a " not in show(env, source, on=page(partial=True), url=None)


def test_nothing_of_the_frame_is_left_untranslated(env: Environment) -> None:
    source = (
        '{% extends "layouts/staff.html" %}{% block title %}名{% endblock %}{% block content %}'
        "{{ ui.field('a', '名', kind='signature') }}{{ ui.field('b', '照', kind='photo') }}{{ ui.level_badge(1) }}{{ ui.level_badge(3) }}"
        "{{ ui.form_errors([('', '坏')]) }}{{ ui.pager('/a', '/b') }}{{ ui.confirm('x', '问', '吗', '/x', '是', typed='删') }}"
        "{{ ui.diff([('甲', '乙', '丙')], '变') }}{{ ui.timer(page.now, page.now) }}{{ ui.live_dot() }}{{ ui.moment(page.now) }}{% endblock %}"
    )
    html = show(env, source, on=page(PSEUDO, toasts=(Toast(text="已保存", undo_action="/u"),)))
    assert unmarked(html, frozenset({"Anxin", "Esc", "English", "Nov"})) == []
    for status in (401, 403, 404, 409, 413, 418, 422, 429, 500, 503):
        assert unmarked(render(env, page(PSEUDO), "errors/page.html", status=status), frozenset({"English"})) == []


def test_forgotten_english_is_found() -> None:
    assert unmarked('<p>⟦Fine⟧</p><p>Forgotten</p><a title="Also this">⟦x ⟦y⟧⟧</a><br><code>not text</code>') == [
        "Forgotten",
        "Also this",
    ]


def test_a_partial_answer_is_asked_for_by_both_headers() -> None:
    assert htmx.wants_partial({"hx-request": "true", "hx-request-type": "partial"})
    assert not htmx.wants_partial({"hx-request": "true", "hx-request-type": "full"})
    assert not htmx.wants_partial({"hx-request-type": "partial"})
    assert not htmx.is_htmx({})


def test_steering_headers_and_events_have_the_form_htmx_4_reads() -> None:
    assert htmx.redirect_headers("/x") == {"HX-Redirect": "/x"}
    assert htmx.push_headers("/x") == {"HX-Push-Url": "/x"}
    assert htmx.trigger_headers(saved={"id": 1}) == {"HX-Trigger": '{"saved":{"id":1}}'}
    assert htmx.retarget_headers("#e") == {"HX-Retarget": "#e", "HX-Reswap": "outerMorph"}
    part = htmx.partial('#a"b', "<p>x</p>")
    assert part == '<hx-partial hx-target="#a&#34;b" hx-swap="outerMorph"><p>x</p></hx-partial>'
    assert htmx.sse_message("a\nb", event_id="7") == b"id: 7\ndata: a\ndata: b\n\n"
    assert htmx.sse_message("", event="gone") == b"event: gone\ndata: \n\n"
    assert htmx.sse_ping().startswith(b":")


def test_icons_are_hidden_from_screen_readers_and_small() -> None:
    drawn = icon("siren")
    assert 'aria-hidden="true"' in drawn
    assert "stroke-width" not in drawn
    assert "\n" not in drawn
    assert icon("siren") is drawn
    with pytest.raises(IconDoesNotExist):
        icon("no-such-icon")


def test_every_icon_that_is_named_exists() -> None:
    """A renamed icon would raise when its page is first shown; find it before."""
    named = re.compile(r"""\bicon(?:\(|\s*[=:]\s*|"\s*:\s*)["']([a-z0-9-]+)["']""")
    files = [
        *TEMPLATE_DIR.rglob("*.html"),
        *(ROOT / "plugins").rglob("templates/**/*.html"),
        *(ROOT / "web").rglob("*.py"),
        *(ROOT / "plugins").rglob("*.py"),
    ]
    names = {
        (name, file.name)
        for file in files
        if "node_modules" not in file.parts
        for name in named.findall(file.read_text())
    }
    assert len(names) > 30
    missing = []
    for name, file in sorted(names):
        try:
            icon(name)
        except IconDoesNotExist:
            missing.append((file, name))
    assert missing == []


def test_a_qr_code_is_svg_without_style() -> None:
    svg = qr_svg("https://anxin.example/q/8fJ3kQ")
    assert svg.startswith("<svg")
    assert "style" not in svg


def test_a_text_that_a_chain_wrote_can_name_its_values_only() -> None:
    assert (
        render_tenant_text("您好 {{ name }}，共 {{ fen|money }}", {"name": "<b>王", "fen": 5000})
        == "您好 &lt;b&gt;王，共 ¥50.00"
    )
    with pytest.raises(UndefinedError):
        render_tenant_text("{{ secret }}", {})
    with pytest.raises((SecurityError, UndefinedError)):
        render_tenant_text("{{ name.__class__.__mro__ }}", {"name": "x"})
