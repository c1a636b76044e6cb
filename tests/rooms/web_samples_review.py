"""Invented view models for the pages of the review desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from web_samples import CITY, COUNTY, LI, NOW

from salus.kernel import Role
from salus.web import views as v
from salus.web.views import review as r

REVIEWER = v.Person(name=LI, role=Role.INDEX_REVIEWER, facility=CITY)
DAY = timedelta(days=1)
QUEUE = r.Reviews(
    lines=(
        r.QuestionLine(link="/review/1", reason="another-name", asked=NOW - DAY, total=None),
        r.QuestionLine(link="/review/2", reason="score", asked=NOW, total=11.26),
        r.QuestionLine(link="/review/3", reason="number-of-another", asked=NOW, total=-3.0),
    ),
    waiting=3,
    oldest=NOW - DAY,
    asked=12,
    answered=9,
    judged=2,
    agreed=1,
)
PAIR = r.Review(
    form="/review/2",
    reason="score",
    asked=NOW,
    facilities=(CITY, COUNTY),
    since=(NOW - DAY, NOW),
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
)

SAMPLES: dict[str, tuple[v.View, v.Person | None]] = {
    "reviews": (QUEUE, REVIEWER),
    "reviews none": (replace(QUEUE, lines=(), waiting=0, oldest=None), REVIEWER),
    "review": (PAIR, REVIEWER),
    "review of one resident": (
        replace(PAIR, reason="another-name", bits=(), total=None, model=None, one_resident=True, another=True),
        REVIEWER,
    ),
    "review in trouble": (replace(PAIR, trouble=True), REVIEWER),
}
