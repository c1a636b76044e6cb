"""Conditions as SQL: what is asked, over the rows by which resources are found."""
