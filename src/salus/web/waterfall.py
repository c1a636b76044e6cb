"""Draw what each field weighed as a waterfall: every bar begins where the one above it ended. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from salus.web import review_words
from salus.web.charts import Step, steps


class Waterfall:
    """Draws with the words of one language: `one` looks a text up, `figure` writes a number."""

    def __init__(self, one: Callable[[str], str], figure: Callable[[float], str]) -> None:
        self._one, self._figure = one, figure

    def field(self, name: str) -> str:
        """Call a field by name, or by the model's own word for it."""
        known = review_words.FIELDS.get(name)
        return self._one(known) if known else name

    def signed(self, bits: float) -> str:
        """Write bits with their sign."""
        return f"{'+' if bits > 0 else '−' if bits < 0 else ''}{self._figure(abs(bits))}"

    def draw(
        self, bits: Sequence[tuple[str, float]], total: float, thresholds: tuple[float, float] | None = None
    ) -> Markup:
        """Draw the bars of all fields, the total below them, and from where on people are asked, and rules link."""
        bars = [Step(label=self.field(name), value=value, told=self.signed(value)) for name, value in bits]
        end = Step(label=self._one(review_words.TOTAL), value=total, told=self.signed(total))
        names = (self._one(review_words.ASKED_FROM), self._one(review_words.LINKED_FROM))
        lines = zip(names, thresholds or (), strict=False)
        marks = [(value, f"{name} {self.signed(value)}") for name, value in lines]
        return steps(bars, end, self._one(review_words.WEIGHTS), self._one(review_words.BITS), marks)
