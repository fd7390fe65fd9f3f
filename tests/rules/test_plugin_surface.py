"""A plugin's pages, menu and jobs fit together or are refused, and an address means exactly one route."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from core.hooks.records.effects import OpenTask, SendForm
from core.hooks.records.forms import FormProblem
from core.hooks.records.pages import NavItem, Outcome, Page, PageRequest, Permission, Route
from core.hooks.records.upkeep import Job
from core.hooks.surface import check_surface, find_route

DUE = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ALL = frozenset({"show_page", "act_on_page", "run_job"})
READ = Permission(id="s.read", label="看订单")


def route(route_id: str, path: str, method: Any = "GET", permission: str = "s.read") -> Route:
    return Route(id=route_id, path=path, permission=permission, label="订单", method=method)


FITTING: dict[str, tuple[Any, ...]] = {
    "permissions": (READ,),
    "routes": (
        route("s.list", "orders"),
        route("s.one", "orders/{order}"),
        route("s.resend", "orders/{order}", "POST"),
    ),
    "nav_items": (NavItem(id="s.orders", route="s.list", label="订单"),),
    "jobs": (Job(id="s.late", label="迟到", every_minutes=60),),
}


def test_a_surface_that_fits_together_is_taken() -> None:
    check_surface(FITTING, ALL)
    check_surface({}, frozenset())


@pytest.mark.parametrize(
    ("hook", "records", "implemented", "said"),
    [
        ("routes", (route("s.list", "orders", permission="s.other"),), ALL, "does not declare"),
        ("routes", FITTING["routes"], ALL - {"show_page"}, "no show_page"),
        ("routes", FITTING["routes"], ALL - {"act_on_page"}, "no act_on_page"),
        ("routes", (route("s.list", "o/{a}"), route("s.b", "o/{b}")), ALL, "same address"),
        ("nav_items", (NavItem(id="s.x", route="s.none", label="无"),), ALL, "does not lead"),
        ("nav_items", (NavItem(id="s.x", route="s.one", label="无"),), ALL, "does not lead"),
        ("nav_items", (NavItem(id="s.x", route="s.resend", label="无"),), ALL, "does not lead"),
        ("jobs", FITTING["jobs"], ALL - {"run_job"}, "no run_job"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    hook: str, records: tuple[Any, ...], implemented: frozenset[str], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        check_surface({**FITTING, hook: records}, implemented)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "orders", ("list", {})),
        ("GET", "/orders/", ("list", {})),
        ("GET", "orders/new", ("new", {})),
        ("GET", "orders/4711", ("one", {"order": "4711"})),
        ("POST", "orders/4711", ("resend", {"order": "4711"})),
        ("GET", "", ("first", {})),
        ("POST", "orders", None),
        ("GET", "orders/4711/more", None),
        ("GET", "nothing", None),
    ],
)
def test_an_address_means_one_route_and_plain_words_go_before_names(
    method: str, path: str, expected: tuple[str, dict[str, str]] | None
) -> None:
    routes = [
        route("one", "orders/{order}"),
        route("list", "orders"),
        route("new", "orders/new"),
        route("resend", "orders/{order}", "POST"),
        route("first", ""),
    ]
    found = find_route(routes, method, path)
    assert (found and (found[0].id, found[1])) == expected


def test_an_empty_word_is_no_name() -> None:
    assert find_route([route("one", "{order}")], "GET", "") is None


@pytest.mark.parametrize("path", ["/orders", "orders/", "a//b", "Orders", "a/{A}", "a/..", "a/{x}/{x}", "a b", "{x}y"])
def test_a_path_is_made_of_words_and_names(path: str) -> None:
    with pytest.raises(ValueError, match="route r"):
        route("r", path)


@pytest.mark.parametrize("times", [{}, {"every_minutes": 60, "at": "08:00"}, {"at": "24:00"}, {"every_minutes": 4}])
def test_a_job_runs_every_so_many_minutes_or_at_a_time(times: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="job late"):
        Job(id="late", label="迟到", **times)
    assert Job(id="late", label="迟到", at="08:30").at == "08:30"


@pytest.mark.parametrize("template", ["list.html", "../s:list.html", "s:../list.html", "s:list.txt", "s:/list.html"])
def test_a_template_carries_the_plugins_prefix_and_stays_in_its_folder(template: str) -> None:
    with pytest.raises(ValueError, match="template"):
        Page(template=template, title="订单")


def test_an_outcome_is_a_success_or_a_refusal() -> None:
    problem = FormProblem(field="amount", code="max", text="超过限额")
    task = OpenTask(key="late", title="催单", due=DUE, role="front_desk")
    page = Page(template="s:orders/one.html", title="订单")
    with pytest.raises(ValueError, match="no effects"):
        Outcome(problems=(problem,), again=page, effects=(task,))
    with pytest.raises(ValueError, match="page to show again"):
        Outcome(problems=(problem,))
    with pytest.raises(ValueError, match="page to show again"):
        Outcome(again=page)
    assert Outcome(problems=(problem,), again=page).effects == ()


@pytest.mark.parametrize(
    "wrong",
    [{"key": ""}, {"role": ""}, {"staff_id": UUID(int=1)}, {"due": datetime(2026, 3, 2)}],  # noqa: DTZ001 - the case
)
def test_a_task_has_a_key_one_addressee_and_an_instant(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="task"):
        OpenTask(**{"key": "late", "title": "催单", "due": DUE, "role": "front_desk", **wrong})


@pytest.mark.parametrize("days", [0, 366])
def test_a_link_to_a_form_lives_from_a_day_to_a_year(days: int) -> None:
    with pytest.raises(ValueError, match="1 to 365"):
        SendForm(form="effect", customer_id=UUID(int=1), valid_days=days)


def test_a_posted_field_is_its_last_value_trimmed() -> None:
    request = PageRequest(route="resend", fields={"reason": ["a", " 丢件 "], "empty": []})
    assert request.field("reason") == "丢件"
    assert request.field("none", "默认") == request.field("empty", "默认") == "默认"
