"""One spelling for one word, character by character, so that positions mean the same before and after."""

import re
import unicodedata

# Traditional characters that complaints are written with, each with its simplified one.
_PAIRS = (
    "術术沒没丟丢錯错誤误紅红書书評评訴诉舉举報报農农業业監监場场養养費费預预藥药應应償偿糾纠紛纷寵宠貓猫殺杀發发網网媒媒體体記记視视檢检過过"
    "並并還还麼么們们給给請请錢钱價价實实結结帳账賬账單单變变緩缓轉转癥症狀状況况嚴严復复闆板爛烂鳥鸟龜龟離离歲岁斷断氣气護护醫医師师診诊"
    "療疗傷伤術术後后輸输機机後后來来這这裡里裏里個个隻只會会說说話话聽听見见讓让對对開开關关門门間间問问題题時时點点鐘钟電电腦脑線线"
    "諮咨詢询務务態态車车專专號号掛挂賣卖買买貴贵證证據据條条傳传貼贴圖图讚赞論论壇坛臺台颱台灣湾臉脸抖抖頻频道道採采訪访備备檔档協协"
    "會会鬧闹環环境境髒脏塵尘毆殴聲声響响噪噪雜杂誰谁為为無无擔担憂忧嚇吓驚惊慘惨淚泪喪丧遺遗體体墳坟塚冢歸归奪夺險险危危緊紧急急腎肾"
    "腸肠膽胆臟脏腫肿膿脓癱瘫殘残壞坏骨骨頭头腳脚顆颗顏颜眼眼齒齿補补縫缝針针劑剂量量亂乱換换總总計计額额萬万億亿兩两幾几張张塊块節节"
    "項项細细彈弹賠赔損损壓压榨榨當当選选從从進进遠远遲迟連连續续運运達达適适鄰邻鄉乡醜丑釋释鋪铺銀银鎖锁錄录鏡镜長长陰阴陽阳隨随際际陣阵"
    "雙双難难靜静須须領领飛飞飼饲飽饱餓饿館馆馬马驗验騙骗驅驱鬆松魚鱼鳴鸣麗丽麥麦黃黄齊齐樣样樓楼標标權权歡欢殯殡毀毁決决溝沟淨净滅灭滲渗"
    "漲涨潔洁為为煩烦熱热燙烫牆墙獨独獲获獸兽現现產产畢毕異异療疗癒愈盡尽盤盘確确碼码禮礼種种稱称穩稳窩窝簡简簽签籠笼糧粮級级納纳紗纱"
    "組组絕绝經经維维緣缘縣县縮缩繼继罰罚職职聞闻肅肃脫脱膚肤舊旧藝艺蘇苏處处虛虚虧亏蟲虫衛卫衝冲規规覺觉觀观觸触許许設设該该詳详認认誠诚"
    "刪删剛刚創创劃划勸劝動动勞劳區区卻却員员團团執执夾夹寫写層层廁厕廳厅廣广憤愤懷怀戶户掃扫搶抢擊击數数斃毙曬晒極极櫃柜潰溃濕湿燒烧牽牵瘋疯瘡疮癢痒癲癫癇痫睜睁竄窜筆笔約约終终綁绑聯联臨临裝装複复託托註注"
    "歷历曆历繳缴絲丝導导適适紙纸暈晕溫温內内脹胀喚唤搖摇廢废廠厂滿满濫滥潑泼燈灯獄狱禍祸競竞籃篮紮扎綿绵縱纵繩绳罵骂聾聋膩腻艙舱蓋盖藍蓝蠻蛮衆众褲裤試试誇夸賤贱輔辅鋼钢鐵铁鏈链鑰钥階阶雲云靈灵頑顽飄飘飯饭駕驾騷骚燄焰癤疖瀉泻嘔呕搶抢"
    "詐诈財财貪贪軟软載载轟轰銷销鑑鉴隊队隱隐頸颈顯显驟骤骯肮鬥斗僅仅儘尽優优凍冻別别嗎吗墊垫夠够媽妈學学寶宝將将屍尸帶带幫帮徵征惡恶愛爱慮虑撐撑撥拨擠挤攝摄敗败無无撿捡斂敛癌癌瘦瘦鈣钙鉀钾麼么纔才喫吃啞哑"
    "調调談谈講讲謊谎謝谢識识譜谱議议讀读豬猪負负責责貨货質质貸贷資资賴赖購购贈赠趕赶蹤踪輕轻較较輪轮辦办辭辞遊游違违遞递郵邮錶表鍾钟閉闭"
    "閒闲陪陪陳陈陸陆頂顶順顺頓顿類类願愿顧顾風风餘余駁驳髮发鬱郁點点齡龄妳你牠它祂他咗了朮术冇没唔不嘅的佢它喺在睇看嚟来俾给畀给啲些係是哋们"
)
_SIMPLIFIED = str.maketrans(dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True)))
# Slips of the keyboard that make no other word; each as long as what it stands for.
_SLIPS = {
    "去逝": "去世",
    "死王": "死亡",
    "寄样": "寄养",
    "寄氧": "寄养",
    "误珍": "误诊",
    "截枝": "截肢",
    "麻最": "麻醉",
    "绝欲": "绝育",
    "走矢": "走失",
    "抖阴": "抖音",
    "斗音": "抖音",
    "小红薯": "小红书",
    "大红书": "小红书",
    "举抱": "举报",
    "投拆": "投诉",
    "曝广": "曝光",
    "爆光": "曝光",
    "抢就": "抢救",
    "监空": "监控",
    "赔尝": "赔偿",
    "陪偿": "赔偿",
    "护土": "护士",
    "医升": "医生",
    "安乐思": "安乐死",
    "导至": "导致",
    "态抖": "态度",
}
_SLIP = re.compile("|".join(_SLIPS))
# Written so that no filter finds it.
_LATIN_DEATH = re.compile(r"(?<![a-z])si(?=[了亡在掉])")


_WIDE = str.maketrans({chr(0xFF01 + at): chr(0x21 + at) for at in range(0x5E)} | {"\u3000": " "})
_SIMPLIFIED |= {code: plain for code, plain in _WIDE.items() if code not in _SIMPLIFIED}
# Letters and digits dressed up: circled, in a box, bold, joined.
_DRESSED = re.compile("[\u2460-\u24ff\u3200-\u33ff\uf900-\ufaff\ufb00-\ufb06\U0001d400-\U0001d7ff]")


def spell(text: str) -> str:
    """Return the text as long as it was: simplified, half width, lower case, common slips set right."""
    plain = text.lower()
    if len(plain) != len(text):  # a few letters become two when they are made small
        plain = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    if not plain.isascii():
        plain = _DRESSED.sub(_undressed, plain).translate(_SIMPLIFIED)
        plain = _SLIP.sub(lambda found: _SLIPS[found.group()], plain)
    return _LATIN_DEATH.sub("死□", plain)


def _undressed(found: re.Match[str]) -> str:
    plain = unicodedata.normalize("NFKC", found.group()).lower()
    return plain if len(plain) == 1 else found.group()
