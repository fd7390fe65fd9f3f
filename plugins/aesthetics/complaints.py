"""What complaints of medical aesthetics are about: the five matters that the document names, and what else comes in."""

from plugins.api import Category, Cause, Severity, both, hookimpl


def _node(
    local: str,
    zh: str,
    en: str,
    parent: str | None = None,
    severity: Severity = "L1",
    evidence: tuple[str, ...] = ("chat_record", "call_recording"),
) -> Category:
    return Category(id=local, label=both(zh, en), parent=parent, default_severity=severity, evidence=evidence)


_MEDICAL = ("medical_record", "consent", "photo")
_TOLD = ("consent", "call_recording", "chat_record")
# 服务体系建设7大维度 (facts complaints.yaml categories.aesthetics): 过度承诺效果、跳过风险告知、重复解释需求、VIP等待超标、术后并发症.
# The three branches, a result that disappoints, pictures, fees and attitude are own design; so are the levels.
CATEGORIES = (
    _node("medical", "医疗相关", "Medical", severity="L2", evidence=_MEDICAL),
    _node("medical_complication", "术后并发症", "Complication after a procedure", "medical", "L2", _MEDICAL),
    _node("medical_result", "效果不满意", "Not satisfied with the result", "medical", "L1", _MEDICAL),
    _node("candour", "告知与承诺", "What was told and promised", severity="L2", evidence=_TOLD),
    _node("candour_promise", "过度承诺效果", "Results promised", "candour", "L2", _TOLD),
    _node("candour_risk", "跳过风险告知", "Risks not told", "candour", "L2", _TOLD),
    _node("candour_photo", "未经同意使用照片", "Pictures used without consent", "candour", "L2", ("photo", "consent")),
    _node("candour_fees", "费用与强制消费", "Fees and pressure to buy", "candour", "L1", ("bill", "chat_record")),
    _node("service", "服务流程", "Service"),
    _node("service_repeat", "重复解释需求", "Had to explain again", "service"),
    _node("service_wait", "VIP等待超标", "VIP kept waiting", "service"),
    _node("service_slow", "咨询回复慢", "Slow answer to a consult", "service"),
    _node("service_attitude", "服务态度", "Attitude", "service"),
)


def _branch(local: str, zh: str, en: str, *leaves: tuple[str, str, str]) -> tuple[Cause, ...]:
    children = (Cause(id=f"{local}_{leaf}", label=both(*words), parent=local) for leaf, *words in leaves)
    return (Cause(id=local, label=both(zh, en)), *children)


# 服务体系建设7大维度, its seven chapters: where it sees service fail; the grouping by chapter is ours.
CAUSES = (
    *_branch(
        "cause_standard",
        "标准制定",
        "Standards",
        ("missing", "缺乏服务标准", "No standard of service"),
        ("wording", "未按“5要3不要”话术", "The five dos and three don'ts were not kept"),
        ("risk", "风险告知未执行", "Risks were not told"),
    ),
    *_branch(
        "cause_process",
        "流程设计",
        "Process",
        ("break", "流程断点", "A break in the process"),
        ("serial", "缺乏并联流程", "Steps one after another that could go together"),
        ("follow_up", "术后回访缺失", "No follow-up after the procedure"),
    ),
    *_branch(
        "cause_people",
        "人员培训",
        "People",
        ("skill", "项目参数不熟", "Does not know the treatment's parameters"),
        ("certificate", "未取得资质即讲解方案", "Explained a plan without the certificate"),
        ("left", "服务人员离职", "The person in charge left"),
    ),
    *_branch(
        "cause_tools",
        "工具与监控",
        "Tools and monitoring",
        ("simulation", "3D模拟与实况不符", "The simulation differs from the result"),
        ("unwatched", "咨询过程未监控", "Consults were not monitored"),
        ("room", "手术室环境异常", "The operating room was out of range"),
    ),
)


@hookimpl
def complaint_categories() -> tuple[Category, ...]:
    """Return the tree, parents first."""
    return CATEGORIES


@hookimpl
def complaint_causes() -> tuple[Cause, ...]:
    """Return the tree of causes, parents first."""
    return CAUSES
