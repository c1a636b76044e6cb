"""Names for a whole register: surnames as unequal as real ones, given names by sex and generation; lists of our own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from salus.synth.model import Dice


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (pair.partition(":") for pair in text.split())
    return tuple((characters, sound) for characters, _, sound in pairs)


def _falling(count: int, flat: int) -> tuple[float, ...]:
    """Return running sums of weights that fall with the rank; the larger `flat`, the slower."""
    return tuple(accumulate(1 / (rank + flat) for rank in range(count)))


# The commonest first. Some have a reading of their own as surnames (单, 仇, 区, 解, 查, 盖, 尉迟): they are trouble.
SURNAMES = _pairs("""
    王:Wang 李:Li 张:Zhang 刘:Liu 陈:Chen 杨:Yang 黄:Huang 赵:Zhao 吴:Wu 周:Zhou 徐:Xu 孙:Sun
    马:Ma 朱:Zhu 胡:Hu 郭:Guo 何:He 林:Lin 高:Gao 罗:Luo 郑:Zheng 梁:Liang 谢:Xie 宋:Song
    唐:Tang 许:Xu 邓:Deng 韩:Han 冯:Feng 曹:Cao 彭:Peng 曾:Zeng 肖:Xiao 田:Tian 董:Dong 潘:Pan
    袁:Yuan 蔡:Cai 蒋:Jiang 余:Yu 于:Yu 杜:Du 叶:Ye 程:Cheng 魏:Wei 苏:Su 吕:Lü 丁:Ding
    任:Ren 卢:Lu 姚:Yao 沈:Shen 钟:Zhong 姜:Jiang 崔:Cui 谭:Tan 陆:Lu 范:Fan 汪:Wang 廖:Liao
    石:Shi 金:Jin 韦:Wei 贾:Jia 夏:Xia 付:Fu 方:Fang 邹:Zou 熊:Xiong 白:Bai 孟:Meng 秦:Qin
    邱:Qiu 侯:Hou 江:Jiang 尹:Yin 薛:Xue 闫:Yan 段:Duan 雷:Lei 龙:Long 黎:Li 史:Shi 陶:Tao
    贺:He 毛:Mao 郝:Hao 顾:Gu 龚:Gong 邵:Shao 万:Wan 覃:Qin 武:Wu 钱:Qian 戴:Dai 严:Yan
    莫:Mo 孔:Kong 向:Xiang 常:Chang 汤:Tang 康:Kang 易:Yi 乔:Qiao 赖:Lai 文:Wen 施:Shi 洪:Hong
    樊:Fan 兰:Lan 殷:Yin 颜:Yan 倪:Ni 庄:Zhuang 章:Zhang 鲁:Lu 岳:Yue 申:Shen 俞:Yu 翟:Zhai
    葛:Ge 齐:Qi 米:Mi 柳:Liu 焦:Jiao 关:Guan 欧:Ou 左:Zuo 柯:Ke 凌:Ling 阮:Ruan 霍:Huo
    祝:Zhu 纪:Ji 梅:Mei 童:Tong 骆:Luo 耿:Geng 裴:Pei 聂:Nie 辛:Xin 管:Guan 盛:Sheng 涂:Tu
    单:Shan 苗:Miao 谷:Gu 路:Lu 游:You 解:Xie 查:Zha 仇:Qiu 区:Ou 盖:Ge 华:Hua 卜:Bu
    欧阳:Ouyang 上官:Shangguan 司马:Sima 诸葛:Zhuge 尉迟:Yuchi 令狐:Linghu 司徒:Situ 夏侯:Xiahou
""")
# Per ten thousand, of the first twenty; the rest fall from there. Rounded from what ministries have published.
_FIRST_TWENTY = (720, 715, 680, 540, 450, 310, 225, 215, 200, 190, 150, 148, 130, 127, 120, 117, 114, 112, 108, 104)
SURNAME_SUMS = tuple(
    accumulate((*_FIRST_TWENTY, *(max(4, 2_000 / rank) for rank in range(21, len(SURNAMES) + 1)))),
)

_OLD_MALE = _pairs("""
    国:guo 德:de 明:ming 文:wen 华:hua 生:sheng 建:jian 荣:rong 福:fu 贵:gui 金:jin 宝:bao 树:shu 玉:yu 长:chang
    永:yong 清:qing 林:lin 发:fa 祥:xiang 成:cheng 春:chun 元:yuan 庆:qing 根:gen 忠:zhong 义:yi 仁:ren 富:fu 有:you
    万:wan 胜:sheng 安:an 全:quan 才:cai 山:shan 海:hai 兴:xing 顺:shun 和:he 平:ping 昌:chang 俊:jun 光:guang 学:xue
    水:shui 田:tian 友:you 良:liang 善:shan 喜:xi 财:cai 土:tu 木:mu 江:jiang
""")
_OLD_FEMALE = _pairs("""
    秀:xiu 英:ying 兰:lan 芳:fang 珍:zhen 玉:yu 桂:gui 凤:feng 梅:mei 花:hua 淑:shu 素:su 华:hua 荣:rong 莲:lian
    香:xiang 琴:qin 翠:cui 金:jin 红:hong 春:chun 菊:ju 云:yun 美:mei 月:yue 娥:e 娣:di 爱:ai 惠:hui 巧:qiao
    银:yin 仙:xian 贞:zhen 彩:cai 妹:mei 枝:zhi 蓉:rong 清:qing 霞:xia 莉:li 连:lian 芝:zhi 竹:zhu 秋:qiu 菱:ling
""")
_MIDDLE_MALE = _pairs("""
    伟:wei 强:qiang 军:jun 勇:yong 杰:jie 涛:tao 明:ming 超:chao 刚:gang 平:ping 辉:hui 鹏:peng 华:hua 飞:fei 波:bo
    斌:bin 建:jian 志:zhi 文:wen 海:hai 晓:xiao 永:yong 东:dong 国:guo 峰:feng 磊:lei 洋:yang 亮:liang 健:jian 宁:ning
    龙:long 林:lin 斐:fei 毅:yi 凯:kai 俊:jun 旭:xu 振:zhen 红:hong 卫:wei 新:xin 立:li 庆:qing 玉:yu 彬:bin
    滨:bin 武:wu 坤:kun 宏:hong 洪:hong 鸿:hong 敏:min 正:zheng 大:da 小:xiao 春:chun 光:guang 利:li 力:li 学:xue
    良:liang 云:yun 松:song 宇:yu 威:wei 维:wei 炜:wei 政:zheng 锋:feng 丰:feng 剑:jian 雷:lei 钢:gang 岗:gang
""")
_MIDDLE_FEMALE = _pairs("""
    丽:li 敏:min 静:jing 艳:yan 娟:juan 霞:xia 燕:yan 玲:ling 婷:ting 慧:hui 芳:fang 娜:na 红:hong 萍:ping 梅:mei
    英:ying 莉:li 丹:dan 洁:jie 颖:ying 琳:lin 雪:xue 倩:qian 琴:qin 晓:xiao 春:chun 海:hai 小:xiao 秀:xiu 玉:yu
    美:mei 云:yun 华:hua 兰:lan 凤:feng 蓉:rong 莹:ying 佳:jia 文:wen 媛:yuan 露:lu 平:ping 珊:shan 菲:fei 蕾:lei
    薇:wei 晶:jing 京:jing 菁:jing 璐:lu 虹:hong 宏:hong 俐:li 荔:li 妍:yan 岩:yan 彦:yan 茜:qian 茹:ru 青:qing
    卿:qing 婕:jie 杰:jie 宁:ning 岚:lan 苹:ping 瑛:ying 映:ying 惠:hui 卉:hui 汇:hui
""")
_YOUNG_MALE = _pairs("""
    子:zi 浩:hao 宇:yu 轩:xuan 泽:ze 嘉:jia 俊:jun 博:bo 文:wen 天:tian 家:jia 瑞:rui 然:ran 涵:han 梓:zi
    晨:chen 辰:chen 宸:chen 翔:xiang 祥:xiang 明:ming 睿:rui 锐:rui 皓:hao 昊:hao 豪:hao 杰:jie 逸:yi 毅:yi 奕:yi
    一:yi 亦:yi 铭:ming 凯:kai 恺:kai 霖:lin 琳:lin 诚:cheng 承:cheng 成:cheng 远:yuan 源:yuan 航:hang 鑫:xin 欣:xin
    新:xin 志:zhi 智:zhi 致:zhi 思:si 哲:zhe 喆:zhe 佑:you 佳:jia 恒:heng 乐:le 彦:yan 言:yan 俊:jun 骏:jun
    钧:jun 阳:yang 洋:yang 扬:yang 旭:xu 煦:xu 楷:kai 景:jing 靖:jing 安:an 朗:lang 沐:mu 牧:mu 希:xi 熙:xi
    羽:yu 雨:yu 煜:yu 钰:yu 昱:yu 柏:bai 桐:tong 彤:tong 麟:lin 林:lin 琛:chen 尘:chen 帆:fan 凡:fan 朝:zhao
""")
_YOUNG_FEMALE = _pairs("""
    欣:xin 怡:yi 梓:zi 涵:han 雨:yu 诗:shi 佳:jia 思:si 梦:meng 悦:yue 琪:qi 瑶:yao 可:ke 馨:xin 心:xin
    子:zi 萱:xuan 轩:xuan 语:yu 雅:ya 若:ruo 妍:yan 彤:tong 桐:tong 婷:ting 晴:qing 清:qing 月:yue 玥:yue 乐:le
    嘉:jia 家:jia 琳:lin 灵:ling 凌:ling 玲:ling 芯:xin 昕:xin 宁:ning 艺:yi 依:yi 伊:yi 忆:yi 奕:yi 一:yi
    诺:nuo 静:jing 菲:fei 霏:fei 然:ran 冉:ran 媛:yuan 圆:yuan 源:yuan 慧:hui 惠:hui 蕙:hui 文:wen 雯:wen 溪:xi
    希:xi 熙:xi 汐:xi 夕:xi 沐:mu 慕:mu 晨:chen 宸:chen 辰:chen 琦:qi 绮:qi 淇:qi 珊:shan 杉:shan 茜:qian
    芊:qian 倩:qian 千:qian 蕊:rui 瑞:rui 睿:rui 楠:nan 南:nan 安:an 筱:xiao 晓:xiao 小:xiao 瑜:yu 钰:yu 妤:yu
""")
# Characters that are taken for others by ear only: no list above has them, but clerks do.
_BY_EAR = _pairs("""
    玮:wei 韦:wei 卫:wei 均:jun 君:jun 郡:jun 永:yong 咏:yong 洁:jie 捷:jie 滔:tao 桃:tao 鸣:ming 萌:meng 恢:hui
    晖:hui 蓬:peng 桦:hua 骅:hua 宾:bin 豫:yu 誉:yu 颢:hao 灏:hao 荟:hui 晋:jin 锦:jin 今:jin 彰:zhang 蓝:lan
    仪:yi 宜:yi 迎:ying 盈:ying 荧:ying 辛:xin 歆:xin 菊:ju 巨:ju 凰:huang 风:feng 枫:feng 树:shu 书:shu 舒:shu
    桔:ju 叶:ye 晔:ye 烨:ye 镇:zhen 震:zhen 真:zhen 甄:zhen 柱:zhu 珠:zhu 素:su 夙:su 贞:zhen 苒:ran 染:ran
""")
_LISTS = (_OLD_MALE, _OLD_FEMALE, _MIDDLE_MALE, _MIDDLE_FEMALE, _YOUNG_MALE, _YOUNG_FEMALE)
_SUMS = {characters: _falling(len(characters), 12) for characters in _LISTS}
# By generation: the first year of birth after it, its lists, and how often a name has one character.
_GENERATIONS = (
    (1962, _OLD_MALE, _OLD_FEMALE, 0.08),
    (1992, _MIDDLE_MALE, _MIDDLE_FEMALE, 0.26),
    (9999, _YOUNG_MALE, _YOUNG_FEMALE, 0.09),
)


def _by_sound(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for character, sound in pairs:
        found.setdefault(sound, {})[character] = None
    return {sound: tuple(characters) for sound, characters in found.items()}


SAME_SOUND = _by_sound(pair for pairs in (*_LISTS, _BY_EAR) for pair in pairs)
ANY_CHARACTER = tuple(dict.fromkeys(pair for pairs in _LISTS for pair in pairs))
# One sound, each time another tone.
_CALLED_APART = tuple(
    "依怡艺 瑜雨玉 薇维伟卫 辉慧 英莹颖映 晶景静 浩豪 欣信 妍艳嫣 峰凤 涛桃 瑞蕊 琪绮 飞斐 波博".split()
)

TRADITIONAL = str.maketrans(
    "张刘陈杨黄赵吴孙马罗郑谢许邓韩冯肖袁蒋余叶苏吕卢钟谭陆韦贾邹阎闫龙贺顾龚万钱戴严汤乔赖兰颜倪庄鲁单苗关欧阮纪骆聂区盖华诸迟"
    "国荣贵宝树长庆义师胜兴顺学爱连凤云红银贞伟强军杰刚辉飞涛鹏杰剑锋亮丽静艳娟颖洁晓丹莹蕾宁卫维炜政钢岗"
    "泽铭睿锐凯恺诚远骏钧扬彦阳麟霖琪瑶馨语灵艺忆诺圆绮蕴诗梦轩东",
    "張劉陳楊黃趙吳孫馬羅鄭謝許鄧韓馮肖袁蔣余葉蘇呂盧鐘譚陸韋賈鄒閻閆龍賀顧龔萬錢戴嚴湯喬賴蘭顏倪莊魯單苗關歐阮紀駱聶區蓋華諸遲"
    "國榮貴寶樹長慶義師勝興順學愛連鳳雲紅銀貞偉強軍傑剛輝飛濤鵬傑劍鋒亮麗靜艷娟穎潔曉丹瑩蕾寧衛維煒政鋼崗"
    "澤銘睿銳凱愷誠遠駿鈞揚彥陽麟霖琪瑤馨語靈藝憶諾圓綺蘊詩夢軒東",
)

# Given names and family names from elsewhere, in Latin letters; any two go together.
LATIN_GIVEN = tuple(
    "Anna Maria Elena Sofia Laura Emma Olga Fatima Aisha Priya Yuki Hana Minh Linh Grace Ruth Chloe Ines Nadia Amara "
    "John Michael David Thomas Peter Daniel Ivan Omar Ahmed Raj Kenji Hiroshi Quang Samuel Joseph Lucas Pablo Igor "
    "Mohammed Andre Victor Felix".split()
)
LATIN_FAMILY = tuple(
    "Smith Garcia Müller Ivanova Petrov Kim Park Nguyen Tran Sato Tanaka Suzuki Khan Hussain Sharma Patel Okafor "
    "Mensah Silva Santos Rossi Dubois Kowalski Andersson Brown Wilson O'Connor Al-Farsi Abdullah Haddad Perera "
    "Fernandez".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Shares of twins whose names are hard to tell apart: another character of the same sound, or wholly the same."""

    homophones: float = 0.0
    namesakes: float = 0.0


def surname(dice: Dice) -> tuple[str, str]:
    """Choose a surname and its pinyin, by how common it is."""
    return SURNAMES[dice.along(SURNAME_SUMS)]


def given_name(dice: Dice, male: bool, year: int) -> tuple[str, tuple[str, ...]]:
    """Choose a given name of one or two characters after sex and year of birth, and their pinyin."""
    men, women, single = next(one[1:] for one in _GENERATIONS if year < one[0])
    characters = men if male else women
    sums = _SUMS[characters]
    first = characters[dice.along(sums)]
    if dice.chance(single):
        return first[0], (first[1],)
    second = characters[dice.along(sums)]
    return first[0] + second[0], (first[1], second[1])


def twin_name(
    dice: Dice, given: str, sounds: tuple[str, ...], male: bool, year: int, alike: Alike
) -> tuple[str, tuple[str, ...]]:
    """Choose the given name of the second twin: half share a character with the first.

    A few in a thousand are written alike in pinyin; called, they differ by their tone, or their parents would know why.
    `alike` makes more of them hard to tell apart.
    """
    if alike.namesakes and dice.chance(alike.namesakes):
        return given, sounds
    if alike.homophones and dice.chance(alike.homophones):
        others = tuple(one for one in SAME_SOUND.get(sounds[-1], ()) if one != given[-1])
        if others:
            return given[:-1] + dice.pick(others), sounds
    if dice.chance(0.015):
        others = tuple(c for group in _CALLED_APART if given[-1] in group for c in group if c != given[-1])
        if others:
            return given[:-1] + dice.pick(others), sounds
    shared = dice.chance(0.5)
    while True:
        other, heard = given_name(dice, male, year)
        if shared and len(given) == len(other):
            other, heard = given[0] + other[1:], (sounds[0], *heard[1:])
        if heard != sounds:
            return other, heard
        shared = False
