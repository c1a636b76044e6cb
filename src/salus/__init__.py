"""Salus: a national health information platform that nobody can turn against the people in it."""
