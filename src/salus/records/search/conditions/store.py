"""Write what is asked as SQL over the search rows. Every hop stays in the bound: what may not be read decides nothing.

Within a facility the digests drive, by their index, or the order of storing does, as the server's statistics say;
within charts these do, and the digests are looked at row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from salus.records.model import Compared, Sealer
from salus.records.search import asking
from salus.records.search.asking import (
    All,
    Any,
    Asked,
    Chain,
    Condition,
    Dates,
    Forms,
    Has,
    Ids,
    Measured,
    Named,
    Not,
    Numbers,
    Present,
    Sort,
    Updated,
)
from salus.records.search.digests import digest, sandboxed, scope
from salus.records.search.extract import form_of
from salus.records.search.parameters import is_directory

# FHIR R4 search, 3.1.1.4.5: how a prefix compares the parameter's span [a, b) with the resource's [lo, hi); where an
# index by hi helps, what follows for hi is said as well.
_SPANS: Final[dict[str, tuple[str, str]]] = {
    "eq": ("({lo} >= %s and {hi} <= %s and {hi} > %s)", "aba"),
    "ne": ("not ({lo} >= %s and {hi} <= %s)", "ab"),
    "gt": ("{hi} > %s", "b"),
    "lt": ("{lo} < %s", "a"),
    "ge": ("({hi} > %s and ({hi} > %s or {lo} >= %s))", "aba"),
    "le": ("({lo} < %s or {hi} <= %s)", "ab"),
    "sa": ("({lo} >= %s and {hi} > %s)", "bb"),
    "eb": ("{hi} <= %s", "a"),
    "ap": ("({lo} < %s and {hi} > %s)", "ba"),
}
# 3.1.1.4.6: equality is to the digits written, [a, b); all else compares with the number itself, which is both.
_NUMBERS: Final[dict[str, tuple[str, str]]] = {
    "eq": ("(n.lo >= %s and n.hi < %s and n.hi >= %s)", "aba"),
    "ne": ("not (n.lo >= %s and n.hi < %s)", "ab"),
    "gt": ("n.hi > %s", "a"),
    "lt": ("n.lo < %s", "a"),
    "ge": ("n.hi >= %s", "a"),
    "le": ("n.lo <= %s", "a"),
    "sa": ("n.lo > %s", "a"),
    "eb": ("n.hi < %s", "a"),
    "ap": ("(n.lo <= %s and n.hi >= %s)", "ba"),
}
_STORED_FOR: Final = (
    "{a}.updated_at + case when date_trunc('second', {a}.updated_at) = {a}.updated_at"
    " then interval '1 second' else interval '1 microsecond' end"
)
"""`meta.lastUpdated` as it is written covers a second, or with a fraction a microsecond."""


@dataclass(slots=True)
class Writing:
    """SQL on its way, with its values in order. `charts` bounds whose records are looked at; None is a facility's.

    `shut` names those of the charts in which something is closed to the reader, with what.
    Of the directory everybody finds what is everybody's, and `sandbox` what it made up for itself.
    """

    sealer: Sealer = field(repr=False)
    facilities: Sequence[str]
    charts: Sequence[int] | None
    shut: Mapping[int, int] = field(default_factory=dict)
    sandbox: str | None = None
    params: list[object] = field(default_factory=list)
    depth: int = 0

    def add(self, *values: object) -> None:
        """Add values of the SQL that is written next."""
        self.params += values

    def keys(self, kind: str, forms: Sequence[str]) -> list[int]:
        """Return the digests of forms of a type, at each facility in the bound."""
        at = self._public() if is_directory(kind) else self.facilities
        return [digest(self.sealer, facility, kind, form) for facility in at for form in forms]

    def within(self, alias: str, kinds: Sequence[str], also: str = "") -> str:
        """Return the condition that a row is of one of these types and may be found at all; `also` follows columns."""
        kept = [scope(self.sealer, at, kind) for kind in kinds if is_directory(kind) for at in self._public()]
        bound = [scope(self.sealer, at, kind) for kind in kinds if not is_directory(kind) for at in self.facilities]
        if self.charts is None or not bound:
            return self._scoped(alias, kept + bound, also)
        chart = self.one_of(f"{alias}.chart_key{also}", self.charts)
        own = f"({chart} and {self._seen(alias)}{self._scoped(alias, bound, also)})"
        return f"({own} or {self._scoped(alias, kept, also)})" if kept else own

    def _public(self) -> tuple[str, ...]:
        return ("",) if self.sandbox is None else ("", sandboxed(self.sandbox))

    def _seen(self, alias: str) -> str:
        """Return the condition that a row is not closed to the reader, where anything is: the rule is access's own."""
        if not self.shut:
            return ""
        self.add(list(self.shut), list(self.shut), list(self.shut.values()))
        return (
            f"({alias}.chart_key <> all(%s::bigint[]) or exists (select from records.resource v"
            " join unnest(%s::bigint[], %s::int[]) s (chart_key, closed) on s.chart_key = v.chart_key"
            f" where v.resource_key = {alias}.resource_key and access.shows(v.classes, s.closed, false))) and "
        )

    def _scoped(self, alias: str, scopes: Sequence[int], also: str) -> str:
        return self.one_of(f"{alias}.scope{also}", scopes)

    def one_of(self, column: str, numbers: Sequence[int]) -> str:
        """Return the condition that a column is one of these; of a single one the server plans once for all."""
        if len(numbers) == 1:
            self.add(numbers[0])
            return f"{column} = %s::bigint"
        self.add(list(numbers))
        return f"{column} = any(%s::bigint[])"

    def alias(self) -> str:
        """Return a new name for a table."""
        self.depth += 1
        return f"a{self.depth}"


def matches(asked: Asked, writing: Writing) -> str:
    """Return the query for key and chart of everything that is asked for, in no order."""
    return f"select a.resource_key, a.chart_key from records.found a where {_where(asked, writing)}"  # noqa: S608


def named(asked: Sequence[Named], writing: Writing, most: int) -> str:
    """Return the query for key and chart of the records that a search names, `most` of each at most."""
    told = []
    for one in asked:
        where = f"{writing.within('a', one.types)} and {_condition(one.condition, 'a', one.types[0], writing)}"
        writing.add(most)
        told.append(f"(select a.resource_key, a.chart_key from records.found a where {where} limit %s)")  # noqa: S608
    return f"select n.resource_key, n.chart_key from ({' union '.join(told)}) n"  # noqa: S608


def ordered(asked: Asked, writing: Writing, count: int) -> tuple[str, str, int]:
    """Return the query for `count` keys in order behind the cursor, the order, and how many texts make a place.

    Where nothing is said the order is that of storing. Keys settle what is equal, in the direction of the first key.
    """
    keys = asked.sort or (Sort(kind=asking.UPDATED, descending=False),)
    first = keys[0].descending
    sorts = [_sort_value(key, asked.type, writing) for key in keys]
    columns = "".join(f", {told} as s{n}" for n, told in enumerate(sorts))
    joined = (
        " join records.resource i on i.resource_key = a.resource_key" if asking.ID in [k.kind for k in keys] else ""
    )
    inner = f"select a.resource_key{columns} from records.found a{joined} where {_where(asked, writing)}"  # noqa: S608
    behind = _behind(keys, asked.after, writing) if asked.after else ""
    names = [f"{{k}}s{n}{' desc' if key.descending else ''}{_nulls(key)}" for n, key in enumerate(keys)]
    order = ", ".join([*names, f"{{k}}resource_key{' desc' if first else ''}"])
    texts = "".join(f", s{n}::text as t{n}" for n in range(len(keys)))
    writing.add(count)
    query = f"select q.*{texts} from ({inner}) q{behind} order by {order.format(k='q.')} limit %s"  # noqa: S608
    return query, order.format(k="k."), len(keys)


def _nulls(key: Sort) -> str:
    return " nulls last" if key.descending and key.kind in (asking.DATE, asking.NUMBER) else ""


def _behind(keys: Sequence[Sort], place: Sequence[str | None], writing: Writing) -> str:
    """Return the condition that a row comes behind a place: later by a key, where all keys before are equal."""
    *values, last = place
    first, casts = keys[0].descending, [_CASTS[key.kind] for key in keys]
    if len(keys) == 1 and keys[0].kind in (asking.UPDATED, asking.ID):
        writing.add(values[0], last)
        return f" where (q.s0, q.resource_key) {'<' if first else '>'} (%s::{casts[0]}, %s::bigint)"
    ways = []
    for n in range(len(keys) + 1):
        equal = [_equals(f"q.s{m}", values[m], casts[m], writing) for m in range(n)]
        if n == len(keys):
            writing.add(last)
            later = f"q.resource_key {'<' if first else '>'} %s::bigint"
        elif values[n] is None:
            later = "false"
        else:
            writing.add(values[n])
            later = f"(q.s{n} {'<' if keys[n].descending else '>'} %s::{casts[n]} or q.s{n} is null)"
        ways.append(" and ".join([*equal, later]))
    return f" where ({' or '.join(f'({way})' for way in ways)})"


def _equals(column: str, value: str | None, cast_: str, writing: Writing) -> str:
    if value is None:
        return f"{column} is null"
    writing.add(value)
    return f"{column} = %s::{cast_}"


_CASTS: Final = {
    asking.UPDATED: "timestamptz",
    asking.ID: "uuid",
    asking.DATE: "timestamptz",
    asking.NUMBER: "numeric",
}


def _sort_value(key: Sort, kind: str, writing: Writing) -> str:
    """Return what a row is ordered by: of several values the first in the direction, of a span its start."""
    if key.kind == asking.UPDATED:
        return "a.updated_at"
    if key.kind == asking.ID:
        return "i.id"
    if key.hot:
        return "a.lo"
    least = "max" if key.descending else "min"
    table = "found_date" if key.kind == asking.DATE else "found_number"
    forms = key.paths if key.kind == asking.DATE else [form_of(path, "") for path in key.paths]
    writing.add(writing.keys(kind, forms))
    found = "d.resource_key = a.resource_key and d.key = any(%s::bigint[])"
    return f"(select {least}(d.lo) from records.{table} d where {found})"  # noqa: S608


def _where(asked: Asked, writing: Writing) -> str:
    codes = _charted_codes(asked, writing)
    # What the index of codes finds is looked up by its key: of a sum the server looks for no index.
    parts = [writing.within("a", [asked.type], also=" + 0" if codes else "")]
    if codes:
        parts.append(_charted(asked, codes, writing))
    parts += [_condition(one, "a", asked.type, writing) for one in asked.conditions]
    return " and ".join(parts)


def _charted_codes(asked: Asked, writing: Writing) -> Forms | None:
    """Return the codes of a frequent type that are asked for within charts: these have an index of their own."""
    if writing.charts is None:
        return None
    return next((one for one in asked.conditions if isinstance(one, Forms) and one.codes), None)


def _charted(asked: Asked, codes: Forms, writing: Writing) -> str:
    """Let a frequent type's code, and its date, find the rows of charts."""
    assert writing.charts is not None  # noqa: S101  codes are found within charts alone
    digests = writing.keys(asked.type, codes.codes)
    parts = [writing.one_of("h.chart_key", writing.charts), writing.one_of("h.code", digests)]
    dates = [one for one in asked.conditions if isinstance(one, Dates) and one.hot]
    parts += [_spans(one.asked, "h.lo", "h.hi", writing) for one in dates]
    return f"a.resource_key in (select h.resource_key from records.charted h where {' and '.join(parts)})"  # noqa: S608


def _condition(one: Condition, alias: str, kind: str, writing: Writing) -> str:
    """Return the SQL of a condition about the row of a name and type."""
    write = cast("Callable[[Condition, str, str, Writing], str]", _WRITERS[type(one)])
    return write(one, alias, kind, writing)


def _ids(one: Ids, alias: str, _: str, writing: Writing) -> str:
    writing.add(list(one.ids))
    found = "select i.resource_key from records.resource i where i.id = any(%s::uuid[])"
    return f"{alias}.resource_key in ({found})"


def _forms(one: Forms, alias: str, kind: str, writing: Writing) -> str:
    writing.add(writing.keys(kind, one.forms))
    if writing.charts is None:
        return f"{alias}.digests && %s::bigint[]"
    return f"arrayoverlap({alias}.digests, %s::bigint[])"  # of a function the server looks for no index


def _present(one: Present, alias: str, _: str, writing: Writing) -> str:
    writing.add(list(one.slots))
    return f"{alias}.present && %s::smallint[]"


def _dates(one: Dates, alias: str, kind: str, writing: Writing) -> str:
    if one.hot:
        return _spans(one.asked, f"{alias}.lo", f"{alias}.hi", writing)
    writing.add(writing.keys(kind, one.paths))
    told = _spans(one.asked, "d.lo", "d.hi", writing)
    found = f"select d.resource_key from records.found_date d where d.key = any(%s::bigint[]) and {told}"  # noqa: S608
    return f"{alias}.resource_key in ({found})"


def _updated(one: Updated, alias: str, _: str, writing: Writing) -> str:
    low = f"{alias}.updated_at"
    told = []
    for prefix, start, end in one.asked:
        spans = _spans([(prefix, start, end)], low, f"({_STORED_FOR.format(a=alias)})", writing)
        if prefix in ("eq", "gt", "ge", "sa"):
            writing.add(end if prefix in ("gt", "sa") else start)
            spans = f"({spans} and {low} > %s - interval '1 second')"
        told.append(spans)
    return f"({' or '.join(told)})"


def _spans(asked: Sequence[Compared], low: str, high: str, writing: Writing) -> str:
    told = []
    for prefix, start, end in asked:
        template, ends = _SPANS[prefix]
        writing.add(*({"a": start, "b": end}[one] for one in ends))
        told.append(template.format(lo=low, hi=high))
    return told[0] if len(told) == 1 else f"({' or '.join(told)})"


def _numbers(one: Numbers, alias: str, kind: str, writing: Writing) -> str:
    told = [_measured(each, kind, writing) for each in one.asked]
    found = f"select n.resource_key from records.found_number n where {' or '.join(told)}"  # noqa: S608
    return f"{alias}.resource_key in ({found})"


def _measured(one: Measured, kind: str, writing: Writing) -> str:
    template, ends = _NUMBERS[one.prefix]
    writing.add(writing.keys(kind, one.keys), *({"a": one.low, "b": one.high}[end] for end in ends))
    parts = ["n.key = any(%s::bigint[])", template]
    if one.unit:
        writing.add(writing.keys(kind, [one.unit]))
        parts.append("n.unit = any(%s::bigint[])")
    if one.label:
        keys = writing.keys(kind, [one.label])
        writing.add(keys, keys)
        parts.append("(n.code = any(%s::bigint[]) or n.label = any(%s::bigint[]))")
    return f"({' and '.join(parts)})"


def _chain(one: Chain, alias: str, _: str, writing: Writing) -> str:
    """Within a facility the targets are found first, within charts the row's own references are followed."""
    told = []
    for kind, condition in one.of_types:
        name, slots = writing.alias(), list(one.slots)
        if writing.charts is None:
            writing.add(slots)
            inner = f"{writing.within(name, [kind])} and {_condition(condition, name, kind, writing)}"
            found = f"select {name}.resource_key * 1024 + e.slot from records.found {name}"  # noqa: S608
            told.append(f"{alias}.targets && array({found} cross join unnest(%s::bigint[]) e(slot) where {inner})")
        else:
            writing.add(slots)
            inner = f"{writing.within(name, [kind])} and {_condition(condition, name, kind, writing)}"
            told.append(
                f"exists (select 1 from unnest({alias}.targets) e(target) join records.found {name}"  # noqa: S608
                f" on {name}.resource_key = e.target / 1024 where e.target %% 1024 = any(%s::bigint[]) and {inner})"
            )
    return f"({' or '.join(told)})"


def _has(one: Has, alias: str, _: str, writing: Writing) -> str:
    name = writing.alias()
    inner = f"{writing.within(name, [one.type])} and {_condition(one.condition, name, one.type, writing)}"
    writing.add(list(one.slots))
    return (
        f"{alias}.resource_key in (select e.target / 1024 from records.found {name}"  # noqa: S608
        f" cross join lateral unnest({name}.targets) e(target) where {inner} and e.target %% 1024 = any(%s::bigint[]))"
    )


def _not(one: Not, alias: str, kind: str, writing: Writing) -> str:
    return f"not {_condition(one.condition, alias, kind, writing)}"


def _any(one: Any, alias: str, kind: str, writing: Writing) -> str:
    return f"({' or '.join(_condition(part, alias, kind, writing) for part in one.parts)})"


def _all(one: All, alias: str, kind: str, writing: Writing) -> str:
    return f"({' and '.join(_condition(part, alias, kind, writing) for part in one.parts)})"


_WRITERS: Final = {
    All: _all,
    Any: _any,
    Chain: _chain,
    Dates: _dates,
    Forms: _forms,
    Has: _has,
    Ids: _ids,
    Not: _not,
    Numbers: _numbers,
    Present: _present,
    Updated: _updated,
}
