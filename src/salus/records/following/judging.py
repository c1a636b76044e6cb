"""Work out what is due: a plan, a birth date, what happened on which days, and a day. Pure; no clock, no store."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from salus.records.following.model import After, Followed, How, Item, Mark, Plan, Step
from salus.records.following.topics import day_of

GRACE_DAYS: Final = 30
"""A recurring visit is overdue so many days after it became due."""
EARLY_DAYS: Final = 14
"""A check-up this many days before its age is the one that was meant; a vaccine before its age is none too few."""
Marks = Mapping[str, Sequence[Mark]]


def follow(
    plans: Iterable[Plan], born: date | None, sex: str | None, marks: Iterable[Mark], today: date
) -> list[Followed]:
    """Return the plans that apply on a day, each with what is done, coming, due and overdue.

    Where the birth date is unknown, plans that ask for an age do not apply. Marks after `today` have not happened.
    """
    by_topic: dict[str, list[Mark]] = {}
    for mark in sorted(marks, key=lambda one: (one.day, one.facility)):
        if mark.day <= today:
            by_topic.setdefault(mark.topic, []).append(mark)
    found = [(plan, _items(plan, born, sex, by_topic, today)) for plan in plans]
    return [Followed(plan=plan, items=tuple(items)) for plan, items in found if items]


def born_on(written: str | None) -> date | None:
    """Return a birth date to count ages from; of a mere month its last day, so that nothing is due too early."""
    day = day_of(written)
    if day is None or not written or len(written) >= len("2031-03-01"):
        return day
    return after_months(day, 1) - timedelta(days=1)


def after_months(day: date, months: int) -> date:
    """Return the same day so many months later, or the last of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _items(plan: Plan, born: date | None, sex: str | None, marks: Marks, today: date) -> list[Item]:
    if (plan.sex and plan.sex != sex) or not _of_age(plan, born, today) or (plan.topic and plan.topic not in marks):
        return []
    if plan.every_months is not None:
        return [_recurring(plan, born, marks, today)]
    start = _start(plan, born, marks)
    if start is None or start > today:
        return []
    if plan.ends_weeks is not None and today >= start + timedelta(weeks=plan.ends_weeks):
        return []
    return _stepwise(plan, start, marks, today)


def _of_age(plan: Plan, born: date | None, today: date) -> bool:
    if not plan.from_years and plan.to_years is None:
        return True
    if born is None or born > today or today < after_months(born, 12 * plan.from_years):
        return False
    return plan.to_years is None or today < after_months(born, 12 * plan.to_years)


def _start(plan: Plan, born: date | None, marks: Marks) -> date | None:
    if plan.after is After.BIRTH:
        return born
    told = marks.get(plan.after.value)
    return told[-1].day if told else None


def _recurring(plan: Plan, born: date | None, marks: Marks, today: date) -> Item:
    """Judge a visit that recurs: first due when somebody comes to qualify, then so many months after the last."""
    done = [one for topic in plan.done for one in marks.get(topic, ())]
    last = max(done, key=lambda one: one.day, default=None)
    qualified = [one.day for one in marks.get(plan.topic or "", ())][:1]
    if plan.from_years and born:
        qualified.append(after_months(born, 12 * plan.from_years))
    due = after_months(last.day, plan.every_months or 0) if last else max(qualified, default=today)
    late = due + timedelta(days=GRACE_DAYS)
    how = How.COMING if today < due else How.OVERDUE if today >= late else How.DUE
    return Item(
        plan=plan.key,
        step=None,
        en=plan.en,
        zh=plan.zh,
        how=how,
        due=due,
        late=late,
        done_on=last.day if last else None,
        done_at=last.facility if last else None,
    )


def _stepwise(plan: Plan, start: date, marks: Marks, today: date) -> list[Item]:
    spans = [_span(step, start) for step in plan.steps]
    found = []
    for place, step in enumerate(plan.steps):
        due, late = spans[place]
        following = spans[place + 1][0] if place + 1 < len(spans) else None
        done = _done(step, start, due, following, marks)
        over = step.instead and following is not None and today >= following
        if done:
            how = How.DONE
        elif over:
            how = How.LAPSED
        elif today < due:
            how = How.COMING
        else:
            how = How.OVERDUE if late is not None and today >= late else How.DUE
        found.append(
            Item(
                plan=plan.key,
                step=step.key,
                en=step.en,
                zh=step.zh,
                how=how,
                due=due,
                late=late,
                done_on=done.day if done else None,
                done_at=done.facility if done else None,
            )
        )
    return sorted(found, key=lambda one: (one.due or today, one.en))


def _span(step: Step, start: date) -> tuple[date, date | None]:
    """Return from when on a step is due, and when it begins to be overdue."""
    if step.weeks is not None:
        return start + timedelta(weeks=step.weeks), (
            None if step.until is None else start + timedelta(weeks=step.until)
        )
    return after_months(start, step.months or 0), None if step.until is None else after_months(start, step.until)


def _done(step: Step, start: date, due: date, following: date | None, marks: Marks) -> Mark | None:
    """Return what shows a step done: the n-th day of a vaccine since birth, or a check-up in the step's own time."""
    early = timedelta(days=EARLY_DAYS)
    told = sorted((one for topic in step.done for one in marks.get(topic, ())), key=lambda one: one.day)
    if step.instead:
        told = [one for one in told if due - early <= one.day and (following is None or one.day < following - early)]
    days: dict[date, Mark] = {}
    for one in told:
        if one.day >= start:
            days.setdefault(one.day, one)
    return list(days.values())[step.dose - 1] if len(days) >= step.dose else None
