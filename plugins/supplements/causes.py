"""Why complaints of a supplement shop come about: what its document finds wrong with the trade's service."""

from plugins.api import Cause, both, hookimpl


def _branch(local: str, zh: str, en: str, *leaves: tuple[str, str, str]) -> tuple[Cause, ...]:
    children = (Cause(id=f"{local}_{leaf}", label=both(*words), parent=local) for leaf, *words in leaves)
    return (Cause(id=local, label=both(zh, en)), *children)


# 2025年钙片行业企业客户服务质量提升: the weaknesses it names before, during and after a sale, in its words. The grouping is ours.
CAUSES = (
    *_branch(
        "cause_knowledge",
        "专业能力",
        "Knowledge",
        ("explain", "客服无法解释产品差异", "Agents cannot explain the products"),
        ("dose", "剂量建议缺乏依据", "Advice on doses without a source"),
        ("groups", "忽略特殊人群", "Special groups overlooked"),
    ),
    *_branch(
        "cause_logistics",
        "物流协同",
        "Delivery",
        ("data", "物流信息错误", "Wrong delivery data"),
        ("carrier", "承运商延误或损坏", "Carrier late, or goods damaged"),
        ("warehouse", "仓库错发漏发", "Wrong or missing goods packed"),
        ("address", "收件信息有误", "Wrong address or phone"),
    ),
    *_branch(
        "cause_product",
        "产品",
        "Product",
        ("quality", "产品质量", "Quality"),
        ("reaction", "个体不耐受", "Individual intolerance"),
        ("expectation", "效果预期过高", "Too much expected of it"),
    ),
    *_branch(
        "cause_process",
        "服务流程",
        "Process",
        ("paperwork", "流程繁琐（证明材料、人工审核）", "Papers and manual review"),
        ("approval", "逐级审批", "Approval level by level"),
        ("queue", "排队时间长", "Long queues"),
        ("follow_up", "缺少效果跟踪", "No follow-up of the effect"),
    ),
)


@hookimpl
def complaint_causes() -> tuple[Cause, ...]:
    """Return the tree, parents first."""
    return CAUSES
