"""Set exposure slips as one page of HTML, a sheet each, in both languages: for a printer, and for nobody's server."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from salus.kernel import parse_instant
from salus.rules import SlipPaper
from salus.web import qr
from salus.web.render import Speech
from salus.web.slip_words import ASKS, CODE, FREE, LINE, MAKER, NEAR, READ, TITLE
from salus.web.views import Language
from salus.web.words import DISEASES

_HEAD = Markup(
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Salus</title><style>'
    "article{{break-after:page;font:11pt/1.4 sans-serif;max-width:170mm;margin:10mm auto}}svg{{width:86mm}}"
    "code{{overflow-wrap:anywhere}}</style>"
).format()


def slips_html(slips: Sequence[SlipPaper], node: str) -> str:
    """Return the sheets of slips; `node` is the address of a node that reads them."""
    return str(_HEAD + Markup("").join(_sheet(one, f"{node.rstrip('/')}/exposure") for one in slips))


def _sheet(slip: SlipPaper, address: str) -> Markup:
    told = Markup("").join(_told(slip, address, one) for one in Language)
    return Markup("<article>{}{}</article>").format(told, qr.svg(slip.text, CODE))


def _told(slip: SlipPaper, address: str, language: Language) -> Markup:
    body, word = slip.body, Speech(language).word
    disease = word(DISEASES.get(str(body["disease"]), str(body["disease"])))
    attested = f"{parse_instant(str(body['attested'])):%Y-%m-%d %H:%M} UTC"
    return Markup(
        '<section lang="{}"><h1>{}</h1><p>{} <strong>{}</strong>, {}. {}</p>'
        "<p>{}</p><p>{} {}</p><p>{} <code>{}</code></p><p>{}</p><p>{}</p></section>"
    ).format(
        language.tag,
        word(TITLE),
        word(NEAR),
        body["day"],
        disease,
        attested,
        word(ASKS),
        word(READ),
        address,
        word(LINE),
        body["subject"],
        word(MAKER),
        word(FREE),
    )


__all__ = ["slips_html"]
