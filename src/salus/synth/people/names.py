"""Common surnames and given-name characters with their pinyin; lists of our own."""

from __future__ import annotations

from itertools import accumulate


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((pair.partition(":")[0], pair.partition(":")[2]) for pair in text.split())


SURNAMES = _pairs("""
    王:Wang 李:Li 张:Zhang 刘:Liu 陈:Chen 杨:Yang 黄:Huang 赵:Zhao 吴:Wu 周:Zhou 徐:Xu 孙:Sun
    马:Ma 朱:Zhu 胡:Hu 郭:Guo 何:He 林:Lin 高:Gao 罗:Luo 郑:Zheng 梁:Liang 谢:Xie 宋:Song
    唐:Tang 许:Xu 邓:Deng 韩:Han 冯:Feng 曹:Cao 彭:Peng 曾:Zeng 肖:Xiao 田:Tian 董:Dong 潘:Pan
    袁:Yuan 蔡:Cai 蒋:Jiang 余:Yu 于:Yu 杜:Du 叶:Ye 程:Cheng 魏:Wei 苏:Su 吕:Lyu 丁:Ding
    任:Ren 卢:Lu 姚:Yao 沈:Shen 钟:Zhong 姜:Jiang 崔:Cui 谭:Tan 陆:Lu 范:Fan 汪:Wang 廖:Liao
    石:Shi 金:Jin 韦:Wei 贾:Jia 夏:Xia 付:Fu 方:Fang 邹:Zou 熊:Xiong 白:Bai 孟:Meng 秦:Qin
    邱:Qiu 侯:Hou 江:Jiang 欧阳:Ouyang 司马:Sima 上官:Shangguan 诸葛:Zhuge
""")

# Surnames are far from equally common: the first ten carry about two fifths of the people.
SURNAME_SUMS = tuple(accumulate(max(1, 80 // (rank // 5 + 1)) for rank in range(len(SURNAMES))))

MALE = _pairs("""
    伟:wei 强:qiang 军:jun 勇:yong 杰:jie 涛:tao 明:ming 超:chao 刚:gang 平:ping 辉:hui 鹏:peng
    华:hua 飞:fei 鑫:xin 波:bo 斌:bin 宇:yu 浩:hao 凯:kai 健:jian 俊:jun 帆:fan 帅:shuai
    旭:xu 宁:ning 龙:long 林:lin 阳:yang 建:jian 国:guo 志:zhi 文:wen 海:hai 晓:xiao 子:zi
    泽:ze 天:tian 嘉:jia 博:bo 瑞:rui 家:jia 永:yong 成:cheng 东:dong 轩:xuan 然:ran 诚:cheng
    远:yuan 德:de 光:guang 庆:qing 安:an 振:zhen 恒:heng
""")

FEMALE = _pairs("""
    芳:fang 娜:na 敏:min 静:jing 丽:li 艳:yan 娟:juan 霞:xia 燕:yan 玲:ling 婷:ting 慧:hui
    雪:xue 倩:qian 琳:lin 颖:ying 洁:jie 梅:mei 莉:li 兰:lan 红:hong 萍:ping 蓉:rong 英:ying
    云:yun 秀:xiu 桂:gui 春:chun 晓:xiao 雅:ya 欣:xin 怡:yi 佳:jia 思:si 雨:yu 梦:meng
    诗:shi 涵:han 悦:yue 宁:ning 月:yue 琪:qi 美:mei 淑:shu 玉:yu 若:ruo 清:qing 珍:zhen
    凤:feng 瑶:yao 薇:wei 菲:fei 馨:xin 岚:lan 文:wen
""")

# Streets that are in no city: after weather and plants, as streets are.
STREETS = tuple(
    "春风路 松荫街 望月巷 听雨里 晴岚路 石桥街 竹影巷 清波路 云锦街 梧桐里 荷香路 鹤鸣街 长亭巷 朝霞路 枫叶街".split()
)
