"""Paper is set from the page's own HTML: nothing in it is markup, nothing is dropped, the bytes stay the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from papers import streams
from salus.web import typesetting
from salus.web.typesetting import NoChineseFont, chinese_font, pdf

AT = datetime(2031, 3, 1, 8, tzinfo=UTC)
TABLE = (
    "<table><caption>Beds</caption><thead><tr><th>Place</th><th>Free</th></tr></thead>"
    "<tbody><tr><th>One</th><td>5</td></tr></tbody></table>"
)


def test_the_same_html_gives_the_same_bytes_and_another_day_others() -> None:
    html = f"<h1>Report</h1><p>Cut-off</p>{TABLE}<ul><li>one</li></ul>"

    assert pdf(html, "Report", "en", AT) == pdf(html, "Report", "en", AT)
    assert pdf(html, "Report", "en", AT) != pdf(html, "Report", "en", AT.replace(day=2))


def test_the_paper_is_tagged_and_says_its_standard_language_and_title() -> None:
    made = pdf(f"<h1>Report</h1>{TABLE}", "Report 1", "en", AT)
    told = made + b"".join(streams(made))

    assert made.startswith(b"%PDF-1.")
    assert b"/StructTreeRoot" in told
    assert b"pdfuaid" in told
    assert b"/Lang(en" in told
    assert b"Report 1" in told


@pytest.mark.parametrize(
    "text",
    ['"quotes" and \\ back', "#panic()", "$x$ *bold* _it_ `code` @ref <label>", "// no comment", "= no heading", "]"],
)
def test_no_text_is_markup(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    assert typesetting._said(text, first=True) == f"#{typesetting.text_of(text)}"
    assert pdf(f"<p>{escaped}</p><table><tr><th>{escaped}</th></tr></table>", text, "en", AT)


@pytest.mark.parametrize("html", ["<h1>x</h1><img/>", "<p><svg/></p>", "<p><a>x</a></p>", "<form/>"])
def test_an_element_that_paper_does_not_know_is_refused_rather_than_dropped(html: str) -> None:
    with pytest.raises(ValueError, match="not set on paper"):
        pdf(html, "x", "en", AT)


def test_chinese_is_set_with_a_chinese_font_or_refused_never_as_empty_boxes() -> None:
    if chinese_font():
        assert pdf("<p>态势报告</p>", "态势报告", "zh", AT)
        return

    with pytest.raises(NoChineseFont):
        pdf("<p>态势报告</p>", "x", "zh", AT)
    with pytest.raises(NoChineseFont):
        pdf("<p>x</p>", "态势报告", "zh", AT)
