"""Write pages: Jinja2 templates, two languages, dates in words. Knows view models only; no request, no store, no clock.

`page(view, frame)` is the whole interface. Catalogues are read from their `.po` sources at first use, so that a wheel
and a checkout need no compile step. No page holds inline script or style: `CONTENT_SECURITY_POLICY` is strict.
"""

from __future__ import annotations

import gettext
import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from babel import Locale
from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from salus.kernel import CIVIL_TIME, Invalid, Purpose, Role, Unavailable
from salus.web import (
    card_words,
    closing_words,
    command_words,
    coverage_words,
    emergency_words,
    following_words,
    navigation,
    qr,
    review_words,
    sharing_words,
    showing_words,
    signal_charts,
    signal_words,
    words,
)
from salus.web.drawing import Drawing
from salus.web.views import Address, Day, Demo, Frame, Language, View, Words
from salus.web.waterfall import Waterfall

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The one page that reads codes: WebAssembly may be compiled there, though no script may be made of a text.
VERIFIER_PAGE = Address.VERIFY.value
VERIFIER_SECURITY_POLICY = (
    CONTENT_SECURITY_POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
    + "; worker-src 'self'; manifest-src 'self'"
)
_PACKAGE = files("salus.web")
STATIC = Path(str(_PACKAGE / "static"))
_LOCALES = {Language.EN: Locale("en", "GB"), Language.ZH: Locale("zh", script="Hans", territory="CN")}


def page(view: View, frame: Frame) -> str:
    """Write one whole page in the frame's language.

    Raises Unavailable where the assets were never built, and Invalid for a demo page on a node that is no demo.
    """
    if isinstance(view, Demo) and not frame.demo:
        raise Invalid("stepping into a role exists on demonstration nodes only", code="SALUS-W003")
    template = _environment(frame.language).get_template(view.template)
    return template.render(view=view, frame=frame, now=frame.now)


def block(view: View, frame: Frame, name: str) -> str:
    """Write one block of a page alone, as its paper is made of it. What it holds cannot depend on the layout."""
    template = _environment(frame.language).get_template(view.template)
    context = template.new_context({"view": view, "frame": frame, "now": frame.now})
    return "".join(template.blocks[name](context))


def choose_language(asked: str | None, kept: str | None, accepted: str | None) -> Language:
    """Choose by `?lang=`, else by the cookie, else by Accept-Language, else English; ignore what is unknown."""
    for tag in (asked, kept):
        if tag in set(Language):
            return Language(tag)
    ranked = sorted(_accepted(accepted or ""), key=lambda pair: -pair[1])
    for tag, weight in ranked:
        if weight > 0 and tag in set(Language):
            return Language(tag)
    return Language.EN


def choose_text(asked: str | None, kept: str | None) -> bool:
    """Choose large text by `?text=large` or `?text=normal`, else by what was kept."""
    return (asked if asked in {"large", "normal"} else kept) == "large"


def _accepted(header: str) -> list[tuple[str, float]]:
    found = []
    for part in header[:200].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            found.append((tag.split("-")[0].lower(), float(weight or 1)))
        except ValueError:
            continue
    return found


def asset(name: str) -> str:
    """Return the address of a built asset, such as `salus.css`; it names its content, so it may be kept for ever."""
    try:
        return f"/static/{_manifest()[name]}"
    except (FileNotFoundError, KeyError):
        raise Unavailable("the pages' assets are not built; run `make setup`", code="SALUS-W004") from None


@cache
def _manifest() -> dict[str, str]:
    text = _PACKAGE.joinpath("static", "manifest.json").read_text(encoding="utf-8")
    return cast("dict[str, str]", json.loads(text)["files"])


# --- one environment for each language


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=PackageLoader("salus.web"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    speech = Speech(language)
    environment.install_gettext_callables(speech.one, speech.many, newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= _filters(speech)
    environment.globals |= {
        "Address": Address,
        "asset": asset,
        "words": words,
        "signal_words": signal_words,
        "command_words": command_words,
        "coverage_words": coverage_words,
        "emergency_words": emergency_words,
        "review_words": review_words,
        "following_words": following_words,
        "closing_words": closing_words,
        "card_words": card_words,
        "sharing_words": sharing_words,
        "showing_words": showing_words,
        "waterfall": Waterfall(speech.one, speech.figure),
        "drawing": Drawing(speech.one, speech.plain, speech.number),
        "with_query": with_query,
        "links": navigation.links,
    }
    return environment


def _filters(speech: Speech) -> dict[str, Callable[..., object]]:
    """Return what templates write values with."""
    return {
        "day": speech.day,
        "weekday": speech.weekday,
        "clock": speech.clock,
        "moment": speech.moment,
        "until": speech.until,
        "remaining": speech.remaining,
        "number": speech.number,
        "said": speech.said,
        "listed": speech.listed,
        "plain": speech.plain,
        "role": speech.role,
        "purpose": speech.purpose,
        "ground": speech.ground,
        "part": speech.part,
        "word": speech.word,
        "birthday": speech.birthday,
        "qr": qr.svg,
        "figure": speech.figure,
        **signal_charts.filters(speech),
        "iso": lambda at: at if isinstance(at, str) else at.isoformat(),
    }


@cache
def _catalogue(language: Language) -> gettext.NullTranslations:
    if language is Language.EN:
        return gettext.NullTranslations()
    return _Catalogue(language)


class _Catalogue(gettext.NullTranslations):
    """A catalogue straight from its source; Chinese has one plural form, so a plural is looked up by its singular."""

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._texts: dict[str, str] = {}
        for part in _PACKAGE.joinpath("i18n", language.value).iterdir():
            with part.open("rb") as source:
                catalogue = read_po(source, locale=_LOCALES[language])
            self._texts |= {_key(message.id): _key(message.string) for message in catalogue if message.id}

    def gettext(self, message: str) -> str:
        return self._texts.get(message) or message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self._texts.get(msgid1) or super().ngettext(msgid1, msgid2, n)


def _key(text: object) -> str:
    return text if isinstance(text, str) else cast("tuple[str, ...]", text)[0]


def with_query(path: str, **values: str) -> str:
    """Return a local path with these query values set, the others kept."""
    parts = urlsplit(path)
    query = dict(parse_qsl(parts.query)) | values
    return f"{parts.path}?{urlencode(query)}"


def _civil_day(on: Day) -> tuple[date | None, int]:
    """Return the day, and how many characters of it were given: 4 for a year, 7 for a month, 10 for a day."""
    if isinstance(on, date):
        return on, 10
    try:
        if len(on) > 10:
            at = datetime.fromisoformat(on)
            return (at.astimezone(CIVIL_TIME) if at.tzinfo else at).date(), 10
        return date.fromisoformat(f"{on}-01-01"[:10]), len(on)
    except ValueError:
        return None, 0


class Speech:
    """How one language writes dates, numbers, and the words of closed lists."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._locale = _LOCALES[language]
        self._catalogue = _catalogue(language)

    def one(self, text: str) -> str:
        """Look up one text."""
        return self._catalogue.gettext(text)

    def many(self, singular: str, plural: str, count: int) -> str:
        """Look up a text that depends on a count."""
        return self._catalogue.ngettext(singular, plural, count)

    def day(self, on: Day) -> str:
        """Write a civil day: 24 November 2026; a FHIR date as precisely as it is given: November 2026, 2026.

        A day that no calendar has stays as it was written: a slip in one entry must not keep the rest from being read.
        """
        known, length = _civil_day(on)
        if known is None:
            return str(on)
        english = {4: "y", 7: "MMMM y", 10: "d MMMM y"}
        chinese = {4: "y年", 7: "y年M月", 10: "y年M月d日"}
        return format_date(known, (english if self._language is Language.EN else chinese)[length], self._locale)

    def weekday(self, on: date) -> str:
        """Write a civil day with its weekday: Tuesday 24 November 2026."""
        return format_date(on, "EEEE d MMMM y" if self._language is Language.EN else "y年M月d日 EEEE", self._locale)

    def birthday(self, on: date) -> str:
        """Write a day without its year: 29 February."""
        return format_date(on, "d MMMM" if self._language is Language.EN else "M月d日", self._locale)

    def clock(self, at: datetime) -> str:
        """Write the civil time of an instant: 8:05."""
        civil = at.astimezone(CIVIL_TIME)
        return f"{civil.hour}:{civil.minute:02}"

    def moment(self, at: datetime) -> str:
        """Write an instant: 24 November 2026, 8:05."""
        join = ", " if self._language is Language.EN else " "
        return f"{self.day(at.astimezone(CIVIL_TIME).date())}{join}{self.clock(at)}"

    def until(self, at: datetime, now: datetime) -> str:
        """Write an instant that is near: `8:05` today, `Tuesday 8:05` within six days, else with the date."""
        civil, today = at.astimezone(CIVIL_TIME).date(), now.astimezone(CIVIL_TIME).date()
        if civil == today:
            return self.clock(at)
        if abs((civil - today).days) < 7:
            return f"{format_date(civil, 'EEEE', self._locale)} {self.clock(at)}"
        return self.moment(at)

    def remaining(self, ends: datetime, now: datetime) -> str:
        """Write how long it is until then, in whole days, below three in hours, below one hour in minutes."""
        minutes = max(1, int((ends - now).total_seconds() // 60))
        if minutes >= 3 * 24 * 60:
            days = minutes // (24 * 60)
            return self.many("%(num)s day", "%(num)s days", days) % {"num": days}
        if minutes >= 60:
            hours = minutes // 60
            return self.many("%(num)s hour", "%(num)s hours", hours) % {"num": hours}
        return self.many("%(num)s minute", "%(num)s minutes", minutes) % {"num": minutes}

    def number(self, value: int) -> str:
        """Write a whole number with its digits grouped."""
        return format_decimal(value, locale=self._locale)

    def figure(self, value: float) -> str:
        """Write a number with one decimal, where it has one."""
        return format_decimal(round(value, 1), locale=self._locale)

    def said(self, text: Words) -> Markup:
        """Write a text in the page's language, else in the other one, marked with its language."""
        mine, other = (text.en, text.zh) if self._language is Language.EN else (text.zh, text.en)
        if mine:
            return Markup.escape(mine)
        tag = Language.ZH.tag if self._language is Language.EN else Language.EN.tag
        return Markup('<span lang="{}">{}</span>').format(tag, other)

    def listed(self, texts: Iterable[Words]) -> Markup:
        """Write several names in a row, in the language's own way of listing."""
        between = Markup("; ") if self._language is Language.EN else Markup("、")
        return between.join(self.said(text) for text in texts)

    def plain(self, text: Words) -> str:
        """Write a text where no markup can stand."""
        return (text.en or text.zh or "") if self._language is Language.EN else (text.zh or text.en or "")

    def role(self, role: Role) -> str:
        """Name a role."""
        return self.one(words.ROLES[role])

    def purpose(self, purpose: Purpose) -> str:
        """Name a purpose of use."""
        return self.one(words.PURPOSES[purpose])

    def ground(self, ground: str) -> str:
        """Say the ground of an access decision in plain words; a ground without words is shown as it is."""
        return self.one(words.GROUNDS.get(ground, ground))

    def part(self, kind: str) -> str:
        """Name a part of a record."""
        if kind in words.PARTS:
            return self.one(words.PARTS[kind])
        return self.one(words.OTHER_PART) % {"kind": kind}

    def word(self, text: str) -> str:
        """Look up a text of the closed lists."""
        return self.one(text)
