"""Draw what the command room's pages show: the map of cases and the bars of free beds, in one language."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from salus.web import charts, command_words, maps
from salus.web.views import Words
from salus.web.views.command import AreaLine, AreaMap, PlaceView

MOST_NAMED = 1_200
"""Areas up to which each is named on the map; beyond, those without a case share one title, and the page its weight."""


class Drawing:
    """Draws with the words of one language: `one` looks a text up, `plain` chooses a name, `number` writes one."""

    def __init__(self, one: Callable[[str], str], plain: Callable[[Words], str], number: Callable[[int], str]) -> None:
        self._one, self._plain, self._number = one, plain, number

    def area_map(self, shown: AreaMap) -> Markup:
        """Draw the map, or nothing where the node has none."""
        if not shown.topology:
            return Markup("")
        many = len(shown.lines) > MOST_NAMED
        shades = {
            line.code: maps.Shade(
                paint=maps.paint(line.cases, line.few, shown.steps),
                title="" if many and line.cases == 0 else self._titled(line),
            )
            for line in shown.lines
        }
        return maps.draw(
            shown.topology, shades, self._one(command_words.MAP_TITLE), self._one(command_words.NO_CASE), coarse=many
        )

    def legend(self, shown: AreaMap) -> list[tuple[Markup, str]]:
        """Return the squares of the legend with their words; only those that the map shows."""
        ends = [*(str(step - 1) for step in shown.steps[1:]), ""]
        texts: dict[int | str, str] = {0: "0"}
        for place, (step, end) in enumerate(zip(shown.steps, ends, strict=True), 1):
            texts[place] = f"{step}–{end}" if end else f"≥ {step}"
        texts |= {maps.FEW: self._one(command_words.FEW), maps.UNKNOWN: self._one(command_words.SILENT)}
        found = {maps.paint(line.cases, line.few, shown.steps) for line in shown.lines}
        return [(maps.swatch(paint), text) for paint, text in texts.items() if paint in found]

    def cases(self, line: AreaLine) -> str:
        """Write the cases of an area."""
        if line.cases is not None:
            return self._number(line.cases)
        return self._one(command_words.FEW if line.few else command_words.SILENT)

    def beds(self, places: tuple[PlaceView, ...]) -> Markup:
        """Draw the free intensive-care beds of the places that have told of some, fewest first; unknown ones last."""
        unknown = self._one(command_words.UNKNOWN)
        ranked = sorted(places, key=lambda place: (place.icu_free is None, place.icu_free or 0, place.facility))
        bars = [
            charts.Bar(
                label=self._plain(place.name),
                value=place.icu_free,
                told=unknown if place.icu_free is None else self._number(place.icu_free),
            )
            for place in ranked[:20]
        ]
        lettering = charts.Lettering(
            title=self._one(command_words.BEDS_TITLE),
            across=self._one(command_words.BEDS),
            up="",
            day=str,
            number=lambda value: self._number(int(value)),
        )
        return charts.bars(bars, lettering) if bars else Markup("")

    def _titled(self, line: AreaLine) -> str:
        said = self._one(command_words.NO_CASE) if line.cases == 0 else self.cases(line)
        return self._one(command_words.NAMED) % {"name": self._plain(line.name), "said": said}
