"""Banks, apps and web addresses."""

from __future__ import annotations

import re

from hotline.domain.entities import EntityType
from hotline.entity_rules.found import Found

BANKS: dict[str, tuple[str, ...]] = {
    "工商银行": ("中国工商银行", "工行", "工商"),
    "农业银行": ("中国农业银行", "农行"),
    "中国银行": ("中行",),
    "建设银行": ("中国建设银行", "建行"),
    "交通银行": ("交行",),
    "邮储银行": ("中国邮政储蓄银行", "邮政储蓄银行", "邮政银行", "邮政储蓄", "邮储"),
    "招商银行": ("招行",),
    "中信银行": (),
    "光大银行": ("中国光大银行",),
    "民生银行": ("中国民生银行",),
    "华夏银行": (),
    "广发银行": ("广东发展银行",),
    "平安银行": (),
    "浦发银行": ("上海浦东发展银行", "浦东发展银行", "浦发"),
    "兴业银行": (),
    "浙商银行": (),
    "恒丰银行": (),
    "渤海银行": (),
    "北京银行": (),
    "上海银行": (),
    "江苏银行": (),
    "南京银行": (),
    "宁波银行": (),
    "杭州银行": (),
    "徽商银行": (),
    "长沙银行": (),
    "成都银行": (),
    "重庆银行": (),
    "西安银行": (),
    "天津银行": (),
    "厦门银行": (),
    "青岛银行": (),
    "齐鲁银行": (),
    "郑州银行": (),
    "哈尔滨银行": (),
    "盛京银行": (),
    "贵阳银行": (),
    "苏州银行": (),
    "汉口银行": (),
    "河北银行": (),
    "桂林银行": (),
    "广州银行": (),
    "东莞银行": (),
    "吉林银行": (),
    "中原银行": (),
    "微众银行": (),
    "网商银行": (),
    "农村商业银行": ("农商银行", "农商行"),
    "农村信用社": ("农信社", "信用社", "农村信用合作社"),
    "村镇银行": (),
}
BY_ALIAS = {alias: name for name, aliases in BANKS.items() for alias in (name, *aliases)}
BANK = re.compile("|".join(sorted(map(re.escape, BY_ALIAS), key=len, reverse=True)))
NOT_A_BANK_AFTER = {"工商": re.compile(r"(?!卡|的卡|账|那张)"), "信用社": re.compile(r"(?=会)")}

APPS = (
    "支付宝", "微信", "QQ", "腾讯会议", "钉钉", "抖音", "快手", "淘宝", "京东", "拼多多", "闲鱼", "美团", "饿了么", "小红书", "微博", "陌陌", "探探",
    "Soul", "国家反诈中心", "国家反诈", "全民反诈", "飞书", "企业微信", "Zoom", "zoom", "ZOOM", "Telegram", "WhatsApp", "Skype", "skype",
    "向日葵", "ToDesk", "todesk", "TeamViewer", "teamviewer", "云闪付", "花呗", "借呗", "京东金融", "度小满", "微粒贷", "安逸花", "百度网盘", "知乎", "58同城",
    "币安", "欧易", "火币", "蝙蝠", "BatChat", "密聊", "转转", "唯品会", "携程", "去哪儿", "美团借钱", "360借条", "宜享花", "滴滴",
)
APP = re.compile("|".join(sorted(map(re.escape, APPS), key=len, reverse=True)), re.IGNORECASE)
BY_LOWER = {name.lower(): name for name in reversed(APPS)}
CANONICAL_APPS = {"zoom": "Zoom", "skype": "Skype", "todesk": "ToDesk", "teamviewer": "TeamViewer", "qq": "QQ"}
QUOTED_APP = re.compile(
    r"(?:叫做|叫作|名叫|叫个|叫|名字是|名为|下载了?(?:一个|个)?|安装了?(?:一个|个)?|装了?(?:一个|个)|用的?(?:是)?)[“\"「《]?"
    r"(?P<name>[A-Za-z0-9\u4e00-\u9fa5]{2,10}?)[”\"」》]?(?:的|这个|那个|这款|一个)?(?:软件|APP|App|app|应用|平台|聊天软件|小程序|客户端|交易所)"
)
CALLED = re.compile(r"^(?:叫做|叫作|叫什么|叫|名叫|是)")
QUOTED = re.compile(r"(?:软件|APP|App|app|平台|应用|程序|网站|交易所)[^，。“]{0,6}?(?:叫做|叫作|叫|是|名字是)[“\"「《](?P<name>[^”\"」》]{2,12})[”\"」》]")
VAGUE = re.compile(
    r"^(?:一个|那个|这个|什么|他们|对方|我们|你们|他的|指定|这种|那种|某个|官方|正规|聊天|会议|共享|手机|银行|投资|理财|贷款|交易|购物|短视频|反诈|下载|安装|新的|小|陌生|别的"
    r"|其他|几个|两个|同一个|自己|第三方|网贷|借款|借贷|远程|视频|虚假|所谓|外面|国外|境外|游戏|直播|刷单|做任务|它|啥|哪个|个|好几|不少|很多|人家|他|她|我|你|这|那|的).*"
)
URL = re.compile(r"(?:https?://)?(?:[A-Za-z0-9-]+\.)+(?:com|cn|net|org|top|xyz|vip|cc|io|info|shop|app|site|club|me|tv|co|ltd|live|pro|online|work|link|icu)(?:/[\w\-./?=&%]*)?", re.IGNORECASE)
SPOKEN_WWW = re.compile(r"(?:三达不溜|三w|3w|三个w|达不溜达不溜达不溜|w\s?w\s?w)\s*(?:点|\.)\s*", re.IGNORECASE)
SPOKEN_DOT = re.compile(r"(?<=[A-Za-z0-9])\s*点\s*(?=[A-Za-z0-9])")
SPELLED = re.compile(r"(?<=[A-Za-z0-9]) (?=[A-Za-z0-9](?:[ .点]|$))")
SPOKEN_SLASH = re.compile(r"(?<=[A-Za-z0-9])\s*(?:斜杠|斜线)\s*(?=[A-Za-z0-9])")
SPOKEN_DASH = re.compile(r"(?<=[A-Za-z0-9])\s*(?:杠|横杠|中划线)\s*(?=[A-Za-z0-9])")


def find_banks(text: str) -> list[Found]:
    """Return banks by their short official names."""
    found = []
    for match in BANK.finditer(text):
        exception = NOT_A_BANK_AFTER.get(match[0])
        if exception and exception.match(text, match.end()):
            continue
        found.append(Found(EntityType.BANK, BY_ALIAS[match[0]], match.start(), match.end()))
    return found


def find_apps(text: str) -> list[Found]:
    """Return known apps, and unknown ones that are called by a name."""
    found = [
        Found(EntityType.APP, CANONICAL_APPS.get(m[0].lower(), BY_LOWER[m[0].lower()]), m.start(), m.end())
        for m in APP.finditer(text)
    ]
    for pattern in (QUOTED_APP, QUOTED):
        for match in pattern.finditer(text):
            start, end = match.span("name")
            start += len(match["name"]) - len(name := CALLED.sub("", match["name"]))
            overlaps = any(start < item.end and end > item.start for item in found)
            if len(name) > 1 and not overlaps and not VAGUE.match(name) and not name.isdigit():
                found.append(Found(EntityType.APP, name, start, end))
    return found


def spoken_addresses(text: str) -> str:
    """Write a dictated web address as one: 三达不溜点 abc 点 com 斜杠 pay."""
    text = SPOKEN_WWW.sub("www.", text)
    if not re.search(r"点\s*(?:com|cn|net|top|xyz|vip|cc|c o m|c n)", text, re.IGNORECASE) and "www." not in text:
        return text
    text = SPELLED.sub("", text)
    text = SPOKEN_DOT.sub(".", text)
    return SPOKEN_DASH.sub("-", SPOKEN_SLASH.sub("/", text))


def find_urls(text: str) -> list[Found]:
    """Return web addresses, written or dictated, without the protocol, in lower case up to the path."""
    return [
        Found(EntityType.URL, re.sub(r"^https?://", "", m[0], flags=re.IGNORECASE).rstrip("/."), m.start(), m.end())
        for m in URL.finditer(text)
    ]
