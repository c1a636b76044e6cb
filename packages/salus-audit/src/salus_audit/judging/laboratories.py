"""What can be known of laboratories and sites from outside: how many results and specimens they signed, and when.

No entry says what was found, nor which specimen a result is about. So lies about content cannot be seen here; what can
is more results than there are specimens, and a laboratory that departs from its own past while the others do not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from statistics import median

from salus_audit.heads import Witnessed
from salus_audit.judging.publishing import DAY
from salus_audit.reading.walking import Log

CORRECTED = 0.05
"""The share of results that may be corrections: these have a specimen that has a result already."""
SURPLUS = 20
DAYS, TIMES, LEAST = 14, 5, 100
"""A laboratory is an outlier that signs five times its own median of two weeks or more, and a hundred at least."""


def judge_laboratories(log: Log, seen: Witnessed) -> dict[str, dict[str, int]]:
    """Find outliers, and return how many specimens and results each party signed, and on how many days."""
    by_day: dict[str, dict[str, Counter[int]]] = {kind: defaultdict(Counter) for kind in ("specimen", "result")}
    for (kind, party, stretch), count in log.counted.items():
        if kind in by_day:
            covered = log.marks[stretch] - 1 if stretch < len(log.marks) else log.size - 1
            at = seen.seen(covered)
            by_day[kind][party][at // DAY if at is not None else -1] += count
    _surplus(log, by_day["specimen"], by_day["result"])
    _bursts(log, by_day["result"])
    return {
        party: {"specimens": sum(by_day["specimen"][party].values()), "results": sum(by_day["result"][party].values())}
        for party in sorted({*by_day["specimen"], *by_day["result"]})
    }


def _surplus(log: Log, specimens: dict[str, Counter[int]], results: dict[str, Counter[int]]) -> None:
    """There cannot be more results than specimens, but for corrections."""
    taken = sum(sum(days.values()) for days in specimens.values())
    reported = sum(sum(days.values()) for days in results.values())
    if reported > taken + max(SURPLUS, CORRECTED * taken):
        most = max(results, key=lambda party: sum(results[party].values()))
        text = f"{reported} results for {taken} specimens; most are of this laboratory"
        log.findings.add("LAB-OUTLIER", None, most, text)


def _bursts(log: Log, results: dict[str, Counter[int]]) -> None:
    everybody: Counter[int] = Counter()
    for days in results.values():
        everybody.update(days)
    for party, days in sorted(results.items()):
        dated = sorted(day for day in days if day >= 0)
        for place, day in enumerate(dated):
            past = dated[:place]
            if len(past) < DAYS or days[day] < LEAST:
                continue
            usual = median(days[one] for one in past)
            others = everybody[day] - days[day]
            usual_others = median(everybody[one] - days[one] for one in past)
            if days[day] >= TIMES * usual and others < 2 * max(usual_others, 1) and others:
                text = f"{days[day]} results on one day, where {usual:.0f} were usual; the others had {others}"
                log.findings.add("LAB-OUTLIER", None, party, text)
