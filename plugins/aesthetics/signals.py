"""The words by which a complaint about medical aesthetics is read: harm, what was promised or not told, pictures, the outside."""

import re

from plugins.api import Severity, Signal, Topic, both
from plugins.api import compile_words as rx

SYSTEM = "服务体系建设7大维度"
OWN = "own design"

GRAVE_HARM = rx(
    r"失明|看不见|瞎了|视力(?:下降|受损|没了)|血管栓塞|栓塞|坏死|面瘫|毁容|休克|昏迷|抢救|急救|呼吸困难|急诊|住(?:进)?(?:了)?院|败血|死亡|去世|"
    r"\b(?:blind\w*|necrosis|embolism|disfigur\w*|hospitali[sz]\w*|emergency room|died)\b",
)
COMPLICATION = rx(
    r"并发症|感染|发炎|化脓|流脓|溃烂|红肿|肿(?:得|成|了|胀)|血肿|硬块|结节|凹陷|增生|(?<!不留)(?<!不会留)(?<!没留)疤(?:痕)?|瘢痕(?!体质)|色素沉着|过敏|起疹|麻木|没知觉|歪了|不对称|一大一小|"
    r"伤口(?:裂|不愈合|崩|疼|烂)|线(?:头)?(?:露|断|崩)|假体(?:移位|外露)|疼得|剧痛|发(?:高)?烧|\b(?:infect\w*|swollen|scar\w*|pus|numb|uneven|lump\w*)\b",
)
RISK_SKIPPED = rx(
    r"(?P<act>(?:没|未|从没|没有|根本没|压根没|谁也没)(?:有)?(?:人)?(?:跟我|给我|向我|和我)?(?:提前|事先|书面)?(?:说|讲|提|告知|说明|提示|解释)[^,，。]{0,8}(?:风险|副作用|后遗症|并发症|禁忌|恢复期|注意事项))",
    r"(?P<act>(?:风险|副作用|后遗症|并发症|禁忌|恢复期)[^,，。]{0,8}(?:一个字|一句|只字|都|也|什么)?(?:都|也)?(?:没|未|不)(?:有)?(?:人)?(?:跟我|给我)?(?:说|讲|提|告知|说明|解释))",
    r"(?P<act>(?:没|未|没有)(?:有)?(?:让我)?(?:签|看)(?:过)?[^,，。]{0,6}(?:同意书|知情书|告知书))",
    r"(?P<act>跳过[^,，。]{0,6}(?:风险|告知))|隐瞒(?:了)?[^,，。]{0,6}风险",
    r"\b(?:never|nobody|not) (?:told|warned|informed|explained)[a-z ]{0,20}(?:risks?|side effects)\b",
)
PROMISE = rx(
    r"(?:承诺|保证|打包票|拍胸脯|答应|说(?:过|好|是|的)?|宣传|广告)[^,，。]{0,12}(?:有效|效果|成功|自然|不留疤|不反弹|永久|一辈子|零风险|没(?:有)?风险|百分百|100%|终身|像[^,，。]{1,6}一样)",
    r"过度承诺|虚假(?:承诺|宣传)|夸大(?:效果|宣传)?|无效退款|包(?:效果|满意|成功)|\b(?:guaranteed?|promised) (?:me )?(?:a |the |that )?[a-z ]{0,16}(?:results?|effect|permanent|safe)\b",
)
PHOTO = rx(
    r"(?:没|未|没有|不)(?:经|征得|问)?(?:过)?(?:我|本人)?(?:的)?(?:同意|允许|授权|许可)[^。]{0,12}(?:照片|对比图|肖像|视频|案例)",
    r"(?:照片|对比图|肖像|视频)[^。]{0,20}(?:没|未|没有)(?:经|征得|问)?(?:过)?(?:我|本人)?(?:的)?(?:同意|允许|授权|许可)",
    r"(?:偷拍|盗用|(?:擅自|私自)(?:用|使用|拿|发|公开|把我)(?:了|的)?|拿我(?:的)?)[^,，。]{0,8}(?:照片|对比图|肖像|视频|案例)",
    r"\b(?:used|posted|published) my (?:photos?|pictures?|images?)[a-z ]{0,20}(?:without|not asked)?\b",
)
PUBLISHED = re.compile(
    r"广告|宣传|朋友圈|抖音|小红书|微博|公众号|官网|网上|海报|推广|公开|大屏|直播|\b(?:advert\w*|online|social media|website|poster)\b"
)
POST = rx(
    r"(?:我|要|就|会|已经|再不)[^,，。]{0,8}(?:曝光|发(?:到|了|在|上)?(?:抖音|小红书|微博|朋友圈|网上|大众点评))|找(?:了)?(?:媒体|记者|电视台)",
    r"\b(?:i (?:will |have )?post(?:ed)? (?:it )?(?:on|online)|go to the press)\b",
)
REPORT = rx(
    r"(?<!\d)(?:12315|12345)(?!\d)|(?:向|到|去|给|找|打)[^,，。]{0,8}(?:卫健委|卫生监督|卫健局|市场监管|市监|消协|药监)[^,，。]{0,10}(?:投诉|举报|反映|告)?|(?:投诉|举报|反映)到?[^,，。]{0,6}(?:卫健委|卫生监督|市场监管|市监|消协|药监)",
    r"\breport(?:ed)? (?:you )?to the (?:authorities|regulator)\b",
)
LEGAL = rx(r"律师|起诉|法院|打官司|集体(?:诉讼|维权)|司法鉴定|报警|\b(?:sue|lawyer|lawsuit)\b")
UNLICENSED = rx(
    r"无证|没有(?:行医|医师|执业)?(?:资格|资质|执照)|不是医生|假(?:药|货|医生)|水货|来路不明|非法行医|\b(?:unlicen[sc]ed|counterfeit|fake)\b"
)

# What somebody came with or only asks about is no harm done here.
_ASKED = re.compile(r"请问|想(?:问|咨询|了解)|会不会|能不能|本来就|原来就|天生|以前就|来(?:看|做|修复)之前")
_NOT_OURS = re.compile(r"正常(?:现象|反应)|已经(?:消|好|恢复)|都好了|恢复(?:得)?(?:很|挺|不错)|不疼了|消肿")


def _signal(
    code: str, severity: Severity, zh: str, en: str, patterns: tuple[re.Pattern[str], ...], **more: object
) -> Signal:
    source = f"{SYSTEM}; level: {OWN}" if severity == "L2" else OWN
    return Signal(code, severity, both(zh, en), source, patterns, **more)  # type: ignore[arg-type] # fields by name


# The four triggers of the facts (issue 6): complication, skipped disclosure, over-promise, photo used without consent.
SIGNALS: tuple[Signal, ...] = (
    _signal("grave_harm", "L3", "严重并发症或有生命危险", "A severe complication, or life in danger", GRAVE_HARM, unless=_ASKED),
    _signal("photo_published", "L3", "照片未经同意被公开", "Pictures made public without consent", PHOTO, kind="certain", beside=PUBLISHED),
    _signal("public_post", "L3", "公开发布负面信息", "A negative post in public", POST, kind="act"),
    _signal("regulator_report", "L3", "向监管部门投诉或举报", "A report to the authorities", REPORT, kind="act"),
    _signal("legal_action", "L3", "律师、诉讼或报警", "A lawyer, a court or the police", LEGAL, kind="act"),
    _signal("unlicensed", "L3", "疑似无资质或假货", "Perhaps without a licence, or counterfeit", UNLICENSED, unless=_ASKED),
    _signal("complication", "L2", "术后并发症", "A complication after a procedure", COMPLICATION, unless=_ASKED, unless_sentence=_NOT_OURS),
    _signal("risk_skipped", "L2", "跳过风险告知", "Risks were not told", RISK_SKIPPED, kind="certain"),
    _signal("over_promise", "L2", "过度承诺效果", "Results were promised", PROMISE, unless=_ASKED),
    _signal("photo_used", "L2", "未经同意使用照片", "Pictures used without consent", PHOTO, kind="certain"),
)  # fmt: skip


def _topic(category: str, *weighted: tuple[int, str], most: int = 2) -> tuple[Topic, ...]:
    return tuple(Topic(category, weight, re.compile(pattern), most) for weight, pattern in weighted)


# In the order that decides a tie: health first.
TOPICS: tuple[Topic, ...] = (
    *_topic("medical_complication", (4, "|".join(p.pattern for p in (*COMPLICATION, *GRAVE_HARM)))),
    *_topic("candour_photo", (3, r"照片|对比图|肖像|偷拍|隐私|\bphotos?\b|\bpictures?\b")),
    *_topic("candour_risk", (2, r"风险|副作用|后遗症|同意书|告知|禁忌|\brisks?\b|side effect")),
    *_topic("candour_promise", (3, r"承诺|保证|虚假宣传|夸大|打包票|guarantee|promise")),
    *_topic("medical_result", (4, r"效果(?:不|没|差|一般|太)|没(?:有)?(?:什么|任何|一点)?(?:效果|变化)|不满意|不自然|没达到|做失败|跟(?:说|想|模拟)的(?:完全)?不一样|no (?:result|change)|not satisfied")),
    *_topic("candour_fees", (4, r"费用|收费|乱收|多收|加价|强制消费|推销|办卡|贷款|退款|退费|定金|\b(?:fee|refund|price|bill)\b")),
    *_topic("service_repeat", (5, r"(?:重复|反复|又|再|重新)(?:说|讲|解释|描述)|说了(?:好几|三|两|几)遍|每(?:个人|次)都(?:要)?(?:重新)?(?:说|讲|问)|换(?:了)?(?:个|一个)?咨询师|explain again")),
    *_topic("service_slow", (5, r"(?:咨询|消息|微信|留言|客服|电话)[^。]{0,12}(?:没人|不|没)(?:回|理|接)|已读不回|(?:半天|好久|几天)(?:没|不|才)(?:人)?回|no (?:answer|reply)")),
    *_topic("service_wait", (3, r"等了|排队|等(?:得|到|候|太久)|(?:半|[一二两三四\d]+)(?:个)?(?:多)?(?:小时|钟头)|waited|waiting"), (3, r"vip|VIP|贵宾|会员")),
    *_topic("service_attitude", (4, r"态度|不耐烦|敷衍|冷漠|爱理不理|翻白眼|嘲笑|骂|rude|attitude")),
)  # fmt: skip

# What a reason says about the category.
REASON_TOPICS = {
    "grave_harm": "medical_complication",
    "complication": "medical_complication",
    "risk_skipped": "candour_risk",
    "over_promise": "candour_promise",
    "photo_used": "candour_photo",
    "photo_published": "candour_photo",
}
REASON_WEIGHT = 4
