"""The words that make a complaint grave or serious, each with its level, reason and source section."""

import re
from dataclasses import dataclass
from typing import Literal

from plugins.api import Severity, Text, both

PLAN = "宠物医院客户投诉应急预案"
Kind = Literal["fact", "act", "certain"]
"""fact: something that happened, unless denied or feared. act: something the customer did or announces (a post, a
report). certain: the words leave no doubt, whatever stands before them."""

_IN = r"[^。！？!?;；\n]"  # anything inside one sentence
_NEAR = r"[^,，。！？!?;；、\n]"  # anything inside one clause
ANIMAL = (
    r"(?:猫|狗|犬|宠物|毛孩|咪|汪|兔|仓鼠|鹦鹉|鸟|龟|蛇|貂|豚鼠|宝贝|宝宝|孩子|儿子|闺女|女儿|它|牠|小家伙|泰迪|金毛|柯基|布偶|英短|美短|二哈|"
    r"哈士奇|拉布拉多|比熊|博美|柴犬|法斗|边牧|\b(?:dog|cat|pet|puppy|kitten|rabbit|hamster|he|she|it)\b)"
)
CARE = re.compile(
    r"手术|麻醉|麻药|全麻|开刀|绝育|去势|术中|术后|术前|剖腹|剖宫|拔牙|洗牙|镇静|缝合|住院|输液|打针|打完针|吊瓶|点滴|用药|吃药|治疗|"
    r"抢救|疫苗|诊疗|医院|你们|贵院|寄养|洗澡|美容|surgery|anesthe|anaesthe|operation|hospital|clinic|spay|neuter|board|groom"
)
SURGERY = re.compile(
    r"手术|麻醉|麻药|全麻|开刀|绝育|去势|术中|术后|剖腹|剖宫|拔牙|洗牙|surger|operati|anesthe|anaesthe|spay|neuter"
)
_CUSTODY = r"寄养|寄存|托管|住店|留宿|日托|住院|洗澡|美容|接送|遛|看护|你们|贵院|医院|店里|诊所|护士|助理|boarding|boarded|groom|clinic|walk"


@dataclass(frozen=True)
class Signal:
    """What to look for; `act` in a pattern marks the word that may be denied or announced."""

    code: str
    severity: Severity
    reason: Text
    source: str
    patterns: tuple[re.Pattern[str], ...]
    kind: Kind = "fact"
    within: re.Pattern[str] | None = None
    """Must stand somewhere in the text."""
    unless: re.Pattern[str] | None = None
    """Must not stand in the sentence."""


def _rx(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in patterns)


# 吓死、贵死 are said of people; 病死、治死 are meant. 死板、死角 are other words.
_HYPERBOLE = r"气急吓累烦冷困等贵笑恨心难受丑脏臭忙挤堵坑黑慢吵羞愁"
_BODILY = r"饿渴热晒疼痛闷"
_OTHER_WORDS = r"板|活|贵|角|机|心|等|守|盯|撑|党|磕|循环|胡同|皮赖|对头|扛|咬|要|不承认|不认|缠|规矩|命|鬼|样|忙|记|赖|锁|结|了算|率|亡率|亡风险|亡几率|亡概率|亡的风险"
DEATH = _rx(
    rf"(?<![安乐该打往半笨作找拼誓生要快想{_HYPERBOLE}{_BODILY}])(?P<act>死)(?!{_OTHER_WORDS})",
    rf"{ANIMAL}{_NEAR}{{0,8}}(?<!要)(?P<act>[{_BODILY}]死)(?!我|个人|人|她了我)",
    r"(?P<act>打死|咬死)了",
    r"(?P<act>去世|离世|过世|病逝|身亡|丧命|丧生|毙命|送命|送了命|没命|断气|断了气|咽气|咽了气|(?:要|丢|没)了[^,，。]{0,3}命)",
    r"(?P<act>抢救无效|没有?能?抢?救(?:回来|过来|活|成)|救不(?:回来|活|过来)|没有?能?(?:挺|熬|撑)(?:过来|过去|住)|(?<!还)(?<!暂时)没有?能?再?醒过?来|"
    r"再也?没有?醒|醒不过?来|没能?下(?:得了|来)(?:手术)?台|没了(?:呼吸|心跳)|没有(?:了)?(?:呼吸|心跳))",
    r"(?P<act>尸体|遗体|火化|骨灰|彩虹桥|喵星|汪星|回了?星星)",
    rf"{ANIMAL}{_NEAR}{{0,6}}?(?<![毛药号位钱包牙欲神口音耳腿蛋圈绳心尾甲痛疼痒食])(?P<act>没了|没有了|不在了|离开了?(?:我们?|这个世界)|挂了|凉了)",
    rf"{ANIMAL}{_NEAR}{{0,4}}(?<![带抱接牵领跑送搬拿逃溜偷赶拉拖出])(?P<act>走了)(?!\d|[过出丢失来很好半几一两三多远大])",
    r"(?P<act>\b(?:died|dies|dead|passed away|killed|did(?:n't| not) (?:survive|make it|wake up)|never woke up|death of)\b)"
    r"(?! (?:battery|end|line|tired))",
)
# 如果早点做手术它就不会死 says that it died.
COUNTERFACTUAL_DEATH = _rx(
    rf"(?:如果|要是|要不是|早点?|及时|当时|换了?|不是你们){_IN}{{0,24}}(?P<act>(?:就|也|根本|本来|都)(?:不会|不至于|不该|不应该|不用)(?:死|没命|去世|离开))"
)
# "豆豆没了" names no animal we know; beside surgery it is read as a death.
NAMED_DEATH = _rx(
    r"(?:昨晚|昨天|今早|今天|当晚|当天|第.天|凌晨|最后|最终|结果|还是|就这么|就这样|永远)(?:地|就|还是)?(?P<act>走了)(?!\d|[过出丢失来很好半几一两三多远大])",
    r"(?<![毛药号位钱包牙欲神口音耳腿蛋圈绳心尾甲痛疼痒食任味])(?<!都)(?<!全)(?P<act>(?:人|就)?没了)(?!吗)",
)
_PERSON = r"(?:妈|爸|奶奶|爷爷|外公|外婆|姥姥|姥爷|老人|亲人|家人|老公|老婆|父亲|母亲|朋友)[^,，。猫狗犬宠]{0,4}(?:去世|过世|离世|走了|没了|死)"
_EARLIER = r"别家|听说|据说|其他医院|(?:以前|从前|上一[只条个]|前一[只条个]|老家|邻居|别人)(?:家)?(?:的|养)?(?![^,，。]*(?:你们|贵院|手术|麻醉|住院))|寿终|老死"
EUTHANASIA = _rx(
    r"(?:擅自|私自|未经|没经|没有经过|没有?告诉|没有?通知|没有?同意|不告诉|误)[^。！？]{0,14}(?P<act>安乐)"
)

DANGER = _rx(
    r"(?P<act>生命危险|病危|危在旦夕|命悬一线|奄奄一息|垂危|濒死|快不行了|大出血|休克|昏迷|心[跳脏]骤?停|呼吸骤?停|停止呼吸|停止心跳|icu)",
    rf"{ANIMAL}{_NEAR}{{0,4}}(?P<act>快死|要死了)(?!我)",
    r"(?P<act>\b(?:life[- ]threatening|critical condition|cardiac arrest|coma)\b)",
)
_WRONG_PLACE = r"(?:腿|肢|爪|脚|侧|边|部位|位置|器官|眼|耳朵|牙|肾|刀|睾丸)"
WRONG_SITE = _rx(
    r"(?P<act>(?:错误的?|误|错)截(?:肢|了|掉)?|截肢?(?:错|反)了?)",
    rf"(?P<act>(?:开|切|截|摘|拔|做|动|缝|剪|锯)错了?){_NEAR}{{0,6}}{_WRONG_PLACE}",
    r"(?P<act>左右(?:腿|眼|侧|耳|脚|边)?(?:都)?(?:搞|弄|做|截|切|开)?(?:反|错)了?)",
    rf"(?P<act>(?:健康|好|正常|没病|另一[条只个侧])的?){_NEAR}{{0,6}}(?:截|切|锯|摘|拔)(?:掉|除|了|肢)",
    rf"(?:该|明明|本应){_NEAR}{{0,6}}[左右]{_IN}{{0,12}}(?P<act>摘|截|切|拔|剪|开|做)了?{_NEAR}{{0,4}}[左右]",
    rf"[左右](?:眼|前?腿|后?腿|耳|爪|侧|肢){_NEAR}{{0,4}}(?P<act>摘|截|切|拔|剪|开刀){_IN}{{0,12}}(?:明明|其实|应该|本来|有问题){_IN}{{0,6}}[左右]",
    r"(?P<act>手术(?:部位|位置)[^,，。]{0,4}错)",
    rf"(?P<act>当成|认成|搞混|弄混|错当){_NEAR}{{0,12}}(?:绝育|手术|开刀|做了)",
    r"(?P<act>\bwrong (?:leg|limb|paw|side|eye|ear|tooth|kidney|organ|dog|cat|pet)\b|wrong(?:ly)? amputat|amputated[^.]{0,20}wrong)",
)
ESCAPE = _rx(
    r"(?P<act>逃跑|走失|跑丢|弄丢|搞丢|走丢|逃走|逃脱|失踪|遗失|越狱|跑丢|整丢|看丢)",
    rf"{ANIMAL}{_NEAR}{{0,12}}?(?P<act>跑了(?!\d|[一两几好很半三趟圈过来])|跑掉|跑出去|跑没|丢了|不见了|找不到了?|没影了|溜走|溜出去|逃了)",
    rf"(?:把|将){_NEAR}{{0,4}}{ANIMAL}{_NEAR}{{0,4}}(?P<act>丢|跑)",
    r"(?P<act>\b(?:ran away|run away|escaped|got out|went missing|is missing|lost (?:my|our|the) (?:dog|cat|pet))\b)",
)
_THINGS_LOST = r"(?:病历|发票|化验单|报告|牵引绳|项圈|航空箱|玩具|钥匙|手机|衣服|毯子|□|小票|押金条|疫苗本|耐心|在家(?:里)?|家里)[^,，。]{0,6}(?:丢|不见|找不到|跑|走失|遗失)"

PLATFORM = (
    r"(?:小红书|抖音|微博|大众点评|点评网?|美团|快手|知乎|b站|哔哩|朋友圈|公众号|豆瓣|贴吧|视频号|(?:业主|宠友|微信|小区|养宠)群|网上|网络|网友|互联网|"
    r"社交媒体|社交平台|自媒体|媒体|电视台|平台|论坛|热搜|weibo|douyin|tiktok|xiaohongshu|red ?note|dianping|yelp|facebook|instagram|twitter|"
    r"reddit|youtube|google|social media|online|internet)"
)
_POST = (
    r"(?:发布|发帖|发文|发视频|发笔记|发了|发到|发在|发上|发个|发条|发出|发(?=小红书|抖音|微博|朋友圈|网上|大众|美团|快手|[\u4e00-\u9fff]{0,3}群)|晒|写了|写篇|写个|"
    r"上传|贴出|贴到|贴上|传到|传上|放到|放上|公开|评价|评论|上(?=抖音|微博|热搜|新闻|电视)|直播|扩散|转发|"
    r"\b(?:post(?:ed|ing)?|shar(?:e|ed|ing)|upload(?:ed|ing)?|wrote|write|writing|put)\b)"
)
_BAD = r"(?:曝光|爆料|避雷|避坑|差评|吐槽|控诉|挂出|挂到|挂上|一星|1星|负面|拉黑榜|投诉|讨个?说法|\b(?:bad|negative|one[- ]star|1[- ]star) review)"
SOCIAL = _rx(
    rf"{PLATFORM}(?:上)?(?P<act>见(?!到|过)|@|艾特)",
    r"(?P<act>让[^,，。]{0,6}(?:全网|网友|大家|所有人)[^,，。]{0,6}(?:知道|看))",
    r"群里?[^,，。]{0,6}(?P<act>说了|讲了|传开|骂)",
    r"(?:帖子?|视频|笔记|长文)[^,，。]{0,6}(?P<act>发了|发出|发布)",
    rf"{PLATFORM}{_IN}{{0,14}}?(?P<act>{_BAD})",
    rf"(?P<act>{_BAD}){_IN}{{0,10}}?{PLATFORM}",
    r"(?P<act>曝光|爆料|公之于众|让大家都?(?:知道|看看|来看)|上热搜|(?:找|联系)(?:了)?(?:媒体|记者|电视台)|(?:写|打|发|留|刷|点|给)(?:了|个|过|你们|他们){0,3}差评|"
    r"差评(?:已经|我)?(?:发|给|写)|go(?:ing)? viral|expos(?:e|ing) (?:you|this)|"
    r"(?:leave|left|leaving|write|wrote|post(?:ed)?) [^.]{0,12}(?:bad|negative|one[- ]star|1[- ]star) review)",
)
SOCIAL_POST = _rx(
    rf"{PLATFORM}{_IN}{{0,10}}?(?P<act>{_POST})",
    rf"(?P<act>{_POST}){_IN}{{0,10}}?{PLATFORM}",
    rf"(?P<act>\b(?:post(?:ed|ing)?|shar(?:e|ed|ing)|upload(?:ed|ing)?|wrote|write|writing|put)\b){_IN}{{0,40}}?{PLATFORM}",
)
# Who is asked to delete it has posted it.
SOCIAL_DELETE = _rx(r"(?P<act>删(?:除|掉)?[^,，。]{0,4}(?:差评|帖子|视频|笔记|评价))")
_ONLY_READ = (
    r"(?:看到|看了|看过|刷到|搜到|搜了|听说|saw|read|found)[^。！？]{0,16}(?:推荐|评价|评论|差评|吐槽|广告|帖|说|好评|笔记|review)"
    r"|好评|五星|5星|表扬|点赞|five[- ]star|5[- ]star|good review"
)
_NOT_A_POST = _ONLY_READ + (
    r"|评[价分][^,，。]{0,3}(?:好|高|不错)|口碑"
    r"|看到|看了|看过|刷到|搜到|推荐|团购|下单|买的|购买|优惠|广告|宣传|官方|预约|你们(?:家|院)?(?:在|的|发|写)|贵院(?:在|的|发)"
    r"|\b(?:your|saw|read|found|booked|bought|book)\b"
)

_AGENCY = (
    r"(?:12315|12345|农业农村(?:局|部|委)?|农业局|畜牧(?:兽医)?(?:局|站)?|市场监管(?:总?局|部门)?|市监局?|市场监督(?:管理)?局?|"
    r"监管(?:部门|局|机构|单位)|监管|工商局?|消协|消费者(?:协会|委员会|保护)|消保委|卫生监督|动物卫生|动监(?:所|局)?|兽医(?:局|协会|站)|"
    r"物价局|主管部门|有关部门|相关部门|上级部门|政府(?:部门|热线)?|市长(?:热线|信箱)|信访|药监局?|城管|环保局|"
    r"authorit\w*|regulator\w*|consumer (?:association|protection|council)|agriculture bureau|market supervision|vet(?:erinary)? board)"
)
REGULATOR = _rx(
    rf"(?P<act>举报|检举|投诉|反映|上报|申诉|告|捅)(?:到|去|至|给|向|了){{0,2}}{_NEAR}{{0,6}}?{_AGENCY}",
    rf"(?:向|到|去|给|找|打|拨打|联系){_NEAR}{{0,6}}{_AGENCY}{_NEAR}{{0,10}}?(?P<act>举报|投诉|反映|告|检举|说理|讨)",
    rf"(?P<act>打|拨打|找|联系|咨询){_NEAR}{{0,4}}{_AGENCY}",
    rf"{_AGENCY}{_IN}{{0,8}}?(?P<act>举报|投诉|见|来查|备案|立案|受理)",
    r"(?<!\d)(?P<act>1231[5]|12345)(?!\d)",
    r"(?P<act>(?:实名)?举报)(?:你们|你|这家|医院|贵院|该院|它|他们|了|信)",
    r"(?:要|去|会|已经?|准备|打算)(?P<act>(?:实名)?举报)",
    rf"(?P<act>\breport(?:ed|ing)?\b|\bcomplain(?:ed|t)?\b){_IN}{{0,30}}{_AGENCY}",
)
LEGAL = _rx(
    r"(?P<act>起诉|打官司|上法庭|法庭上?见|法院|走法律|法律途径|法律手段|法律武器|律师函|(?:找|请|委托|咨询)(?:了)?律师|报警|报了警|报案|打110|派出所|"
    r"\b(?:sue|suing|sued|lawsuit|lawyer|attorney|legal action|police)\b)",
)

NOT_RELIEVED = _rx(
    r"(?P<act>(?:未|没有?|不见|毫无|没见|没得到|没有得到|仍未|一直没)(?:得到|有|什么|任何|明显)?(?:缓解|好转|改善|见好|起色|效果|见效|减轻|痊愈|恢复|治好|变好))",
    r"(?P<act>越治越|越来越(?:严重|差|重|厉害)|治不好|不见好|还是(?:吐|拉|咳|痒|发烧|不吃|瘸|老样子)|仍(?:然)?(?:吐|拉|咳|发烧)|no better|not (?:improv|getting better)\w*|"
    r"got(?:ten)? worse|getting worse|still (?:sick|vomiting|limping|coughing|in pain))",
)
WORSE = _rx(r"(?P<act>加重|恶化|复发|反复发作|又犯)")
STRESS = _rx(r"(?P<act>应激|stress(?:ed)? (?:reaction|response)|stressed)")
DISPUTE = _rx(
    r"(?P<act>纠纷|扯皮|索赔|赔(?:偿|付|钱|我|给|一)|要赔|补偿|精神损失|compensat\w*|damages|dispute)",
)
MEDICAL = _rx(
    r"(?P<act>误诊|漏诊|诊断(?:错|失误|有误)|诊错|看错病|开错药|用错药|拿错药|打错针|打错疫苗|药量[^,，。]{0,4}(?:大|多|错)|用药过量|过量用药|药物过敏|"
    r"过敏反应|感染了|伤口(?:感染|裂开|化脓|发炎)|化脓|裂开|纱布[^,，。]{0,6}(?:留|落|忘)|烫伤|剪伤|剪到(?:肉|耳|舌|尾|皮)|骨折|摔(?:伤|下|断)|受伤|咬伤|"
    r"misdiagnos\w*|wrong (?:drug|medicine|medication|dose|vaccine)|overdose\w*|infected|injured|burned)",
)

SIGNALS: tuple[Signal, ...] = (
    Signal(
        "animal_death",
        "L3",
        both("宠物死亡：可能涉及医疗事故", "A pet died: a medical accident is possible"),
        f"{PLAN} §3.3",
        DEATH,
        unless=re.compile(f"{_PERSON}|{_EARLIER}"),
    ),
    Signal(
        "animal_death",
        "L3",
        both("宠物死亡：可能涉及医疗事故", "A pet died: a medical accident is possible"),
        f"{PLAN} §3.3",
        COUNTERFACTUAL_DEATH,
        kind="certain",
    ),
    Signal(
        "animal_death",
        "L3",
        both("宠物死亡：可能涉及医疗事故", "A pet died: a medical accident is possible"),
        f"{PLAN} §3.3",
        NAMED_DEATH,
        within=re.compile(rf"{SURGERY.pattern}|抢救|住院"),
        unless=re.compile(rf"{_PERSON}|(?:医生|护士|前台|我们?|他们|人)[^,，。]{{0,6}}走了"),
    ),
    Signal(
        "euthanasia_without_consent",
        "L3",
        both("未经同意安乐死", "Put down without consent"),
        f"{PLAN} §3.3 医疗事故, own reading",
        EUTHANASIA,
    ),
    Signal(
        "life_in_danger",
        "L3",
        both("宠物有生命危险（二级只限无生命危险）", "The pet's life is in danger; level 2 is for no danger to life"),
        f"{PLAN} §3.2, own reading",
        DANGER,
    ),
    Signal(
        "wrong_amputation",
        "L3",
        both("错误截肢或手术部位、对象错误", "The wrong limb, site or animal was operated on"),
        f"{PLAN} §3.3",
        WRONG_SITE,
    ),
    Signal(
        "boarding_escape",
        "L3",
        both("宠物在看护期间逃跑或走失", "The pet ran away or was lost in custody"),
        f"{PLAN} §3.3",
        ESCAPE,
        within=re.compile(f"{_CUSTODY}|{ANIMAL}"),
        unless=re.compile(_THINGS_LOST),
    ),
    Signal(
        "social_media_negative_post",
        "L3",
        both("在社交媒体发布负面信息", "A negative post in public media"),
        f"{PLAN} §3.3",
        SOCIAL,
        kind="act",
        unless=re.compile(_ONLY_READ),
    ),
    Signal(
        "social_media_negative_post",
        "L3",
        both("在社交媒体发布负面信息", "A negative post in public media"),
        f"{PLAN} §3.3",
        SOCIAL_POST,
        kind="act",
        unless=re.compile(_NOT_A_POST),
    ),
    Signal(
        "social_media_negative_post",
        "L3",
        both("在社交媒体发布负面信息", "A negative post in public media"),
        f"{PLAN} §3.3",
        SOCIAL_DELETE,
        kind="certain",
    ),
    Signal(
        "regulator_report",
        "L3",
        both("向监管部门举报或投诉", "A report to the authorities"),
        f"{PLAN} §3.3",
        REGULATOR,
        kind="act",
    ),
    Signal(
        "legal_action",
        "L3",
        both("报警、律师或诉讼：外部风险", "Police, a lawyer or a court: a risk from outside"),
        f"{PLAN} §3.3 外部风险, own reading",
        LEGAL,
        kind="act",
    ),
    Signal(
        "not_relieved",
        "L2",
        both("治疗后症状未缓解", "No better after treatment"),
        f"{PLAN} §3.2",
        (*NOT_RELIEVED, *WORSE),
    ),
    Signal(
        "stress_not_handled",
        "L2",
        both("应激反应", "Stress reaction"),
        f"{PLAN} §3.2",
        STRESS,
    ),
    Signal(
        "dispute_or_compensation",
        "L2",
        both("提出赔偿或发生纠纷", "Compensation is asked for, or there is a dispute"),
        f"{PLAN} §3.2",
        DISPUTE,
    ),
    Signal(
        "medical_dispute",
        "L2",
        both("可能涉及医疗争议", "A medical dispute is possible"),
        f"{PLAN} §3.2",
        MEDICAL,
    ),
)
