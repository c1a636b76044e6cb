"""Orders for supplies, signed by two organisations, with an end; and the tasks that follow from them."""
