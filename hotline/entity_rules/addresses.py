"""Web addresses, e-mail addresses and WeChat names, written or dictated."""

from __future__ import annotations

import re

from hotline.domain.entities import EntityType
from hotline.entity_rules.found import Found

DOMAINS = [
    "com",
    "cn",
    "net",
    "org",
    "top",
    "xyz",
    "vip",
    "cc",
    "io",
    "info",
    "shop",
    "app",
    "site",
    "club",
    "me",
    "tv",
    "co",
    "ltd",
    "live",
    "pro",
    "online",
    "work",
    "link",
    "icu",
    "biz",
    "hk",
    "us",
    "tk",
    "fun",
    "store",
    "ink",
    "win",
    "bet",
    "asia",
    "wang",
    "ren",
    "group",
    "fit",
    "mobi",
    "one",
]
DOMAIN = "|".join(sorted(DOMAINS, key=len, reverse=True))
URL = re.compile(
    rf"(?:https?://)?(?:[A-Za-z0-9-]+\.)+(?:{DOMAIN})(?![A-Za-z0-9-])(?::\d{{2,5}})?(?:/[\w\-./?=&%]*)?",
    re.IGNORECASE | re.ASCII,
)
EMAIL = re.compile(rf"[A-Za-z0-9._+-]+@(?:[A-Za-z0-9-]+\.)+(?:{DOMAIN})(?![A-Za-z0-9-])", re.IGNORECASE)
PAYMENT_ACCOUNT = re.compile(r"支付宝")
WECHAT = re.compile(
    r"(?:微信|威信|wx|vx|v信|WX|VX)(?:账号|号码|号)?(?:是|叫|为|：|:|加|，|,| |的|他的|就是)*(?P<name>[A-Za-z][A-Za-z0-9_-]{5,19})(?![A-Za-z0-9_.-])"
)
THREE_WS = re.compile(r"(?:三个?达不溜|三个?[wW]|3个?[wW]|(?:达不溜|大不溜){3}|[wW] ?[wW] ?[wW])\s*(?:点|\.)\s*")
HINT = re.compile(rf"点\s*(?:{DOMAIN}|c o m|c n|康姆|卡姆|抗姆)(?![A-Za-z])|www\.", re.IGNORECASE)
SPELT = re.compile(r"(?<![A-Za-z0-9][A-Za-z0-9])(?<=[A-Za-z0-9]) (?=[A-Za-z0-9](?:[ .点艾@]|$))")
AT = re.compile(r"\s*(?:艾特|爱特|圈a|圈A)\s*")
SIGNS = (
    (re.compile(r"\s*点\s*(?:康姆|卡姆|抗姆)"), ".com"),
    (re.compile(r"(?<=[A-Za-z0-9])\s*(?:斜杠|斜线)\s*(?=[A-Za-z0-9])"), "/"),
    (re.compile(r"(?<=[A-Za-z0-9])\s*(?:中?横?杠|中划线|横线|减号)\s*(?=[A-Za-z0-9])"), "-"),
    (re.compile(r"(?<=[A-Za-z0-9])\s*(?:下划线)\s*(?=[A-Za-z0-9])"), "_"),
)
DOT = re.compile(r"(?<=[A-Za-z0-9])\s*点\s*(?=[A-Za-z0-9])")
DIGIT_IN_ADDRESS = re.compile(
    r"(?<=[A-Za-z.])[零一二三四五六七八九幺]{1,8}(?=[A-Za-z.点])|(?<=[点.@])[一二三四五六七八九零幺]{2,6}(?=点\s*[A-Za-z])"
)
CHINESE_DIGITS = str.maketrans("零一二三四五六七八九幺", "01234567891")


def spoken_addresses(text: str) -> str:
    """Write dictated addresses as such: 三达不溜点 abc 点 com 斜杠 pay becomes www.abc.com/pay."""
    text = AT.sub("@", THREE_WS.sub("www.", text))
    for sign, written in SIGNS:
        text = sign.sub(written, text)
    if not HINT.search(text):
        return text
    text = DIGIT_IN_ADDRESS.sub(lambda match: match[0].translate(CHINESE_DIGITS), SPELT.sub("", text))
    return DOT.sub(".", text)


def find_urls(text: str) -> list[Found]:
    """Return web addresses without the protocol, the host in lower case. Those of e-mail are none."""
    mails = [match.span() for match in EMAIL.finditer(text)]
    found = []
    for match in URL.finditer(text):
        if any(start < match.end() and end > match.start() for start, end in mails):
            continue
        host, slash, path = re.sub(r"^https?://", "", match[0], flags=re.IGNORECASE).partition("/")
        found.append(Found(EntityType.URL, (host.lower() + slash + path).rstrip("/."), match.start(), match.end()))
    return found


def find_mail_accounts(text: str, question: str = "") -> list[Found]:
    """Return e-mail addresses that are said to be Alipay accounts."""
    return [
        Found(EntityType.ALIPAY, match[0].lower(), match.start(), match.end())
        for match in EMAIL.finditer(text)
        if PAYMENT_ACCOUNT.search(text[: match.start()]) or PAYMENT_ACCOUNT.search(question)
    ]


def find_wechat_names(text: str) -> list[Found]:
    """Return WeChat names: a letter first, 6 to 20 letters, digits, _ or -."""
    return [Found(EntityType.WECHAT, m["name"], *m.span("name")) for m in WECHAT.finditer(text)]
