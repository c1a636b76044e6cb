"""For how many people a node weighs whose records are whose: said once, and told where the register has outgrown it."""

from salus.app.size.holding import FILE, Held, hold
from salus.app.size.telling import Size, outgrown, size_of, told

__all__ = ["FILE", "Held", "Size", "hold", "outgrown", "size_of", "told"]
