"""The categories of complaints, as the emergency plan lists them."""

from plugins.api import Category, Severity, both, hookimpl

_MEDICAL_EVIDENCE = ("medical_record", "video", "consent")


def _node(
    local: str,
    zh: str,
    en: str,
    parent: str | None = None,
    severity: Severity = "L1",
    evidence: tuple[str, ...] = ("chat_record",),
) -> Category:
    return Category(id=local, label=both(zh, en), parent=parent, default_severity=severity, evidence=evidence)


def _medical(local: str, zh: str, en: str) -> Category:
    # §3.2: 可能涉及医疗争议 is level 2, so a medical complaint starts there.
    return _node(local, zh, en, "medical", "L2", _MEDICAL_EVIDENCE)


# 宠物医院客户投诉应急预案 §1.2, in its order and words; `custody` is ours, for §3.3 宠物寄养期间逃跑.
CATEGORIES = (
    _node("medical", "医疗相关", "Medical", None, "L2", _MEDICAL_EVIDENCE),
    _medical("medical_diagnosis", "诊断误差", "Diagnosis"),
    _medical("medical_outcome", "治疗效果争议", "Outcome of treatment"),
    _medical("medical_drugs", "用药问题", "Drugs"),
    _node("service", "服务相关", "Service"),
    _node("service_attitude", "接待态度冷漠", "Attitude", "service", evidence=("video", "call_recording")),
    _node("service_waiting", "候诊时间过长", "Waiting time", "service"),
    _node("service_fees", "费用解释不清", "Fees not explained", "service", evidence=("bill", "consent")),
    _node("service_custody", "寄养与看护", "Boarding and custody", "service", "L2", ("video", "chat_record")),
    _node("environment", "环境相关", "Environment"),
    _node("environment_hygiene", "诊疗区卫生状况差", "Hygiene", "environment", evidence=("photo", "video")),
    _node("environment_noise", "噪音干扰", "Noise", "environment"),
    _node(
        "environment_infection", "交叉感染隐患", "Risk of infection", "environment", "L2", ("photo", "medical_record")
    ),
    _node("other", "其他衍生", "Other"),
    _node("other_online_reply", "线上咨询回复不及时", "Late online reply", "other"),
    _node("other_pickup", "接送服务失约", "Missed pick-up", "other"),
)


@hookimpl
def complaint_categories() -> tuple[Category, ...]:
    """Return the tree, parents first."""
    return CATEGORIES
