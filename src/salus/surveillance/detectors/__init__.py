"""The rules that turn figures into alerts: pure functions of a window of days, the same for ever under one version."""

from salus.surveillance.detectors.judging import LEAST, VERSIONS, judge
from salus.surveillance.detectors.wording import reasons

__all__ = ["LEAST", "VERSIONS", "judge", "reasons"]
