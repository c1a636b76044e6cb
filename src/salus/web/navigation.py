"""Where each role goes: its pages in the header, and the first of them after signing in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from salus.kernel import Role
from salus.web.views import Address
from salus.web.words import noop


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One entry of the header. `template` is the page's own, so that the entry is marked while it is open."""

    address: Address
    template: str
    text: str


_DESK = (
    Link(address=Address.DESK, template="desk.html", text=noop("Reception desk")),
    Link(address=Address.QUALITY, template="quality.html", text=noop("What we send")),
)
_ROOM = (
    Link(address=Address.SITUATION, template="situation.html", text=noop("Situation")),
    Link(address=Address.ORDERS, template="orders.html", text=noop("Orders in public")),
)
LINKS: Mapping[Role, tuple[Link, ...]] = {
    Role.RESIDENT: (
        Link(address=Address.MY_CODE, template="my_code.html", text=noop("My code")),
        Link(address=Address.MY_RECORD, template="my_record.html", text=noop("My record")),
        Link(address=Address.CERTIFICATES, template="my_certificates.html", text=noop("My certificates")),
        Link(address=Address.MY_NOTICE, template="my_notice.html", text=noop("My notice")),
        Link(address=Address.MY_CLOSING, template="my_closing.html", text=noop("What is closed")),
        Link(address=Address.WHO_LOOKED, template="who_looked.html", text=noop("Who looked")),
        Link(address=Address.MY_INSTITUTIONS, template="my_institutions.html", text=noop("Whose records")),
        Link(address=Address.MY_CONTESTS, template="my_contests.html", text=noop("What you contested")),
    ),
    Role.CLINICIAN: (*_DESK, Link(address=Address.WORK_LIST, template="work_list.html", text=noop("Work list"))),
    Role.RECEPTION: _DESK,
    Role.COMMANDER: _ROOM,
    Role.EPIDEMIOLOGIST: (
        Link(address=Address.SIGNALS, template="signals.html", text=noop("Signals")),
        *_ROOM,
        Link(address=Address.EXPOSURES, template="exposures.html", text=noop("Exposure slips")),
    ),
    Role.APPEAL_OFFICER: (Link(address=Address.APPEALS, template="appeals.html", text=noop("Contests to answer")),),
    Role.INDEX_REVIEWER: (Link(address=Address.REVIEW, template="reviews.html", text=noop("Pairs to judge")),),
    Role.ACCESS_REVIEWER: (
        Link(address=Address.EMERGENCIES, template="openings.html", text=noop("Opened in emergencies")),
    ),
    Role.AUDITOR: (Link(address=Address.AUDIT, template="audit.html", text=noop("Audit")),),
}


def links(role: Role) -> tuple[Link, ...]:
    """Return the pages of a role, the first of them first."""
    return LINKS.get(role, ())


def first_page(role: Role) -> str:
    """Return where a role begins; who has no pages of its own begins at the public log."""
    return links(role)[0].address if links(role) else Address.LOG
