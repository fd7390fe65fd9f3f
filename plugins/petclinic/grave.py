"""The words of a pet clinic that make a complaint level 3: death, danger, the wrong limb, escape, the public, the law."""

import re

from plugins.api import Signal, both
from plugins.api import compile_words as rx

PLAN = "宠物医院客户投诉应急预案"
_IN = r"[^。！？!?;；\n]"  # anything inside one sentence
_NEAR = r"[^,，。！？!?;；、\n]"  # anything inside one clause
ANIMAL = (
    r"(?:猫|狗|犬|宠物|毛孩|咪|汪|兔|仓鼠|鹦鹉|鸟|龟|蛇|貂|豚鼠|宝贝|宝宝|孩子|儿子|闺女|女儿|它|小家伙|泰迪|金毛|柯基|布偶|英短|美短|二哈|"
    r"哈士奇|拉布拉多|拉拉|比熊|博美|柴犬|法斗|边牧|暹罗|橘|崽|主子|我家[^,，。 的]{1,4})"
)
SURGERY = re.compile(
    r"手术|麻醉|麻药|全麻|开刀|绝育|阉|去势|术中|术后|剖腹|剖宫|拔牙|拔个牙|洗牙|镇静|surger|operati|anesthe|anaesthe|spay|neuter"
)
_CUSTODY = re.compile(
    r"寄养|寄存|寄宿|托管|住店|留宿|日托|住院|洗澡|美容|接送|遛|看护|你们|贵院|医院|店里|诊所|护士|助理|笼|司机|boarding|boarded|groom|clinic|walk"
)

# 吓死、贵死 are said of people; 病死、治死 are meant. 死板、死角 are other words.
_HYPERBOLE = r"气急吓累烦冷困等贵笑恨心难受丑脏臭忙挤堵坑黑慢吵羞愁差乱懒蠢傻烂远坏苦酸晕酷腻无聊爽美乐蔫"
_BODILY = r"饿渴热冻晒疼痛闷"
_OTHER_WORDS = (
    r"板|活(?!活)|贵|角|机|心|等|守|盯|撑|党|磕|循环|胡同|皮赖|对头|扛|咬(?!死)|要|不承认|不认|不了|不掉|缠|规矩|命|鬼|样|忙|记|赖|锁|结|了算|"
    r"率|亡率|亡风险|亡几率|亡概率|亡的风险|亡通知|虫|苍蝇|蟑螂|老鼠|蚊|慢|沉沉|气沉沉|路|水|皮|穴|党|我了(?!的)|个人"
)
DEATH = rx(
    rf"死(?<![安乐该打往半笨作找拼誓生要快想{_HYPERBOLE}{_BODILY}]死)(?!{_OTHER_WORDS})",
    rf"活活{_NEAR}{{0,3}}死",
    rf"[{_BODILY}]死(?:在|于)",
    rf"{ANIMAL}{_NEAR}{{0,8}}(?P<act>(?<!要)[{_BODILY}]死)(?!我|个人|人|她了我)",
    r"(?P<act>打死|咬死)了",
    r"去世|离世|过世|病逝|逝世|离逝|身亡|丧命|丧生|毙命|送命|送了命|没命|断气|断了气|咽气|咽[了的]气|夭折|暴毙|猝死|归西|嗝屁|翘辫子|"
    r"嘎了|噶了|嘎嘣|安息|投胎|一路走好|料理后事|阴阳两隔|天人永隔|永远(?:地)?(?:离开|闭上|睡|走)|走得(?:很|太|好)?(?:突然|痛苦|安详)",
    r"(?:要|丢|没)了(?![不过][^,，。]{0,1}命)[^,，。\d]{0,3}命(?!令|名|运|的)|命(?:都|就|也|全)?(?:没了|没有了|丢了?|搭|给搭|断送)|命(?:就这么|就这样|就)断送|"
    r"把命(?:丢|搭|送)|(?:出|闹出|搞出)了?人命|害命",
    r"抢救无效|没有?能?抢?救(?:回来|过来|活|成)|救不(?:回来|活|过来)|没有?能?(?:挺|熬|撑|扛)(?:过来|过去|住|过)|(?P<act>(?<!还)(?<!暂时)没有?能?再?醒过?来)|"
    r"再也?没有?(?:醒|睁|起来|睡醒|呼吸)|人?就没再?醒|醒不过?来|(?:没能?|没有)下(?:得了|来|了)?(?:手术)?台|下不来(?:手术)?台|"
    r"没(?:有)?了?(?:任何)?(?:呼吸|心跳|体温|脉搏|生命体征|气息|气儿|气了)|(?:呼吸|心跳|心脏)(?:就|都|已经)?(?:没了|停了)|没了气",
    r"身(?:子|体|上)?(?:都|就|也|已经)?(?:发|变)?(?:僵|硬|凉透|冰凉)|出来(?:就|时)?(?:是|已经是|成了)?(?:冰|凉|硬|一具|一盒)|黑色?(?:的)?(?:塑料)?袋|裹尸袋|"
    r"尸体|遗体|火化|骨灰|彩虹桥|喵星|汪星|回了?星星|天堂(?:见|了)|去了?天堂|上天堂|见上帝|见阎王|去了天国|上西天|下葬|埋了|"
    r"送走了?(?:一[只条]|我|它|他|她|我家)|没(?:能)?保住(?!密)|保不住了|(?:救|留)不住了",
    rf"{ANIMAL}{_NEAR}{{0,6}}?(?P<act>(?<![毛药号位钱包牙欲神口音耳腿蛋圈绳心尾甲痛疼痒食味任事])(?:没了|没有了|不在了|离开了?(?:我们?|这个世界)|挂了|凉了|凉凉|不行了))",
    rf"{ANIMAL}{_NEAR}{{0,4}}(?P<act>(?<![带抱接牵领跑送搬拿逃溜偷赶拉拖出])走了)(?!\d|[过出丢失来很好半几一两三多远大])",
    r"(?:我家|一家|大的|小的|[一两三四五六七八]只)[^,，。医护]{0,6}?(?:昨夜|昨晚|凌晨|当晚|今早|就|也|都|全|还是|已经)(?P<act>走了|没了|没气了)(?!\d|[过出丢失来很好半几一两三多远大])",
    r"(?:人|狗|猫|它|娃|崽)(?:就|都|全|也|已经|昨)[^,，。毛钱号药]{0,2}(?P<act>没了)",
    r"(?P<act>\b(?:died|dies|dead|passed away|killed|did(?:n'?t| not) (?:survive|make it|wake up)|never woke up|death of)\b)"
    r"(?! (?:battery|end|line|tired))",
)
# 如果早点做手术它就不会死 says that it died.
COUNTERFACTUAL_DEATH = rx(
    rf"(?:如果|要是|要不是|早点?|及时|当时|换了?|不是你们){_IN}{{0,24}}(?P<act>(?:就|也|根本|本来|都)(?:不会|不至于|不该|不应该|不用)(?:死|没命|去世|离开))"
)
# "豆豆没了" names no animal we know; beside surgery it is read as a death.
NAMED_DEATH = rx(
    r"(?:昨晚|昨天|昨夜|今早|今天|当晚|当天|第.天|凌晨|最后|最终|结果|还是|就这么|就这样|永远|也|已经)(?:地|就|还是)?(?P<act>走了)(?!\d|[过出丢失来很好半几一两三多远大])",
    r"没了(?<![毛药号位钱包牙欲神口音耳腿蛋圈绳心尾甲痛疼痒食任味纸电都全子事液水票]没了)(?!吗)",
    r"倒下了?[^。]{0,6}(?:再|没起来|没醒)|尽力了",
)
_PERSON = re.compile(
    r"(?:妈|爸|奶奶|爷爷|外公|外婆|姥姥|姥爷|老人|亲人|家人|老公|老婆|父亲|母亲|朋友)[^,，。猫狗犬宠]{0,4}(?:去世|过世|离世|走了|没了|死)|寿终|老死|"
    r"死亡(?:率|风险|概率|几率)|(?:系统|电脑|服务器|空调|手机|电话|网络?|病历|机子?|app)[^,，。]{0,6}(?:挂了|崩|死)"
)
_SOMEBODY_LEFT = re.compile(
    rf"{_PERSON.pattern}|(?:医生|护士|前台|我们?|他们|客人|老婆|老公|妈|爸)[^,，。猫狗]{{0,8}}走了|(?:纸|药|洗手液|猫砂|猫粮|位置|名额|水)[^,，。]{{0,3}}没了"
)
_PETS_EARLIER = re.compile(
    r"(?:以前|从前|上一[只条个]|前一[只条个]|老家)(?:家)?(?:的|养)?(?![^,，。]*(?:你们|贵院|手术|麻醉|住院))"
)
EUTHANASIA = rx(
    r"(?:擅自|私自|未经|没经|没有经过|没有?征得|没有?告诉|没有?通知|没有?同意|不告诉|误|瞒着)[^。！？]{0,16}(?P<act>安乐)"
)

DANGER = rx(
    r"生命危险|病危|危在旦夕|命悬一线|奄奄一息|垂危|濒死|快不行|大出血|休克|昏迷|心[跳脏]骤?停|呼吸(?:骤?停|停)|停止呼吸|停止心跳|icu|呼吸机|"
    r"瞳孔[^,，。]{0,3}(?:散|放大)|生死(?:未卜|不明)|植物[狗猫人犬]|鬼门关|随时(?:可能|会)(?:走|死|没)|(?:还在|正在|仍在)[^,，。]{0,6}抢救|只剩一口气",
    rf"{ANIMAL}{_NEAR}{{0,4}}(?P<act>快死|要死了)(?!我)",
    r"\b(?:life[- ]threatening|critical condition|cardiac arrest|coma)\b",
)
NEARLY_DEAD = rx(r"差(?:一?点)(?:儿)?(?:就)?(?:没救|没命|丢了?命|送命|救不)|险些丧命|死里逃生")
_PLACE = r"(?:腿|肢|爪|脚|侧|边|部位|位置|器官|眼|耳朵|牙|肾|刀|睾丸|乳)"
_CUT = r"(?:截|切|锯|摘|拔|剪|开(?:了)?刀|阉|没了|没有了|动了刀|做了手术)"
WRONG_SITE = rx(
    r"错误的?截|误截|错截|截肢?(?:错|反)了?",
    rf"(?:开|切|截|摘|拔|做|动|缝|剪|锯)[^,，。不没]{{0,3}}错了?{_NEAR}{{0,6}}{_PLACE}",
    r"左右(?:腿|眼|侧|耳|脚|边)?(?:都)?(?:搞|弄|做|截|切|开)?(?:反|错)了?",
    rf"(?:健康|正常|没病|没问题|不该截|该留|好好)的?{_NEAR}{{0,6}}{_PLACE}{_NEAR}{{0,6}}(?:截|切|锯|摘|拔)",
    rf"(?:好的|好)(?:那|的)?[条只个]?{_NEAR}{{0,2}}(?:腿|眼|牙|爪|肾){_NEAR}{{0,4}}(?:截|切|锯|摘|拔)",
    rf"(?:截|切|锯|摘|拔){_NEAR}{{0,6}}(?:健康|正常|没病|没问题|好的)",
    rf"左{_IN}{{0,26}}(?P<act>右){_IN}{{0,8}}?{_CUT}",
    rf"右{_IN}{{0,26}}(?P<act>左){_IN}{{0,8}}?{_CUT}",
    rf"{_CUT}了?{_NEAR}{{0,6}}左{_IN}{{0,16}}(?:明明|其实|应该|本来|有问题|病|坏){_IN}{{0,8}}(?P<act>右)",
    rf"(?:明明|该|应该|本来|说好){_IN}{{0,6}}左{_IN}{{0,26}}{_CUT}{_IN}{{0,8}}(?P<act>右)",
    rf"(?:明明|该|应该|本来|说好){_IN}{{0,6}}右{_IN}{{0,26}}{_CUT}{_IN}{{0,8}}(?P<act>左)",
    rf"左[^,，。]{{0,6}}(?:摘|截|切|拔|剪|开刀){_IN}{{0,12}}(?:明明|其实|应该|本来|有问题){_IN}{{0,6}}(?P<act>右)",
    rf"右[^,，。]{{0,6}}(?:摘|截|切|拔|剪|开刀){_IN}{{0,12}}(?:明明|其实|应该|本来|有问题){_IN}{{0,6}}(?P<act>左)",
    r"手术(?:部位|位置)[^,，。]{0,4}错",
    rf"(?:当成|当作|认成|搞混|弄混|搞错|弄错|错当|混淆){_IN}{{0,16}}(?:绝育|阉|手术|开刀|开了|膛|做了)",
    rf"给没病的{_IN}{{0,10}}(?:开|切|做|动)",
    r"\bwrong (?:leg|limb|paw|side|eye|ear|tooth|kidney|organ|dog|cat|pet)\b|wrong(?:ly)? amputat|amputated[^.]{0,20}wrong",
)
_BOTH_SIDES = re.compile(r"左右两|两侧|双侧|左邻右")
_WENT = r"(?:跑了(?!\d|[一两几好很半三趟圈过来])|跑掉|跑出去|跑没|跑丢|丢了|不见了|找不到了?|没影|溜走|溜出去|逃了|逃走|钻出去|钻出来跑|窜出|窜到|蹿|撒丫子|挣脱|开溜)"
ESCAPE = rx(
    r"逃跑|走失|跑丢|弄丢|搞丢|走丢|逃走|逃脱|失踪|遗失|越狱|整丢|看丢|弄没|不翼而飞|下落不明|不知去向|去向不明|跑得?没影",
    rf"{ANIMAL}{_NEAR}{{0,12}}?(?P<act>{_WENT})",
    rf"(?:一开门|没关|没拴|没锁|后门|后院|窗|笼){_IN}{{0,14}}?(?P<act>跑掉|跑了|钻出去|窜|蹿|溜|逃)",
    rf"(?:把|将){_NEAR}{{0,4}}{ANIMAL}{_NEAR}{{0,4}}(?P<act>丢|跑(?!到|来))",
    rf"{ANIMAL}[^。]{{0,30}}(?:别人|人家|其他人|陌生人){_NEAR}{{0,4}}(?P<act>领走|抱走|接走|牵走|拿走)|(?:别人|人家){_NEAR}{{0,4}}(?:领走|抱走|接走|牵走){_NEAR}{{0,3}}我",
    r"(?:让|被)(?:别人|人家|其他人|陌生人)[^,，。]{0,6}(?:领走|抱走|接走|牵走)",
    rf"不是我(?:家|们家)?{_NEAR}{{0,3}}(?:那只|那条|的)?(?:猫|狗|兔)[^。]{{0,14}}(?P<act>丢|呢|哪)",
    r"找了?[一两三四五六七八九十几\d]+(?:天|夜|晚|个?小时|圈)[^,，。]{0,6}没找到|到现在[^,，。]{0,6}(?:没|未)找到|至今(?:没|未)(?:找到|有?消息)",
    r"\b(?:ran away|run away|escaped|got out|went missing|is missing|lost (?:my|our|the) (?:dog|cat|pet))\b",
)
_THINGS_LOST = re.compile(
    r"(?:病历|发票|化验单|报告|牵引绳|项圈|航空箱|玩具|钥匙|手机|衣服|毯子|□|小票|押金条|疫苗本|耐心|在家(?:里)?|家里|信号|号码|毛)[^,，。]{0,6}(?:丢|不见|找不到|跑|走失|遗失|没影)"
)


def _grave(code: str, zh: str, en: str, patterns: tuple[re.Pattern[str], ...], section: str, **more: object) -> Signal:
    return Signal(code, "L3", both(zh, en), f"{PLAN} {section}", patterns, **more)  # type: ignore[arg-type] # fields by name


def _death(patterns: tuple[re.Pattern[str], ...], **more: object) -> Signal:
    zh, en = "宠物死亡：可能涉及医疗事故", "A pet died: a medical accident is possible"
    return _grave("animal_death", zh, en, patterns, "§3.3", **more)


HARM: tuple[Signal, ...] = (
    _death(DEATH, unless=_PERSON, unless_sentence=_PETS_EARLIER),
    _death(COUNTERFACTUAL_DEATH, kind="certain"),
    _death(
        NAMED_DEATH,
        within=re.compile(rf"{SURGERY.pattern}|抢救|住院|打了?[一]?针|体检|抽血|治"),
        unless=_SOMEBODY_LEFT,
    ),
    _grave(
        "euthanasia_without_consent",
        "未经同意安乐死",
        "Put down without consent",
        EUTHANASIA,
        "§3.3 医疗事故, own reading",
    ),
    _grave(
        "life_in_danger",
        "宠物有生命危险（二级只限无生命危险）",
        "The pet's life is in danger; level 2 is for no danger to life",
        DANGER,
        "§3.2, own reading",
    ),
    _grave("life_in_danger", "宠物险些死亡", "The pet nearly died", NEARLY_DEAD, "§3.2, own reading", kind="certain"),
    _grave(
        "wrong_amputation",
        "错误截肢或手术部位、对象错误",
        "The wrong limb, site or animal was operated on",
        WRONG_SITE,
        "§3.3",
        unless_sentence=_BOTH_SIDES,
    ),
    _grave(
        "boarding_escape",
        "宠物在看护期间逃跑或走失",
        "The pet ran away or was lost in custody",
        ESCAPE,
        "§3.3",
        within=re.compile(f"{_CUSTODY.pattern}|{ANIMAL}"),
        unless=_THINGS_LOST,
    ),
)
