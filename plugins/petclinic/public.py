"""The words that take a complaint outside the house: posts and the press, the authorities, police and courts."""

import re

from plugins.api import Signal, both
from plugins.api import compile_words as rx
from plugins.petclinic.grave import PLAN

_IN = r"[^。！？!?;；\n]"  # anything inside one sentence
_NEAR = r"[^,，。！？!?;；、\n]"  # anything inside one clause

PLATFORM = (
    r"(?:小红书|抖音|微博|大众点评|头条|论坛|本地通|同城|西瓜视频|闲鱼|超话|点评网?|美团|快手|知乎|b站|哔哩|朋友圈|公众号|豆瓣|贴吧|视频号|(?:业主|宠友|宠物|猫友|狗友|微信|小区|养宠)群|网上|网络|网友|互联网|"
    r"社交媒体|社交平台|自媒体|媒体|电视台|平台|论坛|热搜|weibo|douyin|tiktok|xiaohongshu|red ?note|dianping|yelp|facebook|instagram|twitter|"
    r"reddit|youtube|google|social media|online|internet)"
)
_POST = (
    r"(?:发布|发帖|置顶|挨个说|一个一个发|匿名|打了?(?:一|1)星|给了?(?:一|1)星|编辑|写得|发文|发视频|发笔记|发了|发到|发在|发上|发个|发条|发出|发(?=小红书|抖音|微博|朋友圈|网上|大众|美团|快手|[\u4e00-\u9fff]{0,3}群)|晒|写了|写篇|写个|"
    r"上传|贴出|贴到|贴上|传到|传上|放到|放上|公开|评价|评论|上(?=抖音|微博|热搜|新闻|电视)|直播|扩散|转发|"
    r"\b(?:post(?:ed|ing)?|shar(?:e|ed|ing)|upload(?:ed|ing)?|wrote|write|writing|put)\b)"
)
_BAD = r"(?:曝光|爆料|避雷|避坑|差评|吐槽|控诉|挂出|挂到|挂上|一星|1星|负面|拉黑榜|投诉|讨个?说法|\b(?:bad|negative|one[- ]star|1[- ]star) review)"
SOCIAL = rx(
    rf"{PLATFORM}(?:上)?(?P<act>见(?!到|过)|@|艾特)",
    r"(?P<act>让(?:[^,，。]{0,8}(?:圈|群|街坊|全城|全市|小区|同行)[^,，。]{0,2}|[^,，。]{0,6}(?:全网|网友|大家)|(?:所有|全|更多|每个|其他)[^,，。]{0,10}人?)[^,，。]{0,6}(?:知道|看))",
    r"群里?[^,，。]{0,6}(?P<act>说了|讲了|传开|骂)",
    r"(?:帖子?|视频|笔记|长文)[^,，。只才]{0,6}(?<![只才])(?P<act>发了|发出|发布)",
    rf"{PLATFORM}{_IN}{{0,14}}?(?P<act>{_BAD})",
    rf"(?P<act>{_BAD}){_IN}{{0,10}}?{PLATFORM}",
    rf"(?:已经?|全|都|我|给)[^,，。]{{0,6}}挂{_NEAR}{{0,3}}网",
    r"(?:投稿|热搜|都市频道|电视台|记者|媒体(?!推荐)|采访|上新闻|上电视|报社|博主曝|黑料|避雷帖|评论区[^,，。]{0,4}骂|转发[过破上]|(?:万|千|百|\d)(?:个)?(?:播放|点赞|赞了))",
    r"(?:经过|这事|事情|遭遇|视频|截图|照片)[^,，。]{0,6}(?P<act>发到了?|发在|发上)",
    r"(?:开|正在|现场)(?P<act>直播)|上头条|直播间[^,，。]{0,6}(?:讲|说|骂)|等我[^,，。]{0,4}视频",
    r"(?P<act>曝光|爆料|公之于众|让大家都?(?:知道|看看|来看|评评理)|上热搜|(?:找|联系)(?:了)?(?:媒体|记者|电视台)|(?:写|打|发|留|刷|点|给)(?:了|个|过|你们|他们){0,3}差评|"
    r"差评(?:已经|我)?(?:发|给|写)|go(?:ing)? viral|expos(?:e|ing) (?:you|this)|"
    r"(?:leave|left|leaving|write|wrote|post(?:ed)?) [^.]{0,12}(?:bad|negative|one[- ]star|1[- ]star) review)",
)
SOCIAL_POST = rx(
    rf"(?:录音|录像|视频|照片|截图|监控|记录|单据|经过)[^,，。]{{0,6}}(?P<act>放|传|挂|发|丢|投|贴)[^,，。]{{0,3}}{PLATFORM}",
    rf"{PLATFORM}{_IN}{{0,10}}?(?P<act>{_POST})",
    rf"(?P<act>{_POST}){_IN}{{0,10}}?{PLATFORM}",
    rf"(?P<act>\b(?:post(?:ed|ing)?|shar(?:e|ed|ing)|upload(?:ed|ing)?|wrote|write|writing|put)\b){_IN}{{0,40}}?{PLATFORM}",
)
# Who is asked to delete it has posted it.
SOCIAL_DELETE = rx(
    r"(?:帖子?|笔记|差评|视频|评价)[^,，。]{0,3}(?:不会|不|休想|别想|绝不)(?:删|撤)",
    r"(?P<act>删(?:除|掉)?[^,，。]{0,4}(?:差评|帖子|视频|笔记|评价))",
)
_ONLY_READ = (
    r"(?:看到|看了|看过|刷到|搜到|搜了|听说|saw|read|found)[^。！？]{0,16}(?:推荐|评价|评论|差评|吐槽|广告|帖|说|好评|笔记|review)"
    r"|好评|五星|5星|表扬|点赞|five[- ]star|5[- ]star|good review"
)
_NOT_A_POST = _ONLY_READ + (
    r"|说好[^。]{0,8}(?:视频|照片)|每天[^,，。]{0,4}发"
    r"|评[价分][^,，。]{0,3}(?:好|高|不错)|口碑"
    r"|看到|看了|看过|刷到|搜到|推荐|团购|下单|买的|购买|优惠|广告|宣传|官方|预约|你们(?:家|院)?(?:在|的(?!嘴脸|恶|所作|行|做|态度|问题|丑|真|黑)|发|写)|贵院(?:在|的|发)"
    r"|\b(?:your|saw|read|found|booked|bought|book)\b"
)


_AGENCY = (
    r"(?:(?:价格|环保|监督|政务|卫生|举报|便民)(?:热线|电话)|动监|1231[5]|12345|12320|12358|农业(?:农村)?(?:局|部|委|厅|执法)|农委|畜牧(?:兽医)?(?:局|站|中心)?|市场监管(?:总?局|部门|所)?|市监局?|市场监督(?:管理)?局?|"
    r"监管(?:部门|局|机构|单位|所)|工商(?:局|所)|消协|消费者(?:协会|委员会|保护)|消保委|卫生(?:监督|局)|卫健委|疾控|动物卫生|动监(?:所|局)?|兽医(?:局|协会|站)|宠物协会|行业协会|"
    r"物价(?:局|部门)|主管部门|有关部门|相关部门|上级部门|执法(?:大队|队|局|部门)|政府(?:部门|热线)?|政务热线|市长(?:热线|信箱)|信访|药监局?|城管|环保局|纪委|区里|街道办|"
    r"authorit\w*|regulator\w*|consumer (?:association|protection|council)|agriculture bureau|market supervision|vet(?:erinary)? board)"
)
REGULATOR = rx(
    r"(?:市长|区长|局长)信箱|黑猫投诉|国务院|互联网\+督查",
    rf"(?:举报|检举|投诉|反映|上报|申诉|告|捅)(?:到|去|至|给|向|了){{0,2}}{_NEAR}{{0,6}}?{_AGENCY}",
    rf"(?:向|到|去|给|找|打|拨打|联系|跟|和|往){_NEAR}{{0,6}}{_AGENCY}{_NEAR}{{0,20}}?(?P<act>举报|投诉|反映|告|检举|说理|讨|备案|写信|递|交)",
    rf"(?:打|拨|拨打|找|联系|咨询|交给|递到|递给|寄给|提交给?|发给|写给){_NEAR}{{0,4}}{_AGENCY}",
    rf"{_AGENCY}{_IN}{{0,12}}?(?P<act>举报|投诉|见|来查|备案|立案|受理|工单|回访|约谈|介入|电话我?打|坐着|门口|反映)",
    rf"{_AGENCY}{_NEAR}{{0,6}}(?:明天|今天|马上|后天|已经?|都)?{_NEAR}{{0,3}}(?P<act>来|查|上门)",
    r"(?<!\d)(?P<act>1231[5]|12345)(?!\d)",
    rf"(?:给|向|往){_AGENCY}[^,，。]{{0,3}}(?P<act>寄|发|交|报|写|递|提)",
    r"(?:实名)?举报(?:你们|你|这家|医院|贵院|该院|它|他们|了|信|材料)",
    r"(?:要|去|会|已经?|准备|打算)(?P<act>(?:实名)?举报)",
    rf"(?P<act>\breport(?:ed|ing)?\b|\bcomplain(?:ed|t)?\b){_IN}{{0,30}}{_AGENCY}",
)
_LICENCE = re.compile(r"颁发|许可证|执照|核发|发的证|公示|文件规定|物价局(?:规定|核定|标准)|标准是")
LEGAL = rx(
    r"起诉|打官司|上法庭|法庭上?[见说]|法院|走法律|法律途径|法律手段|法律武器|律师|诉状|诉讼|报警|报了警|报案|打110|派出所|警察|警方|民警|公安|笔录|"
    r"\b(?:sue|suing|sued|lawsuit|lawyer|attorney|legal action|police)\b",
)
_POST_REASON = both("在社交媒体发布负面信息", "A negative post in public media")


def _post(patterns: tuple[re.Pattern[str], ...], **more: object) -> Signal:
    code = "social_media_negative_post"
    return Signal(code, "L3", _POST_REASON, f"{PLAN} §3.3", patterns, **more)  # type: ignore[arg-type] # fields by name


PUBLIC: tuple[Signal, ...] = (
    _post(SOCIAL, kind="act", unless_sentence=re.compile(_ONLY_READ)),
    _post(SOCIAL_POST, kind="act", unless_sentence=re.compile(_NOT_A_POST)),
    _post(SOCIAL_DELETE, kind="certain"),
    Signal(
        "regulator_report",
        "L3",
        both("向监管部门举报或投诉", "A report to the authorities"),
        f"{PLAN} §3.3",
        REGULATOR,
        kind="act",
        unless=_LICENCE,
    ),
    Signal(
        "legal_action",
        "L3",
        both("报警、律师或诉讼：外部风险", "Police, a lawyer or a court: a risk from outside"),
        f"{PLAN} §3.3 外部风险, own reading",
        LEGAL,
        kind="act",
    ),
)
