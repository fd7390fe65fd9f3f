"""The words that speak for each category of the emergency plan, and what a reason says about the category."""

import re

from plugins.api import Topic


def _topic(category: str, *weighted: tuple[int, str], most: int = 2) -> tuple[Topic, ...]:
    return tuple(Topic(category, weight, re.compile(pattern), most) for weight, pattern in weighted)


_WAITED = r"(?:半|[一二两三四五六七八九十\d.:]{1,6})(?:个)?(?:多)?(?:小时|钟头|分钟|钟|点)"

# In the order that decides a tie: the plan's own order within each branch, the more particular first.
TOPICS: tuple[Topic, ...] = (
    *_topic(
        "medical_diagnosis",
        (2, r"误诊|漏诊|诊断|判断失误|看错|查不出|没查出|没看出|复查|复诊断|misdiagnos"),
        (1, r"化验|拍片|b超|x光|报告"),
    ),
    *_topic(
        "medical_diagnosis",
        (4, r"(?:当成|看成|误判|误以为|错当|认成|说成|断定)|没(?:看|查)出|拿反|(?:才知道|其实|查出|确诊)(?:是|来是)?[^,，。]{1,8}(?:炎|瘟|病|瘤|结石|积液|骨折|衰|梗阻|怀孕)|医生[a甲1一][^a-z]"),
    ),
    *_topic(
        "medical_drugs",
        (4, r"推(?:了|得|快|太)|氯化钾|青霉素|阿莫西林|麻药(?:过量|打多)|处方(?!粮)|药房|打(?:成|错)|(?:药|针|疫苗)[^,，。]{0,10}(?:吐|拉|抽|休克|鼓|肿|起)"),
        (5, r"什么药|(?:布洛芬|消炎药|止[疼痛]药|头孢|激素|驱虫(?:药|滴剂)|眼药水|药膏|滴剂)"),
        (2, r"开错药|用错药|拿错药|给错药|打错针|用药|药量|剂量|用量|过敏|乱开药|过期(?:的)?药|副作用|抗生素|激素|驱虫药|药房|药袋|药水|wrong (?:drug|medic|dose)"),
        (1, r"药|针"),
        most=1,
    ),
    *_topic(
        "medical_outcome",
        (2, r"伤口|刀口|没效果|没有效果|没好|没见好|好转|复发|缓解|术后|手术失败|医疗纠纷|医疗事故|手术台|治疗效果|瘫|恶化|二次手术"),
        (1, r"手术|麻醉|开刀|绝育|截肢|治疗|治了|住院|抢救|输液|洗牙|拔牙|icu|呼吸机|吊瓶|医生|双眼皮|埋线|surgery|treatment|died|limp"),
        most=1,
    ),
    *_topic(
        "environment_infection",
        (5, r"换[猫狗]不换|(?:不|没)换(?:垫|单|手套|床单|毛巾)|垫单|交叉感染|传染|传上|传给|没有?(?:单独的?)?隔离|隔离(?:室|区|病房)|(?:混在一起|关一排|坐一块|放一起)|(?:没洗手|没换手套|不换手套|没消毒就|没有消毒就|擦都不擦)|cross[- ]infect"),
        (2, r"消毒|猫瘟|犬瘟|细小|窝咳|体温计|针头|跳蚤|真菌|病毒"),
    ),
    *_topic(
        "environment_hygiene",
        (4, r"卫生(?!纸|间|监督|局)|(?<![心内肝肾])脏|(?<!掉)臭|异味|尿味|骚味|味道(?:超|太|很|好)?(?:重|大|难闻)|难闻|发霉|霉|苍蝇|蟑螂|虫子|垃圾|dirty|smell|hygien|sticky"),
        (4, r"血[渍迹]|没(?:有)?(?:清理|打扫|收拾)"),
        (3, r"(?:地上|地板|诊室|笼子?里|桌子|台子?|秤|椅子|角落)[^。]{0,10}(?:尿|屎|便便|毛|灰|血|黏)|没人(?:拖|扫|擦|打扫|清理)|马桶|洗手间|厕所|死角|没擦|没换垫|一层(?:毛|灰)|洗手液"),
    ),
    *_topic(
        "environment_noise",
        (4, r"噪音|噪声|(?<!争)吵(?!架|着要|着说)|嘈杂|闹哄哄|隔音|轰隆|电钻|大喇叭|嗓门|太闹|尖叫|声音(?:太|很|特别)?大|大声|此起彼伏|nois|loud"),
        (4, r"外放|音响|喇叭|大喊|喧闹|广播|震天|咚咚|震耳|太响|很响|闹腾"),
        (2, r"装修|音乐|狗叫|外机|喧哗"),
    ),
    *_topic("environment", (5, r"冷气|空调|暖气|太冷|太热|闷热|通风|没地方坐|椅子(?:太|不)")),
    *_topic(
        "other_pickup",
        (5, r"接宠|晚到|接送车|司机"),
        (4, r"接送|上门接|专车|接猫的|接狗的|来接(?!受|待|诊)|没来接|放鸽子|爽约|送回来的时间|pick[- ]?up"),
        (2, r"司机|没见人影|车坏了|迟到|失约"),
    ),
    *_topic(
        "other_online_reply",
        (4, r"(?:线上|微信|在线|公众号|小程序|app|官网|网上|后台|私信|咨询群|群里|客服)[^。]{0,24}(?:不回|没回|未回|没人(?:回|理|吱)|才(?:有人)?(?:回|理)|回复|回消息|回信|已读|没下文|石沉大海|机器人|没人理|吱声)|已读不回|石沉大海|没人(?:应答|吱声)|转人工|reply online"),
        (3, r"线上(?:咨询|问诊)|在线(?:咨询|问诊)|私信咨询|客服微信|(?:两|三|几|半)天[^,，。]{0,3}(?:没回|不回|没人回)|隔(?:俩|两)小时"),
        (1, r"微信|公众号|小程序|客服|咨询|留言"),
    ),
    *_topic(
        "service_fees",
        (3, r"费用|收费|账单|明细|清单|价目|预估|估价|报价|标价|预算|多收|乱收|超收|贵(?:得|了|死|点|一点)|价格|涨价|扣款|扣了|材料费|检查费|挂号费|停车费|总数|发票|打折|[八九七六五]折|封顶|强制消费|余额|开销|\b(?:bill|fee|charge|price|quoted|paying)"),
        (3, r"(?:同样|上次)[^。]{0,12}\d+[^。]{0,6}(?:这次|今天|现在)[^。]{0,4}\d+|会员卡|办卡|充值|储值|押金|多少钱|差额|退费|退款"),
        (1, r"钱|元|块|结账|收银|结算|账"),
    ),
    *_topic(
        "service_waiting",
        (3, r"等了|等到|等(?:得|死)|久等|白等|多等|干坐|排(?:了|队|号|在|到|[半一两三四]个?(?:多)?(?:小时|钟))|候诊|叫号|插队|加塞|等(?:位|号|候|待)|等太久|wait"),
        (4, r"长队|排队|排着队|[上下]午[^,，。]{0,8}才|才(?:看到|轮到|见到|进|看上)|叫号"),
        (3, r"(?:取|拿|出)(?:个|一?张|一?份)?[^,，。]{0,6}等|约好?[^,，。]{0,4}点[^。]{0,8}(?:没(?:叫|轮|看)|才)|没(?:有)?(?:叫|轮)到|分诊慢|效率"),
        (2, rf"预约[^。]{{0,10}}{_WAITED}|{_WAITED}[^。]{{0,8}}(?:才|没人)|轮到|取(?:个)?药[^,，。]{{0,4}}等"),
        (2, rf"(?:等|坐)[^,，。]{{0,8}}{_WAITED}"),
    ),
    *_topic(
        "service_attitude",
        (3, r"态度|冷漠|冷淡|不耐烦|敷衍|爱理不理|爱搭不理|爱看不看|爱答不理|阴阳怪气|翻(?:了个?)?白眼|白眼|不抬头|刷手机|玩手机|冷着|冷冰冰|冷脸|没礼貌|素质|骂|吼|凶|拽|冲(?:了|得)|甩|嬉皮笑脸|热情|没人理|没人搭理|没人管|不搭理|客气点|难听|听着(?:真)?难受|没耐心|爱来不来|推销|rude|attitude|rolling"),
        (4, r"全程(?:没|不)|没看[^,，。]{0,3}一眼|敲键盘|打断|懒得|没好气|撇嘴|甩脸|自己(?:看|查|百度)|催(?:我|着)"),
        (4, r"翻(?:了个?)?白眼|黑脸|臭脸|黑着脸|不耐烦|冷漠|嫌我|嫌[^,，。]{0,3}烦|凶|难听|服务[^,，。]{0,3}(?:差劲|恶劣|糟糕)"),
        (6, r"巴掌|耳光|踹|打(?:了)?我家"),
        (2, r"打招呼|像空气|不应|赶我|挂了|不归我管|笑一下|笑脸|服务(?:差|一般)|大惊小怪|说话"),
        (1, r"前台|护士|导医|保安|收银的"),
    ),
    *_topic(
        "service_custody",
        (4, r"寄养|寄存|寄宿|托管|走失|跑丢|弄丢|boarding|ran away"),
        (3, r"烘干|剪毛|剪指甲|吹毛|遛狗|美容"),
        (2, r"洗澡"),
        most=1,
    ),
    *_topic(
        "service",
        (4, r"空腹|地图|白跑|没(?:有)?人?(?:标识|标志|指示|指引|牌子|说要)"),
        (3, r"标志|标牌|路标|指引|没有?人?(?:提醒|告知|补)"),
        (2, r"导诊|标识|指示牌|牌子|停车(?!费)|没(?:有)?(?:提醒|告知|通知|说)|未(?:主动)?告知|造型|剪得|没洗干净|洗得不干净|体检报告|短信|快递|物流|预约系统|监控老是|系统(?:挂|崩)|崩了|跑步机|猫砂|柜子底下"),
    ),
)  # fmt: skip

# What a reason found in the words adds to a category; the plan's list has no branch of its own for deaths and escapes.
REASON_TOPICS = {
    "animal_death": "harm",
    "grave_harm": "harm",
    "animal_death_in_surgery": "harm",
    "life_in_danger": "harm",
    "euthanasia_without_consent": "harm",
    "wrong_amputation": "harm",
    "harm_done": "harm",
    "not_relieved": "medical_outcome",
    "stress_not_handled": "harm",
    "boarding_escape": "service_custody",
    "diagnosis_in_doubt": "medical_diagnosis",
    "drugs_in_doubt": "medical_drugs",
    "infected_here": "environment_infection",
    "cost_over_estimate": "service_fees",
    "money_taken": "service_fees",
}
REASON_WEIGHTS = {
    "diagnosis_in_doubt": 6,
    "drugs_in_doubt": 6,
    "infected_here": 9,
    "wrong_amputation": 9,
    "grave_harm": 8,
    "boarding_escape": 9,
    "cost_over_estimate": 6,
    "money_taken": 4,
    "not_relieved": 4,
    "stress_not_handled": 4,
    "harm_done": 5,
}
USUAL_WEIGHT = 5
CUSTODY = re.compile(
    r"(?<!邮)寄(?!给|来|信|到|去|送|快)|洗护|吹(?:风|水)|修脚|染毛|店员|剃毛|(?:一个|同一个|同)笼|修毛|修剪|宠托|托养|寄养|寄存|寄宿|托管|洗澡|美容|剪毛|剪指甲|吹毛|烘干|遛狗|遛|boarding|groom"
)
NOT_CUSTODY = re.compile(r"手术|麻醉|镇静|绝育|术后")
