"""One invented view model for every state of the pages about certificates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from web_samples import COUNTY, NOW, RESIDENT

from salus.web import views as v
from salus.web.views import certificates as c

TEXT = (
    "SL1:RRQT 9O60GO0PY2TP4CDR2VC8CKD*3FN0FPEUOQWY0LOEOW8/E7V50/20X50593GFU-C3 -1268O8855F9Y2C$0X0G%4NY+H7T7J6IV:5"
    "SAODC3+08S53J7QCDQ4YTWJIF682UF4JQ649H3RO*SUOS62LZB0HXMTCQA 6TU89B6H2"
)
HINT = c.CertificateHint(initials="陈", born=date(2000, 2, 29), last_two="3X")
LINE = c.CertificateLine(
    fact=c.FACTS["vaccination"],
    disease=c.DISEASES["influenza"],
    on=date(2026, 10, 1),
    until=NOW + timedelta(days=80),
    standing=c.Standing.GOOD,
    hint=HINT,
    address="/me/certificates/1",
)
TEST = replace(LINE, fact=c.FACTS["test"], disease=c.DISEASES["covid-19"], on=NOW - timedelta(hours=9), hint=None)
MINE = c.MyCertificates(
    held=(
        LINE,
        TEST,
        replace(LINE, bound=True, address="/me/certificates/bound"),
        *(replace(LINE, standing=one, address=f"/me/certificates/{one}") for one in c.Standing if one != "good"),
    ),
    offers=(
        c.Offer(
            key="1", fact=c.FACTS["vaccination"], disease=c.DISEASES["measles"], on=date(1999, 5, 1), facility=COUNTY
        ),
        c.Offer(
            key="2", fact=c.FACTS["test"], disease=c.DISEASES["covid-19"], on=NOW - timedelta(hours=9), facility=COUNTY
        ),
    ),
    hinted=True,
)
CERTIFICATE = c.MyCertificate(line=LINE, code=TEXT)

SAMPLES: dict[str, tuple[v.View, v.Person | None]] = {
    "my certificates": (MINE, RESIDENT),
    "my certificates unhinted": (replace(MINE, held=(), hinted=False), RESIDENT),
    "my certificates none": (c.MyCertificates(held=(), offers=(), hinted=False), RESIDENT),
    "my certificate": (CERTIFICATE, RESIDENT),
    "certificate for one door": (
        c.OnceCertificate(line=TEST, code=TEXT, number=1, count=10, next="/me/certificates/1/once?number=2"),
        RESIDENT,
    ),
    "certificate for the last door": (
        c.OnceCertificate(line=TEST, code=TEXT, number=10, count=10, next=None),
        RESIDENT,
    ),
    "my certificate on a phone": (c.MyCertificate(line=replace(LINE, bound=True), code=TEXT), RESIDENT),
    "certificates on this phone": (c.OnPhone(), None),
    "my certificate plain": (c.MyCertificate(line=TEST, code=TEXT), RESIDENT),
    "verify": (c.Verify(command="salus code verify picture.png --trust trust.json"), None),
}
