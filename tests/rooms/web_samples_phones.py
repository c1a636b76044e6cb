"""Invented view models for the pages about telephones."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

from web_samples import NOW, RESIDENT
from web_samples import SAMPLES as OTHERS

from salus.web import views as v
from salus.web.views.phones import MyCode, PhoneCode, PhoneLine

TODAY = PhoneLine(
    since=NOW - timedelta(days=9), until=NOW + timedelta(hours=20), remove="/me/code/phone/1/remove"
)  # fmt: skip
NEW = PhoneLine(since=NOW, until=None, remove="/me/code/phone/2/remove")

SAMPLES: dict[str, tuple[v.View, v.Person | None]] = {
    "my code on phones": (replace(cast("MyCode", OTHERS["my code"][0]), phones=(TODAY, NEW)), RESIDENT),
    "my code on this phone": (PhoneCode(), None),
}
