"""Invented view models for every state of the page of notices."""

from __future__ import annotations

from datetime import UTC, datetime

from web_samples import CITY, RESIDENT, VKEY

from salus.rules import Measure, Result
from salus.web.views import Person, View, Words
from salus.web.views.notices import HeldNotice, MyNotice, MyReceipt, Receipt, ReceiptStep

_CLAUSE = Words(
    en="A laboratory found the virus in your specimen. Please stay away from others until the time below.",
    zh="实验室在您的样本中检出病毒。请在下列时间之前避免接触他人。",
)
_RECEIPT = Receipt(
    text="sJ3x7qTn0b/W5yMZk2RfVhL8eUaPdXcG1oIi9tQwBE8=",
    site=CITY,
    taken=datetime(2026, 11, 22, 1, 0, tzinfo=UTC),
    short="0123456789ab",
)


def _held(kind: Measure, contest: str | None = None) -> HeldNotice:
    return HeldNotice(
        kind=kind,
        clause=_CLAUSE,
        disease="covid-19",
        starts=datetime(2026, 11, 22, 6, 0, tzinfo=UTC),
        ends=datetime(2026, 11, 29, 1, 0, tzinfo=UTC),
        proved_at=datetime(2026, 11, 24, 1, 0, tzinfo=UTC),
        rules="covid-19 1",
        file="/me/notice/0123456789ab/file",
        command=f"salus code explain salus-measure-0123456789ab.json --vkey '{VKEY}'",
        contest=contest,
        case=_RECEIPT.text if kind is Measure.PRECAUTION else None,
        word="J1XM-VJEE-SGA4-TRF8-Y5X6-VJJ1" if kind is Measure.PRECAUTION else None,
    )


def _my_receipt(fault: str | None, *found: Result | None, logged: bool = True) -> MyReceipt:
    steps = tuple(
        ReceiptStep(
            party=CITY,
            organisation="city-sampling" if one is None else "green-laboratories",
            happened=datetime(2026, 11, 22, 1 + place, 0, tzinfo=UTC),
            entry=40 + place if logged else None,
            logged=datetime(2026, 11, 22, 2 + place, 0, tzinfo=UTC) if logged else None,
            found=one,
        )
        for place, one in enumerate(found)
    )
    return MyReceipt(
        text=_RECEIPT.text,
        code='{"receipt":{"keys":[],"results":[],"specimen":null}}',
        disease="covid-19",
        steps=steps,
        fault=fault,
        file="/me/notice/receipts/0123456789ab/file",
        command=f"salus code explain salus-receipt-0123456789ab.json --vkey '{VKEY}'",
        audit=f"salus-audit https://example.org/log --receipt salus-receipt-0123456789ab.json --vkey '{VKEY}'",
    )


SAMPLES: dict[str, tuple[View, Person | None]] = {
    "notice-none": (MyNotice(held=(), receipts=(), witnessed=True), RESIDENT),
    "receipt-whole": (_my_receipt(None, None, Result.POSITIVE, Result.NEGATIVE), RESIDENT),
    "receipt-early": (_my_receipt("NOT-LOGGED", None, logged=False), RESIDENT),
    "receipt-wrong": (_my_receipt("ORDER-VIOLATION"), RESIDENT),
    "notice-none-without-witnesses": (MyNotice(held=(), receipts=(_RECEIPT,), witnessed=False), RESIDENT),
    "notice-precaution": (
        MyNotice(
            held=(_held(Measure.PRECAUTION, "/me/notice/0123456789ab/contest"),), receipts=(_RECEIPT,), witnessed=True
        ),
        RESIDENT,
    ),
    "notice-advise": (
        MyNotice(held=(_held(Measure.ADVISE), _held(Measure.PRECAUTION)), receipts=(_RECEIPT,), witnessed=True),
        RESIDENT,
    ),
}
