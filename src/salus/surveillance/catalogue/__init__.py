"""What is watched: syndromes by diagnosis codes, positive results, listed diseases, departments' figures. Data."""

from salus.surveillance.catalogue.definitions import CATALOGUE_VERSION, SERIES, feeds, series

__all__ = ["CATALOGUE_VERSION", "SERIES", "feeds", "series"]
