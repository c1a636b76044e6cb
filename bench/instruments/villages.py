"""People of another make than `synth`'s: clans in villages, siblings of one generation name, slips of scanners.

It shares no list, no rate and no mechanism with the generator of the platform, so that rules which fit only that one
fail here. Given names are of all 3,755 common characters; minority names have dots; addresses are groups and numbers.
"""

from __future__ import annotations

import datetime
import random
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate

from opencc import OpenCC
from pypinyin import lazy_pinyin

CLANS = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻水窦章云苏潘葛范彭郎鲁韦昌马苗方俞"
FAR = ("阿卜杜", "买买提", "古丽", "扎西", "卓玛", "次仁", "艾力", "巴图", "其木格", "热合曼", "阿依", "多杰")
COMMON = [bytes((high, low)).decode("gb2312") for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF)
          if not (high == 0xD7 and low > 0xF9)]  # fmt: skip
PLACES = "上下东西南北大小新老石柳桃槐杨河沟塘岭坡".strip()
SCANNED = {"1": "7", "7": "1", "0": "6", "6": "0", "3": "8", "8": "3", "5": "6", "9": "4", "4": "9", "2": "7"}
PROVINCES = ("13", "37", "41", "42", "43", "51", "61", "65")
SOURCES = ("township", "county", "school", "pension")
Row = tuple[str, ...]


class Villages:
    """Rows with the eleven columns, once; `people` says whose each is, `twins` who are twins of one sex."""

    def __init__(self, seed: int, people: int) -> None:
        self._dice = random.Random(seed)
        self._count = people
        self._traditional = OpenCC("s2t")
        self._taken: set[str] = set()
        # Common characters are far from equally common in names; which are is drawn anew for each seed.
        self._characters = self._dice.sample(COMMON, len(COMMON))
        self._falling = list(accumulate(1 / (rank + 40) for rank in range(len(COMMON))))
        self._sounding: dict[str, list[str]] = defaultdict(list)
        for character in self._characters[:1_500]:
            self._sounding[lazy_pinyin(character)[0]].append(character)
        self.people: dict[str, int] = {}
        self.twins: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[Row]:
        made = 0
        while made < self._count:
            for person in self._family(made):
                if made < self._count:
                    yield from self._rows(made, person)
                    made += 1
        self.twins = [pair for pair in self.twins if pair[1] < self._count]

    def _family(self, first: int) -> Iterator[dict[str, str]]:
        dice = self._dice
        clan = dice.choices(CLANS, [1 / (rank + 6) for rank in range(len(CLANS))])[0]
        county = dice.choice(PROVINCES) + f"{dice.randint(1, 20):02d}{dice.randint(21, 30):02d}"
        village = dice.choice(PLACES) + dice.choice((clan + "家", dice.choice(PLACES))) + dice.choice("村庄屯")
        home = f"{village}{dice.randint(1, 12)}组{dice.randint(1, 90)}号"
        line = f"1{dice.choice('3578')}{dice.randint(10**8, 10**9 - 1)}"
        born = datetime.date(dice.randint(1935, 2020), 1, 1) + datetime.timedelta(days=dice.randint(0, 364))
        generation = self._character()
        at = first
        for child in range(dice.choices((1, 2, 3, 4, 5), (20, 35, 25, 15, 5))[0]):
            far = dice.random() < 0.02
            male = dice.random() < 0.52
            birth = born + datetime.timedelta(days=child * dice.randint(300, 1400))
            if birth > datetime.date(2025, 6, 1):
                return
            # A child has an own telephone from about ten years on.
            phone = line if birth.year > 2014 else f"1{dice.choice('3578')}{dice.randint(10**8, 10**9 - 1)}"
            one = {"name": self._given(clan, generation, far), "sex": "男" if male else "女", "born": birth.isoformat(),
                   "number": self._number(county, birth, male), "phone": phone, "county": county,
                   "home": home}  # fmt: skip
            yield one
            at += 1
            if dice.random() < 0.005:
                other = self._given(clan, generation, far)
                while lazy_pinyin(other) == lazy_pinyin(one["name"]):
                    other = self._given(clan, generation, far)
                yield {**one, "name": other, "number": self._number(county, birth, male, after=one["number"])}
                self.twins.append((at - 1, at))
                at += 1

    def _character(self) -> str:
        return self._dice.choices(self._characters, cum_weights=self._falling)[0]

    def _given(self, clan: str, generation: str, far: bool) -> str:
        if far:
            return "·".join(self._dice.sample(FAR, 2))
        roll = self._dice.random()
        if roll < 0.15:
            return clan + self._character()
        return clan + (generation if roll < 0.7 else self._character()) + self._character()

    def _number(self, county: str, birth: datetime.date, male: bool, after: str = "") -> str:
        while True:
            order = int(after[14:17]) + 2 if after else self._dice.randint(0, 120) * 2 + male
            body = f"{county}{birth:%Y%m%d}{order % 1000:03d}"
            total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(body))
            number = body + "10X98765432"[total % 11]
            if number not in self._taken:
                self._taken.add(number)
                return number
            after = number

    def _rows(self, index: int, person: dict[str, str]) -> Iterator[Row]:
        dice = self._dice
        while True:
            record_id = f"V{len(self.people):07d}"
            self.people[record_id] = index
            phone = "" if dice.random() < 0.15 else person["phone"]
            if phone and dice.random() < 0.25:
                phone = f"1{dice.choice('3578')}{dice.randint(10**8, 10**9 - 1)}"
            moved = dice.random() < 0.06
            home = f"{dice.choice(PLACES)}{dice.choice(PLACES)}路{dice.randint(1, 300)}号" if moved else person["home"]
            kind, number = self._written_number(person["number"])
            yield (record_id, dice.choice(SOURCES), self._written_name(person["name"]), person["sex"],
                   self._written_birth(person["born"]), kind, number, self._scanned(phone, 0.02), person["county"],
                   home if dice.random() < 0.9 else "",
                   f"{dice.randint(2021, 2025)}/{dice.randint(7, 12):02d}/15")  # fmt: skip
            if dice.random() < 0.6:
                return

    def _written_number(self, number: str) -> tuple[str, str]:
        roll = self._dice.random()
        if roll < 0.2:
            return ("none", "") if roll < 0.19 else ("resident-id", "无")
        if roll < 0.23 and number[6:8] == "19":
            return "resident-id", number[:6] + number[8:17]
        if roll < 0.235:
            return "resident-id", number[:-1]
        return "resident-id", self._scanned(number.lower() if roll < 0.3 else number, 0.02)

    def _scanned(self, text: str, rate: float) -> str:
        """Let a scanner take one digit for another that looks like it."""
        if not text or self._dice.random() >= rate:
            return text
        at = self._dice.randrange(len(text))
        return text[:at] + SCANNED.get(text[at], text[at]) + text[at + 1 :]

    def _written_name(self, name: str) -> str:
        roll = self._dice.random()
        if "·" in name:
            return name if roll < 0.6 else name.replace("·", self._dice.choice((".", "•", "・", "", " ")))
        if roll < 0.05:
            return str(self._traditional.convert(name))
        if roll < 0.058:
            return "".join(lazy_pinyin(name))
        if roll < 0.066:
            return " ".join(lazy_pinyin(name)).upper()
        if roll < 0.072 and len(name) > 2:
            return name[:2]
        if roll < 0.085:
            return name[:-1] + self._dice.choice(self._sounding[lazy_pinyin(name[-1])[0]] or [name[-1]])
        return name

    def _written_birth(self, born: str) -> str:
        year, month, day = born.split("-")
        roll = self._dice.random()
        if roll < 0.02:
            return ""
        if roll < 0.026:
            return f"{year}-{month}-01"
        if roll < 0.032:
            return f"{year}-{int(month) % 12 + 1:02d}-{min(int(day), 28):02d}"
        if roll < 0.04:
            return self._scanned(f"{year}{month}{day}", 1.0)
        return f"{year}年{int(month)}月{int(day)}日" if roll < 0.1 else born.replace("-", "/" if roll < 0.3 else "-")
