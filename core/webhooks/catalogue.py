"""The kinds of events that webhooks tell of: data, the engine's own and those that plugins declare."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from core.hooks.records.text import Text


class EventKind(msgspec.Struct, frozen=True):
    """One kind of event, with its name in both languages."""

    code: str
    title: Text
    source: str = ""
    """The plugin that declares it; empty for the engine."""


OWN: Final = (
    EventKind("complaint.filed", {"zh-CN": "收到投诉", "en": "A complaint was filed"}),
    EventKind("complaint.state_changed", {"zh-CN": "投诉状态变更", "en": "A complaint's state changed"}),
    EventKind("complaint.deadline_missed", {"zh-CN": "投诉承诺超时", "en": "A promise of a complaint was missed"}),
    EventKind("submission.completed", {"zh-CN": "表单填写完成", "en": "A form was filled in"}),
    EventKind("customer.created", {"zh-CN": "新增客户", "en": "A customer was written down"}),
    EventKind("visit.ended", {"zh-CN": "就诊结束", "en": "A visit ended"}),
    EventKind("purchase.recorded", {"zh-CN": "记录消费", "en": "A purchase was recorded"}),
    EventKind("tier.changed", {"zh-CN": "会员等级变更", "en": "A tier changed"}),
    EventKind("webhook.test", {"zh-CN": "测试事件", "en": "A test"}),
)


class ForeignKind(LookupError):
    """A plugin declares a kind outside its own name, or one twice."""


def gather(plugins: Mapping[str, Iterable[EventKind]]) -> dict[str, EventKind]:
    """Return all kinds by code; a plugin's stand under its own name: `petclinic.vaccine_due`.

    Raises:
        ForeignKind: a plugin takes a name that is not its own, or takes one twice.
    """
    found = {one.code: one for one in OWN}
    for plugin, kinds in plugins.items():
        for one in kinds:
            if not one.code.startswith(f"{plugin}.") or one.code in found:
                raise ForeignKind(f"{plugin} cannot declare {one.code!r}")
            found[one.code] = msgspec.structs.replace(one, source=plugin)
    return found
