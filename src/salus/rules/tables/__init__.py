"""Assignment tables as data: the linter that says what none may hold, and the reader that builds them."""
