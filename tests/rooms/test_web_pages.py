"""The pages: every state in both languages, without a browser; then the words, the dates and the code's drawing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from html.parser import HTMLParser
from importlib import import_module
from importlib.resources import files
from pkgutil import iter_modules

import pytest
import zxingcpp
from all_samples import SAMPLES
from babel import Locale
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from web_samples import CLINICIAN, CODE, COUNTY, NOW, RESIDENT, frame

from salus.kernel import Invalid, Purpose, Role
from salus.records import Summary
from salus.web import qr, views, words
from salus.web.pages import words_of
from salus.web.render import Speech, choose_language, choose_text, page, with_query
from salus.web.views import Language, accounts
from support import REPOSITORY

WEB = REPOSITORY / "src" / "salus" / "web"
VOID = {"meta", "link", "input", "br", "path"}


class Reader(HTMLParser):
    """Reads a page strictly: every tag is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


@pytest.fixture(
    params=[(name, language) for name in SAMPLES for language in Language], ids=lambda one: f"{one[0]}-{one[1]}"
)
def written(request: pytest.FixtureRequest) -> tuple[str, Language, Reader]:
    name, language = request.param
    view, person = SAMPLES[name]
    text = page(view, frame(language, person))
    return text, language, Reader(text)


def test_a_page_is_well_formed_and_says_its_language(written: tuple[str, Language, Reader]) -> None:
    _, language, read = written

    assert read.open == []
    assert read.all("html")[0]["lang"] == language.tag


def test_a_page_has_one_first_heading_and_skips_no_level(written: tuple[str, Language, Reader]) -> None:
    levels = [int(tag[1]) for tag, _ in written[2].tags if re.fullmatch("h[1-6]", tag)]

    assert levels.count(1) == 1
    assert all(
        after - before <= 1
        for before, after in zip(levels[levels.index(1) :], levels[levels.index(1) + 1 :], strict=False)
    )


def test_every_form_posts_to_this_node_with_its_token(written: tuple[str, Language, Reader]) -> None:
    text, _, read = written
    tokens = [field for field in read.all("input") if field.get("name") == "csrf" and field["value"] == "token"]

    assert all(form["method"] == "post" and (form["action"] or "").startswith("/") for form in read.all("form"))
    assert len(tokens) == len(read.all("form")) == text.count("<form")


def test_a_page_holds_nothing_that_a_strict_policy_forbids(written: tuple[str, Language, Reader]) -> None:
    _, _, read = written

    assert not read.all("style", "iframe", "object", "base")
    assert all(script.get("src") for script in read.all("script"))
    assert not [name for _, attributes in read.tags for name in attributes if name == "style" or name.startswith("on")]


def test_a_page_leads_to_no_other_host(written: tuple[str, Language, Reader]) -> None:
    targets = [one.get("href") or one.get("src") or "" for one in written[2].all("a", "link", "script", "img")]

    assert all(re.match(r"(/(?!/)|#)", target) for target in targets)


def test_a_page_leaves_no_text_untranslated_and_no_gap_open(written: tuple[str, Language, Reader]) -> None:
    text, language, _ = written
    title = re.search("<title>(.*?)</title>", text)

    assert title is not None
    assert "%(" not in text
    assert language is Language.EN or re.search(r"[\u4e00-\u9fff]", title[1])


def test_an_english_text_on_a_chinese_page_is_marked_as_english() -> None:
    view, person = SAMPLES["summary"]
    text = page(view, frame(Language.ZH, person))

    assert '<span lang="en">Peanut</span>' in text
    assert '<span lang="en">Penicillin' not in text


def test_the_links_for_language_and_size_keep_the_rest_of_the_address() -> None:
    view, person = SAMPLES["who looked"]
    text = page(view, frame(Language.EN, person))

    assert "/sample?before=90&amp;lang=zh" in text
    assert "/sample?before=90&amp;text=large" in text
    assert with_query("/a?lang=en&x=1", lang="zh") == "/a?lang=zh&x=1"


@pytest.mark.parametrize("notice", list(views.Notice))
@pytest.mark.parametrize("language", list(Language))
def test_a_notice_is_shown_once_on_the_next_page(notice: views.Notice, language: Language) -> None:
    text = page(SAMPLES["my code"][0], frame(language, RESIDENT, notice=notice))

    assert text.count('role="status"') == 1


def test_every_page_class_has_a_sample() -> None:
    assert {type(view) for view, _ in SAMPLES.values()} == set(_page_classes())


def test_every_template_belongs_to_a_page_class() -> None:
    parts = {
        "layout.html",
        "parts.html",
        "certificate_parts.html",
        "emergency_parts.html",
        "following.html",
        "looks.html",
    }
    pages = {path.name for path in (WEB / "templates").iterdir()} - parts

    assert pages == {view.template for view in _page_classes()}


def _page_classes() -> Iterator[type[views.View]]:
    for module in (views, *(import_module(f"salus.web.views.{one.name}") for one in iter_modules(views.__path__))):
        for one in vars(module).values():
            if is_dataclass(one) and hasattr(one, "template") and one.__module__ == module.__name__:
                yield one  # type: ignore[misc]


def test_no_node_but_a_demonstration_lets_anybody_step_into_a_role() -> None:
    view, person = SAMPLES["demo"]

    with pytest.raises(Invalid, match="demonstration"):
        page(view, frame(Language.EN, person, demo=False))


def test_a_node_that_is_no_demonstration_does_not_call_itself_one() -> None:
    for view, person in SAMPLES.values():
        if not isinstance(view, views.Demo):
            assert "emonstration" not in page(view, frame(Language.EN, person, demo=False))


def test_text_from_a_record_cannot_become_markup() -> None:
    hostile = views.Words(en="<script>alert(1)</script>")
    view = views.Arrived(name=hostile, ends=NOW, reference="V-7K3M9-QTX40", slip="/desk/1/slip")
    text = page(view, frame(Language.EN, CLINICIAN)) + page(view, frame(Language.ZH, CLINICIAN))

    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(1)") == 2


def test_a_read_is_either_proved_or_says_when_it_will_be() -> None:
    given = {
        "at": NOW,
        "reader": None,
        "role": Role.CLINICIAN,
        "facility": COUNTY,
        "part": "summary",
        "count": 1,
        "purpose": Purpose.TREAT,
        "ground": "role",
    }

    with pytest.raises(Invalid):
        views.Look(**given)  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        views.Look(**given, proof="/p", proof_by=NOW)  # type: ignore[arg-type]


# --- words


def _sources() -> Iterator[str | tuple[str, ...]]:
    methods = [("templates/**.html", "jinja2"), ("words.py", "python"), ("navigation.py", "python")]
    methods += [(name, "python") for name in ("render.py", "words/**.py", "views/**.py", "*_words.py")]
    methods += [("render.py", "python"), ("words/**.py", "python"), ("*_words.py", "python")]
    options = {"templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true"}}
    keywords = {"noop": None, "_": None, "gettext": None, "ngettext": (1, 2), "many": (1, 2)}
    for _, _, text, _, _ in extract_from_dir(WEB, method_map=methods, options_map=options, keywords=keywords):  # type: ignore[arg-type]
        yield text


def _chinese() -> Iterator[Message]:
    for part in sorted((WEB / "i18n" / "zh").glob("*.po")):
        with part.open("rb") as source:
            yield from read_po(source, locale=Locale("zh", script="Hans"))


def test_every_text_is_written_in_chinese_and_none_is_left_over() -> None:
    messages = [one for one in _chinese() if one.id]

    assert {one.id for one in messages} == set(_sources())
    assert all(one.string and not one.fuzzy for one in messages)


def test_a_text_that_several_pages_use_is_the_same_in_chinese() -> None:
    found: dict[object, set[object]] = {}
    for one in _chinese():
        found.setdefault(one.id, set()).add(one.string)

    assert {text: chinese for text, chinese in found.items() if text and len(chinese) > 1} == {}


def test_a_chinese_text_keeps_every_gap_of_its_source() -> None:
    for one in _chinese():
        english = one.id if isinstance(one.id, str) else one.id[0]
        chinese = one.string if isinstance(one.string, str) else one.string[0]

        assert sorted(re.findall(r"%\(\w+\)s", english)) == sorted(re.findall(r"%\(\w+\)s", chinese)), english


@pytest.mark.parametrize(
    ("words_for", "closed"),
    [
        (words.ROLES, Role),
        (words.PURPOSES, Purpose),
        (words.SEXES, views.Sex),
        (words.SEVERITIES, views.Severity),
        (words.FLAGS, views.Flag),
        (words.NOTICES, views.Notice),
        (words.SIGN_IN_TROUBLES, accounts.SignInTrouble),
        (words.INVITATION_TROUBLES, accounts.InvitationTrouble),
        (words.SET_UP_TROUBLES, accounts.SetUpTrouble),
        (words.DESK_TROUBLES, views.DeskTrouble),
        (words.FAILURES, views.FailureKind),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_every_member_of_a_closed_list_has_words(words_for: dict[str, object], closed: type[StrEnum]) -> None:
    assert set(words_for) == set(closed)


def test_every_ground_that_permits_has_words() -> None:
    policies = "".join(
        path.read_text() for path in files("salus.access").joinpath("policy").iterdir() if path.name.endswith(".cedar")
    )
    grounds = set(re.findall(r'@ground\("([^"]+)"\)\s*permit', policies))

    assert grounds
    assert grounds <= set(words.GROUNDS)


def test_every_error_page_says_that_nothing_was_lost() -> None:
    for kind in views.FailureKind:
        assert "othing was lost" in words.FAILURES[kind][1] or "nothing was lost" in words.FAILURES[kind][1]


def test_a_part_of_the_record_that_has_no_words_of_its_own_keeps_its_fhir_name() -> None:
    assert Speech(Language.EN).part("Basic") == "Other entries (Basic)"
    assert Speech(Language.ZH).part("Basic") == "其他内容（Basic）"


# --- language, dates, numbers


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "chosen"),
    [
        (None, None, None, "en"),
        ("zh", "en", "en", "zh"),
        (None, "zh", "en", "zh"),
        (None, None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, None, "fr-FR, en;q=0.5, zh;q=0.7", "zh"),
        (None, None, "zh;q=0, en;q=0.1", "en"),
        ("xx", "yy", "de", "en"),
        (None, None, "zh;q=high,,;q=", "en"),
    ],
)
def test_the_language_is_asked_for_then_kept_then_accepted(
    asked: str | None, kept: str | None, accepted: str | None, chosen: str
) -> None:
    assert choose_language(asked, kept, accepted) == chosen


def test_large_text_lasts_until_it_is_undone() -> None:
    assert choose_text("large", None)
    assert choose_text(None, "large")
    assert not choose_text("normal", "large")
    assert not choose_text("<x>", None)


def test_dates_are_written_in_words_and_in_civil_time() -> None:
    late = datetime(2026, 11, 23, 16, 5, tzinfo=UTC)  # five past midnight of the 24th in China

    assert Speech(Language.EN).moment(late) == "24 November 2026, 0:05"
    assert Speech(Language.ZH).moment(late) == "2026年11月24日 0:05"
    assert Speech(Language.EN).weekday(date(2026, 11, 24)) == "Tuesday 24 November 2026"
    assert Speech(Language.ZH).weekday(date(2026, 11, 24)) == "2026年11月24日 星期二"


@pytest.mark.parametrize(
    ("given", "english", "chinese"),
    [
        ("2019", "2019", "2019年"),
        ("2019-03", "March 2019", "2019年3月"),
        ("2019-03-04", "4 March 2019", "2019年3月4日"),
        ("2019-03-03T23:30:00-05:00", "4 March 2019", "2019年3月4日"),
        ("2019-03-04T10:00:00.123Z", "4 March 2019", "2019年3月4日"),
        (date(2019, 3, 4), "4 March 2019", "2019年3月4日"),
    ],
)
def test_a_fhir_date_is_written_as_precisely_as_it_is_given(given: views.Day, english: str, chinese: str) -> None:
    assert Speech(Language.EN).day(given) == english
    assert Speech(Language.ZH).day(given) == chinese


@pytest.mark.parametrize("given", ["", "20", "2019-13", "2019-3-4", "yesterday", "2019-02-30T00:00:00Z"])
def test_a_day_that_no_calendar_has_stays_as_it_was_written(given: str) -> None:
    assert Speech(Language.EN).day(given) == given


@pytest.mark.parametrize(
    ("hours", "english", "chinese"),
    [
        (1, "10:30", "10:30"),
        (23, "Wednesday 8:30", "星期三 8:30"),
        (24 * 7, "1 December 2026, 9:30", "2026年12月1日 9:30"),
    ],
)
def test_an_instant_that_is_near_is_named_by_its_weekday(hours: int, english: str, chinese: str) -> None:
    at = NOW + timedelta(hours=hours)

    assert Speech(Language.EN).until(at, NOW) == english
    assert Speech(Language.ZH).until(at, NOW) == chinese


@pytest.mark.parametrize(
    ("left", "english", "chinese"),
    [
        (timedelta(days=1820), "1820 days", "1820 天"),
        (timedelta(hours=72), "3 days", "3 天"),
        (timedelta(hours=71, minutes=59), "71 hours", "71 小时"),
        (timedelta(hours=23, minutes=59), "23 hours", "23 小时"),
        (timedelta(hours=1), "1 hour", "1 小时"),
        (timedelta(minutes=59, seconds=59), "59 minutes", "59 分钟"),
        (timedelta(seconds=-5), "1 minute", "1 分钟"),
    ],
)
def test_the_time_left_is_rounded_down_and_never_below_a_minute(left: timedelta, english: str, chinese: str) -> None:
    assert Speech(Language.EN).remaining(NOW + left, NOW) == english
    assert Speech(Language.ZH).remaining(NOW + left, NOW) == chinese


def test_digits_are_grouped() -> None:
    assert Speech(Language.EN).number(1234567) == "1,234,567"
    assert Speech(Language.ZH).number(1234567) == "1,234,567"


@pytest.mark.parametrize(
    ("born", "age_years"),
    [("1958-11-24", 68), ("1958-11-25", 67), ("2026-11-24", 0), ("1958-11", None), ("1958", None), (None, None)],
)
def test_no_age_is_made_up_for_a_birth_date_that_is_not_known_to_the_day(
    born: str | None, age_years: int | None
) -> None:
    shown = words_of.patient(a_summary(birth_date=born), NOW)

    assert (shown.born, shown.age_years) == (born, age_years)


def test_an_age_changes_at_midnight_in_china() -> None:
    summary = a_summary(birth_date="1958-11-24")

    assert words_of.patient(summary, datetime(2026, 11, 23, 15, 59, tzinfo=UTC)).age_years == 67
    assert words_of.patient(summary, datetime(2026, 11, 23, 16, 0, tzinfo=UTC)).age_years == 68


def a_summary(**given: str | None) -> Summary:
    empty: dict[str, object] = dict.fromkeys(("name", "birth_date", "gender", "no_known_allergy"))
    lists: dict[str, object] = dict.fromkeys(
        (
            "person",
            "allergies",
            "medicines",
            "problems",
            "results",
            "vaccinations",
            "procedures",
            "devices",
            "facilities",
        ),
        (),
    )
    return Summary(**(empty | lists | {"counts": {}} | given))  # type: ignore[arg-type]


# --- the code


def test_the_drawn_code_reads_back_as_its_text() -> None:
    rows, scale = qr.modules(CODE), 4
    quiet = [False] * qr.QUIET_ZONE
    padded = [[*quiet, *row, *quiet] for row in rows]
    blank = [False] * len(padded[0])
    drawn = [blank] * qr.QUIET_ZONE + padded + [blank] * qr.QUIET_ZONE
    pixels = b"".join(bytes(0 if dark else 255 for dark in row for _ in range(scale)) * scale for row in drawn)
    side = len(drawn) * scale

    seen = zxingcpp.ImageView(pixels, side, side, zxingcpp.ImageFormat.Lum)
    found = zxingcpp.read_barcodes(seen, formats=zxingcpp.BarcodeFormat.QRCode)

    assert [one.text for one in found] == [CODE]


def test_the_page_of_the_code_names_nobody_but_for_an_initial() -> None:
    view, _ = SAMPLES["my code"]
    text = page(view, frame(Language.EN, None))

    assert "Chen" not in text
    assert "陈" in text
