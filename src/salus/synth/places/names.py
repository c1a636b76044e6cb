"""Invented names of places: two characters each, from words of poems rather than of maps."""

from __future__ import annotations

from collections.abc import Iterator

from salus.synth.model import Dice

# Each sound occurs once in its list, so that no two names are alike in English either.
_FIRST = """
    云:yun 霜:shuang 晴:qing 苍:cang 澄:cheng 岚:lan 素:su 松:song 望:wang 枫:feng 鹤:he 暮:mu 雁:yan 碧:bi 寒:han
    梅:mei 竹:zhu 菱:ling 芦:lu 桐:tong 榆:yu 槐:huai 杏:xing 棠:tang 蓼:liao 蒲:pu 苇:wei 萤:ying 鸥:ou 鲤:li
    墨:mo 琴:qin 弦:xian 笛:di 钟:zhong 笙:sheng 箫:xiao 灯:deng 帆:fan 樵:qiao 耕:geng 织:zhi 陶:tao
    玄:xuan 赤:chi 紫:zi 银:yin 黛:dai 翠:cui 皎:jiao 朝:zhao 昏:hun 春:chun 秋:qiu 霁:ji 雾:wu 雪:xue 虹:hong
    静:jing 悠:you 遥:yao 旷:kuang 宁:ning 淡:dan 暖:nuan 柔:rou 醉:zui 归:gui 眠:mian 听:ting 拂:fu
"""
_SECOND = """
    澜:lan 渡:du 岫:xiu 汀:ting 蘅:heng 笺:jian 榭:xie 浔:xun 蹊:xi 坞:wu 渚:zhu 浦:pu 滩:tan 湄:mei 泽:ze
    屿:yu 岑:cen 嶂:zhang 巘:yan 陂:bei 畴:chou 陌:mo 阡:qian 苑:yuan 墅:shu 轩:xuan 廊:lang 桥:qiao 埠:bu
    溆:xu 泠:ling 淙:cong 漪:yi 涟:lian 沚:zhi 濠:hao 湾:wan 港:gang 闸:zha 塘:tang 渠:qu
    麓:lu 巅:dian 峡:xia 崖:ya 砾:li 峦:luan 丘:qiu 坪:ping 野:ye
"""


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (pair.partition(":") for pair in text.split())
    return tuple((character, sound) for character, _, sound in pairs)


FIRST, SECOND = _pairs(_FIRST), _pairs(_SECOND)
MOST_NAMES = len(FIRST) * len(SECOND)
_TAKEN = {"qinglan", "yundu", "wangxi", "songquan", "bailu", "shizhugu"}


def invented(seed: int) -> Iterator[tuple[str, str]]:
    """Yield (English, Chinese) names without the kind of place, none twice, in an order of the seed's own."""
    pairs = [(f"{a[1]}{b[1]}".capitalize(), a[0] + b[0]) for a in FIRST for b in SECOND]
    dice = Dice(seed, "names")
    for place in range(len(pairs) - 1, 0, -1):
        other = dice.between(0, place)
        pairs[place], pairs[other] = pairs[other], pairs[place]
    taken = set(_TAKEN)
    for name_en, name_zh in pairs:
        if name_en.lower() not in taken:
            taken.add(name_en.lower())
            yield name_en, name_zh
