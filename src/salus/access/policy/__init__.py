"""The Cedar policies and their schema, and the engine that asks them. Facts come as arguments; it fetches none."""
