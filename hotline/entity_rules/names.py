"""Full names of people: account holders, and people who are said to be called so.

王警官, 李老师 and 小陈 are no full names and are left out; of 王磊警官 the name stays.
"""

from __future__ import annotations

import re

from hotline.domain.entities import EntityType
from hotline.entity_rules.found import Found

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
    "廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷"
    "詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农"
    "洪傅常粟仝司卓古吉缪简车芦麦褚娄窦戚岑景党费卜冷晏席卫米柏宗瞿桂佟臧闵苟邬边卞姬仇栾隋刁沙巫寇桑郎甄丛仲虞敖巩佘池麻苑迟邝谈匡鞠惠荆冀郁胥储栗燕楚鄢谌冼蔺阚帅屠练廉祖巴狄"
)
COMPOUND = "欧阳|司马|上官|诸葛|司徒|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯|端木|南宫|申屠|轩辕|宇文|长孙"
OPENING, CLOSING = '“"「《‘', '”"」》’'
COMMON_GIVEN = frozenset(
    "某伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂玉红文华建国志海波辉峰鹏飞宇浩鑫林斌斐凯俊健毅龙云雪梅琴莲珍凤玲燕琳萍倩婷颖慧莹晶雯佳怡欣怀思雨晨阳轩梓涵子豪泽宸睿博远天庆福贵财宝生根发春夏秋冬花香月"
    "星晓小大永长德义仁礼智信忠孝诚良善美淑贤惠珠瑶琪璐瑞祥吉康宁安乐成功胜利达通荣光耀煌昌盛兴旺家业世界民族爱卫东西南北方中振威武力保守全立正新革改进步青松柏树森木水江河湖山石岩峻岭金银铜铁锋钢火炎焱土坤"
    "乾元亨贞一二三四五少清洁白素雅芬芝蓉萱蕾薇菲蓓茜苗苹菊莉茹荷芸启学才书翰墨诗词琦琨瑜瑾瑛璇珊珂玥冰霜露虹彩霁旭昊昕晖晗景朋友群君臣亚亮先克其具冠凌刘创加劲化千升卓占厚原双可向听和品哲喜嘉园圣培增士声复"
    "妍妮妹姗娅娇娥婉婕媛嫣孟宏宗官宜定宣宾富寒寿尚岚岳崇川左巧帆帅师年广庭延开弘彦彪彬影征徐心必恒恩悦情意慕懿战扬承拓捷敬斗旗日昆易映晋普晴曙曼曦朝期本权来杨极标栋桃梁棠楠楷楚榕樱欢毓汉池沁沛法泉泓洪洲浦"
    "润淳渊湘源滔滨漫潇澄澜瀚炜炳烁焕照熙然牧特献玄率珏理琛琼甜用甫田申畅皓盈益知祖祺禄秉科程稳竹笑筠简纯纲经维绍继绪缘羽翔耘聪胤能腾自航舒艺芮若范茂茗莎菁萌蓝蔚虎行衡裕言许诺谦谨豫贝赞越跃轶辰运连逸道邦郁"
    "重野鉴钊钧钰铭铮锐锦镇阔陆隆雄霖非韬韵顺颂风馨驰骁骏高鸣鸿鹃麒麟默黎齐"
)
NAMING = r"户名|姓名|名字|收款人|收款方|持卡人|开户人|收款户|账户名|法人|全名|真名|本名|落款|抬头|(?:对方|那人|人家)(?:名字|姓名)"
"""Words that only a name can follow."""
CALLING = r"叫做|叫作|名叫|叫|自称|化名|我是|对方是|转给|打给|汇给|付给|交给|转到|打到"
"""Words that other things follow too: the name must then be made of characters usual in names."""
LINK = r"(?:的)?(?:(?:户名|名字|姓名|全名)?(?:是叫|是|叫做|叫作|叫|为|写的是|写着|写的|显示的?是?|就是|应该是|好像是|填的是|好像叫|一个|个|什么))*[：:，, “\"「]*"
NAME = rf"(?P<name>(?:(?:{COMPOUND})[\u4e00-\u9fa5]{{1,2}})|(?:[{SURNAMES}][\u4e00-\u9fa5]{{1,2}}))"
NAMED = re.compile(rf"(?:{NAMING}){LINK}{NAME}")
CALLED = re.compile(rf"(?:{CALLING})(?:了|过去|那个|这个|叫)*{LINK}{NAME}")
ASKED = re.compile(r"[户互护]名|姓名|名字|叫什么|收款人|叫啥|是谁|哪三个字|哪几个字|怎么称呼|您贵姓")
ANSWER = re.compile(
    rf"(?:嗯|呃|哦|啊|是|叫|他叫|她叫|我叫|我是|名字是|就是|那个|好像是|，|,| )*{NAME}(?:[，。,. 的吧啊]|$).{{0,12}}$"
)
STOP = re.compile(
    r"[的是在说让给打把我你他她它了吗呢吧啊哦嗯呃那这就账卡号户转要对也还都没不很着到又，。、]|银行|开户|尾号|电话|手机|金额|身份|建行|建设|工行|工商|农行|农业|农村|农商|农信|中行|中国|招行|招商|交行"
    r"|交通|邮政|邮储|民生|兴业|光大|浦发|平安|中信|广发|华夏|支付|微信|今天|昨天|前天|上午|下午|早上|晚上|中午|时间|然后|现在|以后|一共|总共|公司|有限|已经|可以|应该|什么|怎么|为什么|来了|去了|和我"
    r"|[姐哥叔婶嫂爷奶]|先生|女士|警官|警察|老师|总(?![\u4e00-\u9fa5]?的)|经理|主任|小姐|同志|队长|所长|院长|科长|处长|局长|书记|师傅|大哥|大姐|阿姨|叔叔|助理|客服|导师|教官|班长|检察|法官|律师|医生|主管|专员|顾问|老板|会计"
)
NOT_A_NAME = re.compile(
    r"麻烦|高中|高一|高二|高三|司务|储蓄|文具|单亲|黄昏|石油|宁夏|公安|警察|银行|客服|法院|检察|公司|平台|什么|钱包|安全|高级|时间|于是|任何|任务|成功|成都|关于|关闭|方便|马上|万一|金额|金融|文件|程序|江苏|江西|广东|上海|武汉|南京|海关|管理|包裹|单位|华为|白条"
    r"|金条|应该|解冻|路上|安排|安装|通知|通信|简单|易购|安检|强制|国家|国际|平安|支付|支持|原因|原来|明天|明白|信用|信息|公积|公检|公证|全部|全国|相信|相关|来电|来的|计划|商家|商城|商品|和平台|那个|那些|那边|都是"
    r"|应用|元宝|容易|由于|但是|干什么|居然|利息|利用|母亲|但凡|玉器|阿姨|修复|况且|普通|初始|初中|官方|班主|连接|连单|项目|简历|古董|封控|费用|党员|冷静|景区|农民|农业|农行|农商|农村|时候|解除|解释|解封|游戏|成交|成本|路由|管家"
    r"|华夏|房子|房东|房产|白天|石头|石家|金牌|金子|江湖|毛病|钱款|钱都|钱就|钱转|武警|向他|向我|向日葵|温馨|康复|文章|文字|文书|牛市|安心|安卓|齐全|易信|章程|方式|方案|高额|高速|高息|何时|何必|林业|童装|单子|单独|季度|盛大|游客|童话|华强|万元|于此|程式|左右|包括|包装|符合"
    r"|尚未|常用|常见|常常|纪委|纪检|海外|师父|师傅|师姐|麦克|车子|车票|车险|卫生|池塘|查询|查一|全民|楼上|楼下|门口|门票|云闪|云信|云盘|都要|都没|公家|但|干嘛|信任|信贷|信托|盖章|海淘|国外|平时|平常|支行|印章|战友|银监|银联|银保|公关|公众|明明|明显|南方|东方财|司法|和他|和我|和你|强行|强调|来着|边上|花呗|花钱|乐享"
)
NOT_A_PERSON_AFTER = re.compile(
    r".{0,5}?(?:软件|APP|App|app|平台|有限|公司|群|网站|应用|集团|小程序|会议室|交易所|客户端|基金|证券)"
)


def find_names(text: str, question: str = "") -> list[Found]:
    """Return full names behind words that introduce one, or in answer to a `question` for one."""
    found: dict[int, Found] = {}
    for pattern, weak in ((NAMED, False), (CALLED, True)):
        for match in pattern.finditer(text):
            _keep(found, text, match, weak=weak)
    answer = ANSWER.match(text) if not found and ASKED.search(question) else None
    if answer:
        _keep(found, text, answer, weak=True)
    return list(found.values())


def _keep(found: dict[int, Found], text: str, match: re.Match[str], *, weak: bool) -> None:
    start = match.start("name")
    name = _cut(text, start, match["name"])
    surname = _surname_length(name)
    if weak and not set(name[surname:]) <= COMMON_GIVEN:
        return
    opened = text[start - 1 : start]
    if opened and opened in OPENING and text[start + len(name) : start + len(name) + 1] not in tuple(CLOSING):
        return
    if (
        len(name) <= surname
        or name.endswith("某")
        or NOT_A_NAME.match(text, start)
        or NOT_A_PERSON_AFTER.match(text, start + len(name))
    ):
        return
    if start not in found:
        found[start] = Found(EntityType.PERSON, name, start, start + len(name))


def _surname_length(name: str) -> int:
    return 2 if re.match(COMPOUND, name) else 1


def _cut(text: str, start: int, name: str) -> str:
    """End the name before a word that cannot belong to it, or before a last character unusual in names."""
    for position in range(_surname_length(name), len(name)):
        if STOP.match(text, start + position):
            return name[:position]
    ends_here = start + len(name) == len(text) or not "\u4e00" <= text[start + len(name)] <= "\u9fa5"
    if len(name) == 3 and _surname_length(name) == 1 and name[2] not in COMMON_GIVEN and not ends_here:
        return name if STOP.match(text, start + 3) else name[:2]
    return name
