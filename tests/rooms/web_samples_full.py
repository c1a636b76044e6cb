"""One invented view model for every state of the pages about certificates for other systems."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from web_samples import COUNTY, NOW, RESIDENT

from salus.web import views as v
from salus.web.views import full_certificates as f
from salus.web.views.certificates import DISEASES, Standing

LINE = f.FullLine(
    fact=f.FULL_FACTS["vaccination"],
    disease=DISEASES["influenza"],
    on=date(2026, 10, 1),
    form=f.FORMS["SHC"],
    until=NOW + timedelta(days=20),
    link="/me/full-certificates/1",
    standing=Standing.GOOD,
)
GONE = replace(LINE, link=None, standing=Standing.VOIDED)
TEST = replace(
    LINE,
    fact=f.FULL_FACTS["test"],
    disease=DISEASES["covid-19"],
    on=NOW,
    form=f.FORMS["HC1"],
    link=None,
    standing=Standing.EXPIRED,
)
MINE = f.MyFullCertificates(
    held=(LINE, TEST, GONE),
    offers=(
        f.FullOffer(
            key="1", fact=LINE.fact, disease=LINE.disease, on=LINE.on, facility=COUNTY, forms={"SHC": f.FORMS["SHC"]}
        ),
        f.FullOffer(key="2", fact=TEST.fact, disease=TEST.disease, on=NOW, facility=COUNTY, forms=f.FORMS),
    ),
    named=True,
)

SAMPLES: dict[str, tuple[v.View, v.Person | None]] = {
    "my full certificates": (MINE, RESIDENT),
    "my full certificates unagreed": (replace(MINE, unagreed=True), RESIDENT),
    "my full certificates none": (f.MyFullCertificates(held=(), offers=(), named=True), RESIDENT),
    "my full certificates unnamed": (f.MyFullCertificates(held=(), offers=(), named=False), RESIDENT),
    "my full certificate": (
        f.MyFullCertificate(line=LINE, family="陈", given="晓", born=date(1980, 2, 29), code="shc:/" + "56" * 600),
        RESIDENT,
    ),
}
