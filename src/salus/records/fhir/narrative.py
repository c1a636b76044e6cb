"""Judge a narrative: well-formed XHTML, in one div, of the elements and attributes that R4 allows, and not empty.

What a page may one day show must not be able to run, load or track anything.
"""

from __future__ import annotations

import re
from xml.parsers import expat

_XHTML = "http://www.w3.org/1999/xhtml"
# FHIR R4, narrative: the formatting of chapters 7 to 11 (without 9.4) and 15 of HTML 4.0, links, images.
_ELEMENTS = frozenset(
    "a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img"
    " map area kbd li ol p pre q s samp small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var"
    " bdo address center font".split()
)
_ATTRIBUTES = frozenset(
    "title style class id lang dir accesskey tabindex span width height align valign char charoff abbr axis headers"
    " scope rowspan colspan border frame rules cellspacing cellpadding cite href hreflang rel rev target name type"
    " charset coords shape src alt longdesc usemap ismap bgcolor nowrap summary compact start value size noshade clear"
    " color face datetime xml:lang xml:space xml:base xmlns".split()
)
_DANGEROUS = re.compile(r"(?i)^\s*(javascript|vbscript|data:text)")
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)")
_SAYS = re.compile(r"<img\b|>[^<]*[^<\s]")


def allowed(div: str | None) -> bool:
    """Tell whether a narrative is well-formed XHTML in a div and holds nothing but what R4 allows (txt-1)."""
    if div is None:
        return True
    if "<!" in div.replace("<!--", "") or "<?" in div or _ENTITY.search(div):
        return False
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    try:
        parser.Parse(div, True)
    except expat.ExpatError:
        return False
    return reader.good


def says_something(div: str | None) -> bool:
    """Tell whether a narrative has any content that is no white space (txt-2)."""
    return div is None or _SAYS.search(div) is not None


class _Reader:
    def __init__(self) -> None:
        self.good = True
        self._depth = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Judge one element. The first must be a div in XHTML's namespace."""
        self._depth += 1
        if self._depth == 1 and (name != "div" or attributes.get("xmlns") != _XHTML):
            self.good = False
        runs = any(_DANGEROUS.match(attributes.get(key, "")) for key in ("href", "src"))
        if runs or name not in _ELEMENTS or not attributes.keys() <= _ATTRIBUTES:
            self.good = False
