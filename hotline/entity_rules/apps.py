"""Apps: known ones, and unknown ones that are introduced as an app by name."""

from __future__ import annotations

import re

from hotline.domain.entities import EntityType
from hotline.entity_rules.found import Found

APPS = [
    "支付宝",
    "微信",
    "企业微信",
    "QQ",
    "腾讯会议",
    "钉钉",
    "飞书",
    "抖音",
    "快手",
    "淘宝",
    "天猫",
    "京东",
    "京东金融",
    "京东白条",
    "京东金条",
    "拼多多",
    "闲鱼",
    "转转",
    "美团",
    "美团借钱",
    "饿了么",
    "小红书",
    "微博",
    "陌陌",
    "探探",
    "Soul",
    "知乎",
    "国家反诈中心",
    "全民反诈",
    "云闪付",
    "花呗",
    "借呗",
    "度小满",
    "微粒贷",
    "安逸花",
    "宜享花",
    "360借条",
    "有钱花",
    "百度网盘",
    "58同城",
    "唯品会",
    "携程",
    "去哪儿",
    "滴滴",
    "得物",
    "苏宁",
    "Zoom",
    "Telegram",
    "WhatsApp",
    "Skype",
    "Line",
    "Facebook",
    "Instagram",
    "Messenger",
    "FaceTime",
    "向日葵",
    "ToDesk",
    "TeamViewer",
    "AnyDesk",
    "币安",
    "欧易",
    "火币",
    "蝙蝠",
    "BatChat",
    "密聊",
    "交易猫",
    "螃蟹账号",
    "5173",
    "王者荣耀",
    "和平精英",
    "原神",
    "哔哩哔哩",
    "YY",
    "世纪佳缘",
    "珍爱网",
    "百合网",
    "同花顺",
    "东方财富",
    "Steam",
    "个人所得税",
]
APP = re.compile("|".join(sorted(map(re.escape, APPS), key=len, reverse=True)), re.IGNORECASE)
BY_LOWER = {name.lower(): name for name in APPS}
IDENTIFIER = re.compile(
    r"(?:支付宝|微信|QQ)(?:的?账号|账户|号|名(?=叫|是|字)|(?:是|：|:| )*(?=[A-Za-z][A-Za-z0-9_-]{5}|\d{3}))",
    re.IGNORECASE,
)
"""An account of the app, not the app."""
KIND = r"(?:聊天软件|交易软件|投资软件|手机软件|软件|APP|App|app|a p p|应用程序|应用|小程序|客户端|交易所)"
NAME = r"(?P<name>[A-Za-z0-9\u4e00-\u9fa5]{2,10}?)"
QUOTES = "“\"「《‘'"
UNQUOTES = "”\"」》’'"
NAMED_BEFORE = re.compile(
    r"(?:叫做|叫作|名叫|叫个|叫|名字是|名为|下载了?(?:的是)?(?:一个|个|那个)?(?:叫)?|安装了?(?:一个|个)?|装了?(?:一个|个)|下了?(?:一个|个)(?:叫)?|用的(?:是|叫))"
    rf"(?:什么)?[{QUOTES}]?{NAME}[{UNQUOTES}]?(?:的|这个|那个|这款|一个|的那个)?(?:{KIND}|平台)"
)
NAMED_AFTER = re.compile(
    rf"(?:{KIND}|平台)(?:的名字|名字|名称|名)?(?:就|它|是|好像|应该)*(?:叫做|叫作|叫|名字是|是叫|名为|是(?=[{QUOTES}]))(?:做|什么)?"
    rf"(?P<name>[A-Za-z0-9\u4e00-\u9fa5]{{2,8}}?)(?=[，。！？、,. ]|$|的|我|他|她|你|让|然后|把|里|上面|就|还|说|呢|吧|啊|在|投|充|登|注册|要|可以|有)"
)
QUOTED_AFTER = re.compile(
    rf"(?:{KIND}|平台)[^，。；！？]{{0,4}}?(?:叫做|叫作|叫|名字是|名为|是)(?:做|什么)?[{QUOTES}](?P<name>[^{UNQUOTES}]{{2,12}})[{UNQUOTES}]"
)
THIS_KIND = re.compile(rf"(?:^|[，。？！,. ]){NAME}(?:这个|这款)(?:软件|APP|App|app|应用)")
DOWNLOADED = re.compile(
    rf"(?:下载|安装|装|下)了?(?:一个|个)?(?:叫做|叫|名叫)(?:什么)?[{QUOTES}]?(?P<name>[A-Za-z0-9\u4e00-\u9fa5]{{2,8}}?)(?=[{UNQUOTES}，。！？,. ]|$|的|我|他|然后|把|里|上面)"
)
LEAD_IN = re.compile(r"^(?:叫做|叫作|叫什么|叫|名叫|是|什么|一个叫|个叫|了)+")
VAGUE = re.compile(
    r"^(?:一个|那个|这个|什么|他们|对方|我们|你们|他的|她的|我的|你的|指定|这种|那种|某个|官方|正规|聊天|会议|共享|手机|银行|投资|理财|贷款|交易|购物|短视频|反诈|下载|安装|新的|小|陌生|别的"
    r"|其他|几个|两个|三个|同一个|自己|第三方|网贷|借款|借贷|远程|视频|虚假|所谓|外面|国外|境外|游戏|直播|刷单|做任务|它|啥|哪个|哪款|个|好几|不少|很多|人家|他|她|我|你|这|那|的|专门|专用|不明|相关|屏幕|炒股|股票"
    r"|任何|未知|同城|下了|装了|超市|俺|咱|别处|商店|假的|过|了|没|不|有|网上|网络|电商|社交|二手|交友|婚恋|相亲|团购|外卖|打车|购票|买票|里面|后台|前台|内部|咱们|您|哪|还款|收款|付款|支付(?!宝)|杀毒|办公|浏览器|应用|软件|平台|怎么|一款|一些|的是|官网|客服).*|.*(?:什么|下了|装了|下载|来源|没有|那种|这种|他们|让我|给我|好几个|一个|那个|链接).*|(?:叫|是|在|用|把).*"
)


def find_apps(text: str) -> list[Found]:
    """Return apps; an app's own account number (支付宝账号, 微信号) is not a mention of the app."""
    identifiers = {match.start() for match in IDENTIFIER.finditer(text)}
    found = [
        Found(EntityType.APP, BY_LOWER[match[0].lower()], match.start(), match.end())
        for match in APP.finditer(text)
        if match.start() not in identifiers and not _inside_a_word(text, match)
    ]
    for pattern in (QUOTED_AFTER, NAMED_BEFORE, NAMED_AFTER, DOWNLOADED, THIS_KIND):
        for match in pattern.finditer(text):
            name = LEAD_IN.sub("", match["name"])
            start, end = match.end("name") - len(name), match.end("name")
            overlaps = any(start < item.end and end > item.start for item in found)
            if len(name) > 1 and not overlaps and not VAGUE.match(name) and not name.isdigit():
                found.append(Found(EntityType.APP, name, start, end))
    return found


def _inside_a_word(text: str, match: re.Match[str]) -> bool:
    """Say whether a Latin name is only a part of a longer Latin word or address."""
    if not match[0].isascii():
        return False
    around = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
    return bool(re.search(r"[A-Za-z0-9.@_]", around))
