"""The words of the month on paper, in both languages: a worker has no reader whose catalogue it could ask."""

from collections.abc import Mapping
from typing import Any, Final

from core.hooks.records.text import Text

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("投诉月报", "Complaints of the month"),
    "month": ("月份", "Month"),
    "received": ("收到", "Received"),
    "ended": ("办结", "Ended"),
    "kept": ("承诺按时兑现", "Promises kept"),
    "kept_percent": ("兑现率", "Kept"),
    "decided": ("已定", "Decided"),
    "of": ("共 {n} 件", "of {n}"),
    "cases": ("件", "cases"),
    "first": ("首次响应（中位）", "First response, median"),
    "cycle": ("处理周期（平均）", "Cycle, mean"),
    "once": ("一次解决", "Solved at once"),
    "reopened": ("重新打开", "Opened again"),
    "cost": ("每件成本", "Cost per case"),
    "promise": ("承诺", "Promise"),
    "by_promise": ("各项承诺", "Promise by promise"),
    "trend": ("近 12 个月", "The last 12 months"),
    "levels": ("级别占比", "Levels"),
    "level": ("级别", "Level"),
    "expected": ("应占", "Expected"),
    "share": ("占比", "Share"),
    "about": ("投诉分类", "What they were about"),
    "category": ("分类", "Category"),
    "unsaid": ("未填写", "Not written down"),
    "baselines": ("文件中的现状，供对比", "What the documents say of today, to compare with"),
    "few": ("样本少", "few"),
    "none": ("本月没有投诉，也没有办结。", "No complaint came and none ended in this month."),
    "period": ("{year}年{month}月", "{year}-{month:02d}"),
    "read_by": ("院长审阅：", "Read by the director:"),
    "read_on": ("日期：", "On:"),
    "made": ("制作于 {at}", "Made {at}"),
    "note": (
        "百分比旁的数字是样本数。一次解决：办结后 {days} 天内没有重新打开，也没有同一客户同一原因的新投诉；只统计已满 {days} 天的案件。",
        (
            "The number beside a percentage is what it rests on. Solved at once: within {days} days of its end neither "
            "opened again nor followed by a complaint of the same customer for the same cause; only cases whose {days} "
            "days are over."
        ),
    ),
}
_UNITS: Final = ((86_400, "天", " d"), (3600, "小时", " h"), (60, "分", " min"), (1, "秒", " s"))


def word(key: str, locale: str, **values: object) -> str:
    """Return a word in the language of a locale."""
    zh, en = WORDS[key]
    return (zh if is_chinese(locale) else en).format(**values)


def is_chinese(locale: str) -> bool:
    """Say which of the two languages a locale reads."""
    return locale.lower().startswith("zh")


def named(label: Text, locale: str) -> str:
    """Return a plugin's label in the language of a locale."""
    if isinstance(label, str):
        return label
    kept: Mapping[str, Any] = label
    return str(kept.get("zh-CN" if is_chinese(locale) else "en") or next(iter(kept.values()), ""))


def long(seconds: float | None, locale: str) -> str:
    """Return a time in its two largest units: `1 小时 30 分`."""
    if seconds is None:
        return "—"
    rest, parts = round(seconds), []
    for size, zh, en in _UNITS:
        n, rest = divmod(rest, size)
        if n:
            parts.append(f"{n} {zh}" if is_chinese(locale) else f"{n}{en}")
    return " ".join(parts[:2]) or ("0 秒" if is_chinese(locale) else "0 s")
