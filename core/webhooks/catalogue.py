"""The kinds of events that webhooks tell of: data, the engine's own and those that plugins declare."""

from collections.abc import Iterable, Mapping
from typing import Final

from core.hooks.records.webhooks import EventKind

TEST: Final = "webhook.test"
OWN: Final = (
    EventKind("customer.created", {"zh-CN": "新增客户", "en": "A customer was written down"}),
    EventKind("customer.merged", {"zh-CN": "客户合并", "en": "Two customers became one"}),
    EventKind("customer.erased", {"zh-CN": "客户资料已删除", "en": "A customer's data were erased"}),
    EventKind("submission.completed", {"zh-CN": "表单填写完成", "en": "A form was filled in"}),
    EventKind("complaint.filed", {"zh-CN": "收到投诉", "en": "A complaint was filed"}),
    EventKind("complaint.level_set", {"zh-CN": "投诉等级调整", "en": "A complaint's level was set"}),
    EventKind("complaint.promise_met", {"zh-CN": "投诉承诺达成", "en": "A promise of a complaint was met"}),
    EventKind("complaint.promise_breached", {"zh-CN": "投诉承诺超时", "en": "A promise of a complaint was broken"}),
    EventKind("complaint.resolved", {"zh-CN": "投诉已解决", "en": "A complaint was resolved"}),
    EventKind("complaint.closed", {"zh-CN": "投诉关闭", "en": "A complaint was closed"}),
    EventKind("complaint.reopened", {"zh-CN": "投诉重新打开", "en": "A complaint was opened again"}),
    EventKind("remedy.decided", {"zh-CN": "补偿方案有结果", "en": "A remedy was decided"}),
    EventKind("visit.ended", {"zh-CN": "就诊结束", "en": "A visit ended"}),
    EventKind("purchase.recorded", {"zh-CN": "记录消费", "en": "A purchase was recorded"}),
    EventKind("purchase.refunded", {"zh-CN": "消费退款", "en": "A purchase was refunded"}),
    EventKind("points.changed", {"zh-CN": "积分变动", "en": "A balance of points changed"}),
    EventKind("tier.changed", {"zh-CN": "会员等级变更", "en": "A tier changed"}),
    EventKind(TEST, {"zh-CN": "测试事件", "en": "A test"}),
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
            found[one.code] = one
    return found
