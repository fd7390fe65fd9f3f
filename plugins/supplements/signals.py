"""The words by which a complaint about supplements is read: harm, the outside world, and what each matter is called."""

import re

from plugins.api import Severity, Signal, Topic, both
from plugins.api import compile_words as rx

GUIDE = "2025年钙片行业企业客户服务质量提升"
OWN = "own design"

_TAKEN = r"(?:吃|服用|喝|补|用)(?:了|完|过|下去)?"
_SYMPTOM = (
    r"恶心|呕吐|(?<!想)吐了|腹泻|拉肚子|便秘|胃(?:疼|痛|胀|不舒服)|肚子(?:疼|痛|胀)|腹(?:痛|胀)|头晕|头疼|头痛|心慌|乏力|"
    r"不舒服|不适|难受|水肿|结石|腰(?:疼|痛)|反酸|烧心|抽筋(?:更|加重)"
)
UNWELL = rx(
    rf"(?:{_SYMPTOM})",
    r"\b(?:nausea|vomit\w*|diarrh\w*|constipat\w*|stomach ache|unwell|dizzy|kidney stones?)\b",
)
ALLERGY = rx(r"过敏|起(?:了)?(?:红)?疹|皮疹|红疹|荨麻疹|浑身痒|发痒|瘙痒|嘴唇?肿|脸肿|\b(?:allerg\w*|rash|hives)\b")
GRAVE_HARM = rx(
    r"住(?:进)?(?:了)?院|住院|急诊|急救|抢救|休克|昏迷|晕倒|昏倒|救护车|120|呼吸困难|喘不(?:上|过)来?气|便血|吐血|尿血|病危|去世|死亡|"
    r"\b(?:hospital\w*|ambulance|emergency room|unconscious|collapsed|died)\b",
)
FAKE = rx(
    r"假货|假药|冒牌|仿冒|假的钙|不是正品|过(?:了)?期(?:的|了)?|过期|发霉|霉(?:变|点)|虫子|异物|变质|结块|封口(?:破|开)|开封过|"
    r"\b(?:counterfeit|fake|expired|mouldy|moldy)\b",
)
POST = rx(
    r"(?:曝光|发(?:到|了|在|上)?(?:抖音|小红书|微博|朋友圈|网上|大众点评|业主群|微信群)|(?:抖音|小红书|微博|网上)(?:发|曝|挂)|差评(?:已经|都)?发|找(?:了)?(?:媒体|记者|电视台))",
    r"\b(?:post(?:ed|ing)? (?:it )?(?:on|online)|go to the press)\b",
)
REPORT = rx(
    r"(?<!\d)(?:12315|12345)(?!\d)|(?:向|到|去|给|找|打)[^,，。]{0,8}(?:市场监管|市监|工商|消协|消费者协会|药监|食药)[^,，。]{0,10}(?:投诉|举报|反映|告)?|(?:投诉|举报|反映)到?[^,，。]{0,6}(?:市场监管|市监|工商|消协|药监)",
    r"\b(?:report(?:ed)? (?:you )?to the (?:authorities|regulator))\b",
)
LEGAL = rx(r"律师|起诉|法院|打官司|报警|派出所|\b(?:sue|lawyer|lawsuit)\b")


def _signal(
    code: str, severity: Severity, zh: str, en: str, patterns: tuple[re.Pattern[str], ...], **more: object
) -> Signal:
    source = OWN if severity == "L3" else GUIDE
    return Signal(code, severity, both(zh, en), source, patterns, **more)  # type: ignore[arg-type] # fields by name


_ILL_BEFORE = re.compile(
    r"(?:本来|原来|一直|以前|之前)(?:就|都)?(?:有|是)|想(?:问|咨询)|请问|能不能吃|可不可以|适不适合|会不会"
)
SIGNALS: tuple[Signal, ...] = (
    _signal("grave_harm", "L3", "就医、住院或有生命危险", "Hospital, or life in danger", GRAVE_HARM, unless=_ILL_BEFORE),
    _signal(
        "bad_goods", "L3", "疑似假货、过期或变质", "Perhaps counterfeit, expired or spoilt", FAKE,
        unless=re.compile(r"(?:快|临近|还没)过期|过期(?:前|时间|日期)|优惠券|积分|券"),
    ),
    _signal("public_post", "L3", "公开发布负面信息", "A negative post in public", POST, kind="act"),
    _signal("regulator_report", "L3", "向监管部门投诉或举报", "A report to the authorities", REPORT, kind="act"),
    _signal("legal_action", "L3", "律师、诉讼或报警", "A lawyer, a court or the police", LEGAL, kind="act"),
    # 复杂问题(如补钙后出现不适); a symptom makes an allergy complex too (design note of facts complaints.yaml).
    _signal("allergy", "L2", "产品过敏：属于健康事件", "Allergy: a health event", ALLERGY, unless=_ILL_BEFORE),
    _signal("unwell", "L2", "服用后不适", "Unwell after taking it", UNWELL, unless=_ILL_BEFORE),
)  # fmt: skip


def _topic(category: str, *weighted: tuple[int, str], most: int = 2) -> tuple[Topic, ...]:
    return tuple(Topic(category, weight, re.compile(pattern), most) for weight, pattern in weighted)


# In the order that decides a tie: health first, then what is due soonest.
TOPICS: tuple[Topic, ...] = (
    *_topic("health_allergy", (5, r"过敏|红疹|皮疹|起疹|荨麻疹|瘙痒|发痒|allerg|rash|hives")),
    *_topic("health_unwell", (4, _SYMPTOM), (3, r"住院|急诊|就医|看医生"), (1, rf"{_TAKEN}[^,，。]{{0,8}}(?:后|之后|就)")),
    *_topic(
        "order_address",
        (6, r"地址(?:不对|错|写错|填错|有误|改|变)|(?:改|换|填错|写错)(?:了)?(?:一下)?(?:收货|收件)?地址|送错(?:地方|地址)|拒收|查无此人|wrong address"),
    ),
    *_topic(
        "order_stuck",
        (5, r"滞留|卡在|(?:几|两|三|四|五|\d)天(?:了)?(?:都)?(?:没|不)(?:动|更新|到|发)|一直(?:没|不)(?:到|动|发货|更新)|还没(?:到|收到|发货)|没(?:有)?收到(?:货|快递|包裹)?|不发货|(?:not|never) (?:arrived|moved|delivered)"),
    ),
    *_topic(
        "order_tracking",
        (6, r"物流(?:信息|单号|状态)[^,，。]{0,8}(?:错|不对|假|不符|查不到|不一致)|单号(?:错|不对|查不到|是假)|显示(?:已)?签收"),
        (2, r"物流|单号|tracking"),
    ),
    *_topic(
        "order_anomaly",
        (5, r"(?:发|寄)错(?:货|了)|漏发|少发|少(?:了)?[一二两三\d]+(?:瓶|盒)|多扣|重复(?:扣款|下单)|订单(?:取消|异常|不见|错)|wrong (?:item|goods)|missing"),
        (2, r"订单|快递|包裹|发货|parcel|order"),
    ),
    *_topic(
        "simple_damaged",
        (6, r"(?:瓶子?|盒子?|包装|罐子?|外盒|盖子|封口|箱子?)[^,，。]{0,6}(?:破|碎|裂|坏|压扁|漏|烂|变形)|(?:收到|送来|寄来)[^,，。]{0,8}(?:破|碎|坏|烂)|摔(?:碎|坏)|压(?:扁|坏)|broken|damaged"),
    ),
    *_topic(
        "simple_return",
        (4, r"退货|换货|退换|退不了|不给退|不让退|退款(?:太|很|还|怎么)?(?:慢|没到|不到账|流程)?|(?:体检报告|处方|证明)[^,，。]{0,10}(?:才能|才给)|要(?:我|求)?提供[^,，。]{0,8}(?:证明|报告|处方)|return|refund"),
    ),
    *_topic(
        "simple_agent",
        (4, r"客服[^,，。]{0,12}(?:不懂|不知道|说不清|答不上|解释不|敷衍|态度|机器人|不专业|不回|没人)|(?:有机钙|无机钙)|一问三不知|没人(?:回|理)|排队(?:等|半)|态度(?:差|不好|恶劣)"),
    ),
    *_topic(
        "efficacy",
        (5, r"没(?:有)?(?:什么|任何|啥|一点|明显)?(?:效果|用处|作用|改善|变化)|不管用|没用|无效|白(?:吃|买)|骨密度[^,，。]{0,10}(?:没|不|还是|反而)(?:变|升|涨|提高|低|下降)?|(?:还是|照样|依然)(?:抽筋|腿疼|腰疼|缺钙)|no effect|does(?:n't| not) work"),
        (1, r"效果|骨密度"),
    ),
)  # fmt: skip

# What a reason says about the category.
REASON_TOPICS = {"allergy": "health_allergy", "unwell": "health_unwell", "grave_harm": "health_unwell"}
REASON_WEIGHT = 4
