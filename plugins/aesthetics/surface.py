"""The clinic's own rights, addresses, lines in the menu and work by the clock."""

from plugins.api import Job, NavItem, Permission, Route, Text, both, hookimpl

_CONSULTS, _CARE = both("咨询与方案", "Consults and plans"), both("术后回访", "Follow-up")
_JOURNEY, _PHOTOS = both("触点漏斗", "Journey"), both("照片使用同意", "Consent to pictures")
_DESK = ("front_desk", "service_supervisor", "team_leader", "doctor", "senior_doctor")


@hookimpl
def permissions() -> tuple[Permission, ...]:
    """Who consults, who looks after patients afterwards, who sees and edits the journey."""
    return (
        Permission(id="consult", label=both("处理咨询、方案和照片同意", "Work on consults, plans and consents"), roles=_DESK),
        Permission(
            id="care", label=both("登记治疗、回访和并发症处理", "Enter procedures, follow up, work through complications"), roles=(*_DESK, "head_nurse")
        ),
        Permission(
            id="journey",
            label=both("查看漏斗并修改触点地图", "See the funnel and edit the points of contact"),
            roles=("service_supervisor", "team_leader"),
        ),
    )  # fmt: skip


def _route(local: str, path: str, label: Text, permission: str = "consult") -> Route:
    return Route(id=local, path=path, permission=permission, label=label)


def _post(local: str, path: str, label: Text, permission: str = "consult") -> Route:
    return Route(id=local, path=path, method="POST", permission=permission, label=label)


@hookimpl
def routes() -> tuple[Route, ...]:
    """Pages first, then what is done on them."""
    return (
        _route("first", "", _CONSULTS),
        _route("consults", "consults", _CONSULTS),
        _route("new_consult", "consults/new", both("登记咨询", "Enter a consult")),
        _route("consult", "consults/{consult}", _CONSULTS),
        _route("plan", "plans/{plan}", both("方案", "Plan")),
        _route("photos", "photos/{customer}", _PHOTOS),
        _route("procedures", "procedures", _CARE, "care"),
        _route("new_procedure", "procedures/new", both("登记治疗", "Enter a procedure"), "care"),
        _route("procedure", "procedures/{procedure}", _CARE, "care"),
        _route("journey", "journey", _JOURNEY, "journey"),
        _route("edit_map", "journey/map", both("触点地图", "Points of contact"), "journey"),
        _post("add_consult", "consults/new", both("登记咨询", "Enter a consult")),
        _post("answer", "consults/{consult}/answer", both("已响应", "Answered")),
        _post("custom", "consults/{consult}/custom", both("定制化服务", "Custom service")),
        _post("touch", "consults/{consult}/touch", both("记录触点", "Note a point of contact")),
        _post("lose", "consults/{consult}/lose", both("客户流失", "Lost")),
        _post("add_plan", "consults/{consult}/plans", both("新方案", "New plan")),
        _post("add_case", "plans/{plan}/cases", both("添加对比案例", "Add a case")),
        _post("drop_case", "plans/{plan}/drop", both("删除对比案例", "Remove a case")),
        _post("send_plan", "plans/{plan}/send", both("发送方案", "Send the plan")),
        _post("decide_plan", "plans/{plan}/decide", both("客户决定", "The customer's decision")),
        _post("keep_consent", "photos/{customer}", _PHOTOS),
        _post("withdraw_consent", "photos/{customer}/withdraw", both("撤回照片同意", "Withdraw the consent")),
        _post("add_procedure", "procedures/new", both("登记治疗", "Enter a procedure"), "care"),
        _post("follow_up", "procedures/{procedure}/follow", _CARE, "care"),
        _post("tick_step", "procedures/{procedure}/step", both("并发症清单", "Checklist"), "care"),
        _post("save_map", "journey/map", both("触点地图", "Points of contact"), "journey"),
        _post("reset_map", "journey/map/reset", both("恢复默认地图", "Back to the shipped map"), "journey"),
    )


@hookimpl
def nav_items() -> tuple[NavItem, ...]:
    """Three lines; the rest is reached from them."""
    return (
        NavItem(id="consults", route="consults", label=_CONSULTS, icon="messages-square", rank=40),
        NavItem(id="procedures", route="procedures", label=_CARE, icon="heart-pulse", rank=41),
        NavItem(id="journey", route="journey", label=_JOURNEY, icon="chart-line", rank=42),
    )


@hookimpl
def jobs() -> tuple[Job, ...]:
    """Follow-ups every quarter of an hour, the worst stage once a day."""
    return (
        Job(id="followups", label=both("发送术后问卷并检查超时", "Send outcome forms, look for late follow-ups"), every_minutes=15),
        Job(id="losses", label=both("检查流失最多的环节", "Look for the stage that loses most"), at="08:30"),
    )  # fmt: skip
