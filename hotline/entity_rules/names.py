"""Names of people who hold accounts or are talked of by full name."""

from __future__ import annotations

import re

from hotline.domain.entities import EntityType
from hotline.entity_rules.found import Found

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
    "廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷"
    "詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农"
)
COMPOUND = "欧阳|司马|上官|诸葛|司徒|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯"
INTRODUCED = (
    r"户名|姓名|名字|收款人|收款方|持卡人|开户人|收款户|账户名|法人|全名|真名|对方(?:叫|是|名字|姓名|户名)|(?:他|她|我|你|人|儿子|女儿|老公|老婆|爱人|同事|老板|女的|男的)"
    r"(?:的名字|名字)?叫|本名|名叫|叫做|叫作|那人叫|自称(?:叫|是)?|落款|抬头|本人叫|抬头是"
)
GIVEN = r"[\u4e00-\u9fa5]"
NAME = re.compile(
    rf"(?:{INTRODUCED})(?:的)?(?:(?:户名|名字|姓名)?(?:是|叫|为|写的是|写着|显示|就是|应该是|好像是|填的是|好像叫))*[：:，, “\"「]*"
    rf"((?:(?:{COMPOUND}){GIVEN}{{1,2}})|(?:[{SURNAMES}]{GIVEN}{{1,2}}))"
)
ENDS = re.compile(
    r"(?:的|是|在|说|让|给|打|把|我|你|他|她|了|吗|呢|吧|啊|哦|嗯|那|这|就|账|卡|号|银|行|开|户|转|要|对|和|也|还|都|会|来|去|叫|有|没|不|很|工|建|农|中国|招商"
    r"|先生|女士|警官|老师|总|经理|主任|小姐|同志|队长|所长|院长|科长|处长|助理|客服|导师|教官|班长|书记|局长|师傅|大哥|大姐|阿姨|叔叔)"
)
NOT_A_NAME = re.compile(
    r"公安|警察|银行|客服|法院|检察|公司|平台|什么|钱包|安全|高级|时间|于是|任何|成功|成都|关于|关闭|方便|石家|马上|万一|金额|文件|程序|温州"
    r"|江苏|江西|广东|上海|武汉|宁波|南京|海关|管理|包裹|单位|华为|白条|金条|花呗|借呗|向他|向我|时候|段时间|应该|解冻|路上|成了|安排|安装|通知|通信|简单|易购|安检"
)


def find_names(text: str) -> list[Found]:
    """Return full names behind words that introduce one; titles such as 王警官 are no names."""
    found = []
    for match in NAME.finditer(text):
        name = match[1]
        surname = 2 if re.match(COMPOUND, name) else 1
        for position in range(surname, len(name)):
            if ENDS.match(text, match.start(1) + position):
                name = name[:position]
                break
        if len(name) > surname and not NOT_A_NAME.match(name):
            found.append(Found(EntityType.PERSON, name, match.start(1), match.start(1) + len(name)))
    return found
