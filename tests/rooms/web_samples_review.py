"""Invented view models for the pages of the review desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from web_samples import CHEN, CITY, CLINICIAN, COUNTY, LI, NOW, RESIDENT

from salus.kernel import Role
from salus.web import views as v
from salus.web.views import institutions as i
from salus.web.views import review as r

REVIEWER = v.Person(name=LI, role=Role.INDEX_REVIEWER, facility=CITY)
DAY = timedelta(days=1)
GUARD = v.Words(en="They may be twins.", zh="可能是双胞胎。")
SIDES = (
    r.SideLine(key="1", facility=CITY, since=NOW - DAY, marked=False),
    r.SideLine(key="2", facility=COUNTY, since=NOW, marked=True),
)
QUEUE = r.Reviews(
    lines=(
        r.QuestionLine(link="/review/1", reason="another-name", why=None, asked=NOW - DAY, total=None, undecided=2),
        r.QuestionLine(link="/review/2", reason="siblings", why=GUARD, asked=NOW, total=11.26, mine=True),
        r.QuestionLine(link="/review/3", reason="number-of-another", why=None, asked=NOW, total=-3.0, undecided=1),
    ),
    waiting=3,
    oldest=NOW - DAY,
    median=NOW - DAY / 2,
    asked=12,
    answered=9,
    judged=2,
    agreed=1,
    pairs=(r.TogetherLine(one=LI, other=CHEN, judged=2, agreed=1),),
    mine=(r.AnsweredLine(form="/review/4/again", reason="weight", why=None, says="same", answered=NOW - DAY),),
    further="/review?after=3",
)
PAIR = r.Review(
    form="/review/2",
    reason="siblings",
    why=GUARD,
    asked=NOW,
    sides=SIDES,
    rows=(
        r.CompareRow(name="names", sides=(("陈安",), ("CHEN An",)), agree=False),
        r.CompareRow(name="birth_date", sides=(("1980-01-01",), ("1980-01-01",)), agree=True),
        r.CompareRow(name="telephones", sides=((), ("0",)), agree=None),
    ),
    bits=(("prior", -19.5), ("name", 17.25), ("birth_date", 13.0), ("favourite-colour", 0.0), ("phone", -2.5)),
    total=8.25,
    model="ab" * 32,
    one_resident=False,
    another=False,
    thresholds=(0.0, 11.5),
)
MINE = i.MyInstitutions(
    held=(
        i.InstitutionLine(key="a", facility=CITY, since=NOW - DAY, own=True),
        i.InstitutionLine(key="b", facility=COUNTY, since=NOW),
    ),
    told=(
        i.ToldLine(kind="parted", at=NOW, facilities=(), others=("c",)),
        i.ToldLine(kind="linked", at=NOW - DAY, facilities=(COUNTY,), others=()),
    ),
)
MIXED = i.Mixed(form="/desk/r/mixed", back="/desk/r", held=MINE.held)

SAMPLES: dict[str, tuple[v.View, v.Person | None]] = {
    "reviews": (QUEUE, REVIEWER),
    "reviews none": (replace(QUEUE, lines=(), waiting=0, oldest=None), REVIEWER),
    "review": (PAIR, REVIEWER),
    "review of one resident": (
        replace(
            PAIR,
            reason="reported",
            why=None,
            bits=(),
            total=None,
            model=None,
            one_resident=True,
            another=True,
            reporter=Role.RESIDENT,
            claim="not-same",
            thresholds=None,
        ),
        REVIEWER,
    ),
    "review of what was parted": (replace(PAIR, parted=True, thresholds=None), REVIEWER),
    "my institutions": (MINE, RESIDENT),
    "my institutions, one": (replace(MINE, held=MINE.held[:1], told=()), RESIDENT),
    "my institutions in trouble": (replace(MINE, trouble=True), RESIDENT),
    "mixed": (MIXED, CLINICIAN),
    "mixed, one": (replace(MIXED, held=MIXED.held[:1]), CLINICIAN),
    "mixed in trouble": (replace(MIXED, trouble=True), CLINICIAN),
    "review in trouble": (replace(PAIR, trouble=True), REVIEWER),
}
