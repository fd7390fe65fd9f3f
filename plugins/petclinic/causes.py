"""Why complaints come about, as the training document lists it: a tree of its own beside the subjects of the plan."""

from plugins.api import Cause, both, hookimpl


def _branch(local: str, zh: str, en: str, *leaves: tuple[str, str, str]) -> tuple[Cause, ...]:
    children = (Cause(id=f"{local}_{leaf}", label=both(*words), parent=local) for leaf, *words in leaves)
    return (Cause(id=local, label=both(zh, en)), *children)


# 宠物服务业投诉处理培训与发展, 第一部分 宠物服务业投诉成因分析, in its order and words.
CAUSES = (
    *_branch(
        "cause_quality",
        "服务质量",
        "Quality of service",
        ("skill", "缺乏专业技能", "Lack of professional skill"),
        ("attitude", "服务态度不佳", "Poor attitude"),
        ("equipment", "设备设施不足", "Equipment or rooms fall short"),
    ),
    *_branch(
        "cause_information",
        "信息不对称",
        "Unequal information",
        ("opaque_service", "服务信息不透明", "Services not made clear"),
        ("transparency", "缺乏透明度", "Lack of openness"),
    ),
    *_branch(
        "cause_needs",
        "需求未满足",
        "Needs not met",
        ("personal", "个性化服务缺失", "No personal service"),
        ("extra", "附加需求未满足", "Further wishes not met"),
    ),
    *_branch(
        "cause_communication",
        "沟通不畅",
        "Poor communication",
        ("language", "语言沟通障碍", "Barrier of language"),
        ("late_information", "信息传递不及时", "Information passed on late"),
    ),
    *_branch(
        "cause_market",
        "市场原因",
        "The market",
        ("competition", "行业竞争激烈", "Fierce competition"),
        ("rights", "维权意识增强", "Customers know their rights better"),
    ),
    *_branch(
        "cause_other",
        "其他",
        "Other",
        ("season", "季节性因素", "Season"),
        ("incident", "突发事件", "Sudden event"),
        ("individual", "个体差异", "Individual difference"),
    ),
)


@hookimpl
def complaint_causes() -> tuple[Cause, ...]:
    """Return the tree, parents first."""
    return CAUSES
