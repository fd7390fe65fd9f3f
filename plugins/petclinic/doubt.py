"""The net under the rules: strong words of harm that no rule could read ask for a human look, at level 2."""

import re
from collections.abc import Iterator

from plugins.api import Matcher, Reading, Reason, Signal, Suggestion, both
from plugins.api import compile_words as rx
from plugins.petclinic.grave import ANIMAL, PLAN, SURGERY

_SOURCE = f"{PLAN} §3.2, own reading"
_LABEL = both("措辞严重但规则无法判断，需人工核看", "Strong words that no rule could read: needs a human look")

# Each word is enough beside an animal or care, whatever the sentence does with it, unless it is denied or only feared.
_STRONG = rx(
    r"尸|丧(?!气|失(?:信心|耐心))|葬|骨灰|后事|遗照|遗物|[丢送没]了?命|命(?:都|就|也)|一条命|人命|性命|救命(?!稻草)|噩耗|永别|诀别|告别|阴间|来世|下辈子|来生",
    r"死(?<![吓气急累烦冷热困等贵笑恨难丑脏臭忙挤堵坑慢吵饿渴闷半羞愁差乱蠢傻烦苦酸晕痛疼爱]死)(?![板角机心等守磕活循胡皮对扛咬要认规记赖锁结苍蝇蟑虫老鼠])|(?:没|不)了(?:气|声息|动静)|一动不动|没有?反应|叫不醒|再没(?:动|睁|起)|不动了|变成(?:一[具盒把]|星)|没(?:能|有)?(?:回来|出来|回家|醒)|回不来|回不了家|只剩|空着?(?:手|笼|窝|包)",
    r"截|断(?:了)?[^,，。]{0,2}(?:腿|爪|尾|脚|骨|颈|脊)|瘫|瞎|失明|聋|残|坏死|衰竭|穿孔|破裂|大出血|出血不止|血(?:泊|流不止|淋淋|肉模糊)|满(?:身|地|嘴|脸|床|笼)(?:是|都是)?血|吐血|便血|抽搐|昏|窒息|中暑|中毒|烧(?:伤|焦)|烫|勒|夹(?:断|伤)|骨折|脱臼|重伤|摔|砸|撞|咬(?!字)|踩|踢|打(?:我家|狗|猫|它)|虐",
    r"病危|危险|危及|垂危|抢救|急救(?!箱|电话)|心肺复苏|转院|icu",
    r"崩溃|心碎|绝望|天塌|撕心裂肺|痛不欲生|生不如死|哭(?!笑|闹|着要|唧)|眼泪|流泪|噩梦|不能原谅|无法原谅|血债|偿命|凶手|杀|屠|害(?:了|死|我家|得[^,，。]{0,4}(?:狗|猫|它))|禽兽|丧尽天良|天理|还我",
    r"跑(?:掉|丢|出去|没)|逃|丢了|找不(?:到|着)|(?<![听看])不见(?:了)?|没影|失联|下落|被(?:偷|领|抱|牵|拐)",
    r"\b(?:kill\w*|dead|death|died|dying|bleed\w*|blood|paraly\w*|blind|lost|escap\w*|missing|amputat\w*|heartbroken|devastated|coma)\b",
)
# Outside the house nothing need stand beside it.
_OUTSIDE = rx(
    r"举报|曝光|媒体(?!推荐)|记者|电视台|热搜|维权|起诉|诉讼|律师|法院|法庭|法律|官司|报警|警察|公安|派出所|监管(?!一下)|执法|消协|1231[5]|12345|信访|主管部门|上级部门|不会(?:就这么)?(?:放过|罢休|善罢)|没完|等着(?:瞧|看|收)|走着瞧|后果自负|鱼死网破|拉横幅",
    r"\b(?:lawyer|court|sue|police|press|journalist|authorit\w+|report you|expose)\b",
)
_ABOUT = re.compile(
    rf"{ANIMAL}|{SURGERY.pattern}|住院|寄养|打针|疫苗|治|药|检查|洗澡|美容|\b(?:cat|dog|pet|puppy|kitten|baby)\b"
)
# Said of people, things and tempers in complaints that are slight.
_SLIGHT = re.compile(
    r"算了|没必要|[原本]来?想|□(?![^,，。]{0,8}(?:[猫狗犬兔龟鸟咪它]|我家))[^,，。]{0,4}(?:丢|不见|找不)|(?:箱子|玩具|毯子|项圈|绳)[^,，。]{0,4}(?:丢|不见|找不)|哭笑|笑哭|想哭|要哭|蟑螂|苍蝇|老鼠|虫|蚊|病历[^,，。]{0,6}(?:丢|找不|不见)|发票|钥匙|手机|化验单|停车|卫生间|厕所|诊室|入口|电梯|"
    r"前台[^,，。]{0,4}(?:找不|不见)|(?:人|护士|医生)[^,，。]{0,4}(?:找不|不见)|\blost my (?:time|patience)|害我|害得我|等(?:得|到)|排队|咬(?:牙|字)|系统|网络|机器|票|标识|指示|位置"
)
_HERE = re.compile(r"在你们|你们(?:这|那|医院|店|家|诊所)|贵院|在这|\byour?\b")

DOUBT = Reason(code="needs_a_human_look", severity="L2", text=_LABEL, source=_SOURCE)
_NOT_SLIGHT = ("medical", "service_custody")
_CARED_FOR = re.compile(
    rf"{_ABOUT.pattern}|养了|伙计|尾巴|胰岛素|低血糖|[东小]家伙|遛|麻药|[猫狗犬兔鸟龟]|宠|缝|拔|扎|术"
)
# Boarding and washing have small matters too.
_SMALL_CARE = re.compile(
    r"照片|视频|没?还(?:给)?我|没还|带去的|自带|小窝|毯子|吹干|梳开|没剪齐|毛短|□(?![^,，。]{0,8}(?:[猫狗犬兔龟鸟咪它]|我家))[^,，。]{0,4}(?:丢|不见|找不)|(?:没|不)洗?干净|打结|监控[^,，。]{0,6}(?:掉线|卡|看不)|发[^,，。]{0,3}(?:次|个)?(?:视频|照片)|才发|没(?:有)?遛|(?:担心|我怕|害怕)[^,，。]{0,8}(?:死|意外|风险|出事)|想先?了解|问问|没(?:有)?(?:讲|说|解释)清|药没了|缺货|没(?:有)?水喝|累|走了?很远|不肯进|nobody answered|造型|剪得|洗得|修得"
)

_NET = Matcher(
    (
        Signal("needs_a_human_look", "L2", _LABEL, _SOURCE, _STRONG, within=_ABOUT, unless=_SLIGHT),
        Signal("needs_a_human_look", "L2", _LABEL, _SOURCE, _OUTSIDE, unless=_SLIGHT),
    )
)


def find_doubts(reading: Reading) -> Iterator[tuple[Reason, int, int]]:
    """Yield why a person should look, with the positions of the words; for texts in which no rule found harm."""
    for hit in _NET.find_hits(reading):
        signal = hit.signal
        here = hit.mood == "hearsay" and signal.within is not None and _HERE.search(reading.sentence(hit.act))
        if hit.mood == "said" or here:
            yield DOUBT, hit.start, hit.end


def is_unexplained(reading: Reading, suggestion: Suggestion | None) -> bool:
    """Tell whether an animal or its care is spoken of without any word for one of the slight matters.

    Who complains about neither waiting nor manners, fees, dirt or noise complains about what was done to the animal.
    """
    if _SMALL_CARE.search(reading.plain):
        return False
    if suggestion is not None:
        return suggestion.category.startswith(_NOT_SLIGHT)
    return _CARED_FOR.search(reading.plain) is not None
