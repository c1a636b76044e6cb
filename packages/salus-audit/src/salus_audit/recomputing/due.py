"""What attested exposures ask of whoever brings them, a second time: a span that begins, and is cut from all sides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from salus_audit.recomputing.deciding import Answer, Board, Exposure, Result, Rules


def due(exposures: Iterable[Exposure], results: Sequence[Result], rules: Rules, at: int) -> Answer:
    """Return the advice that exposures come to at an instant, or the words for why there is none."""
    if not rules.starts <= at < rules.ends:
        return Answer("none", words=("RULES-NOT-LIVE",))
    declared = rules.emergency
    if declared is None or declared[0] != rules.table.disease or not declared[1] <= at < declared[2]:
        return Answer("none", words=("EMERGENCY-LAPSED",))
    given = list(exposures)
    if rules.table.exposure is None:
        return Answer("none", words=("NOT-IN-TABLE",) if given else ("NO-EVIDENCE",))
    firsts: dict[str, tuple[int, str]] = {}
    for one in given:
        firsts[one.index] = min(firsts.get(one.index, (one.attested, one.name)), (one.attested, one.name))
    names: dict[str, set[Exposure]] = {}
    for one in given:
        names.setdefault(one.name, set()).add(one)
    board, words, answers = Board(results, at), set(), []
    for one in given:
        word, ends = _single(one, rules, (declared[1], declared[2]), board, firsts[one.index])
        usable = one.disease == rules.table.disease
        word = "AMBIGUOUS" if usable and len(names[one.name]) > 1 else word
        words.add(word)
        if word == "QUALIFIES":
            answers.append((-ends, one.name, one.attested))
    if not answers:
        return Answer("none", words=tuple(sorted(words)) or ("NO-EVIDENCE",))
    ends, name, attested = min(answers)
    return Answer("advise", rules.table.exposure[0], attested, -ends, name, ("QUALIFIES",))


def _single(
    one: Exposure, rules: Rules, emergency: tuple[int, int], board: Board, first: tuple[int, str]
) -> tuple[str, int]:
    """Return the word for one exposure, and when what it asks for ends."""
    if rules.table.exposure is None or one.disease != rules.table.disease:
        return "ANOTHER-DISEASE", 0
    _, within, lasts, by = rules.table.exposure
    if not one.day <= one.attested <= board.at:
        return "NOT-YET", 0
    if one.attested < max(rules.starts, emergency[0]):
        return "RETROACTIVE", 0
    if one.day + within < one.attested:
        return "TOO-OLD", 0
    if first < (one.attested, one.name):
        return "SAME-INDEX", 0
    if one.ended:
        return "CORRECTED", 0
    if board.ended(one.disease, one.day, by):
        return "RELEASED", 0
    ends = min(one.attested + lasts, one.attested + rules.table.longest, rules.ends, emergency[1])
    return ("QUALIFIES" if board.at < ends else "LAPSED"), ends
