"""Translate the FHIRPath of R4's invariants into Python source: the part of the language that they use, no more.

An expression becomes a Python condition that is true exactly where FHIRPath's answer is true: `truth` and `falsity`
carry the third answer, nothing, without computing it. Paths are resolved against the R4 shapes while translating.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Any

Tree = tuple[Any, ...]
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:\\.|[^'\\])*')|(?P<number>\d+(?:\.\d+)?)|(?P<env>%[A-Za-z-]+)"
    r"|(?P<name>\$?[A-Za-z_][A-Za-z0-9_]*)|(?P<mark><=|>=|!=|[.()\[\],=<>|&+~-]))"
)
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("implies",),
    ("or", "xor"),
    ("and",),
    ("in", "contains"),
    ("=", "!="),
    ("<", ">", "<=", ">="),
    ("|",),
    ("is", "as"),
    ("+", "&"),
)
_ON_THIS = ("where", "trace", "toInteger")
_OF_TEXT = {"startsWith": "starts", "contains": "holds", "matches": "matches"}
_COMPARED = {"=": "same", "<": "less", ">": "greater", "<=": "at_most", ">=": "at_least"}


class Untranslatable(ValueError):
    """This expression uses something that is written by hand instead."""


@dataclass(frozen=True)
class Focus:
    """What `$this` is while translating: a variable, and the shapes that it may have."""

    name: str
    shapes: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """Source of a list, and the shapes of what is in it."""

    source: str
    shapes: tuple[str, ...]


class Translator:
    """Translates the invariants of one context: `types` are the R4 shapes, `root` the resource type around it."""

    def __init__(self, types: dict[str, Any], root: str) -> None:
        self._types = types
        self._root = root
        self._depth, self._shape = 0, root

    def translate(self, expression: str, shape: str) -> str:
        """Return a condition over `n`, the node, and `r`, the resource that holds it. Raises Untranslatable."""
        tree = parse(expression)
        self._depth, self._shape = 0, shape
        return self.truth(tree, Focus("n", (shape,)))

    def truth(self, tree: Tree, focus: Focus) -> str:
        """Return the source of a condition: FHIRPath says true."""
        told = self._true_operator(tree, focus) if tree[0] == "bin" else self._true_call(tree, focus)
        return told or f"{self.listed(tree, focus).source} == [True]"

    def _true_operator(self, tree: Tree, focus: Focus) -> str | None:
        match tree:
            case ("bin", "or", a, b):
                return f"({self.truth(a, focus)} or {self.truth(b, focus)})"
            case ("bin", "and", a, b):
                return f"({self.truth(a, focus)} and {self.truth(b, focus)})"
            case ("bin", "implies", a, b):
                return f"({self.falsity(a, focus)} or {self.truth(b, focus)})"
            case ("bin", "xor", a, b):
                return f"({self.truth(a, focus)} != {self.truth(b, focus)})"
            case ("bin", "!=", a, b):
                return self.falsity(("bin", "=", a, b), focus)
            case ("bin", "=", a, b) if _is_truth(a) and (_is_truth(b) or b == ("lit", True)):
                return self.truth(a, focus) if b[0] == "lit" else f"({self.truth(a, focus)} == {self.truth(b, focus)})"
            case ("bin", operator, _, _) if operator in (*_COMPARED, "in", "contains"):
                return f"{self._compared(tree, focus)} is True"
            case ("bin", "is", a, ("name", kind)):
                return self._is(a, kind, focus)
        return None

    def _true_call(self, tree: Tree, focus: Focus) -> str | None:
        match tree:
            case ("dot", left, ("call", name, args)) if name in _OF_TEXT:
                return f"{self._of_text(name, left, args[0], focus)} is True"
            case ("call", name, args) if name in _OF_TEXT:
                return f"{self._of_text(name, ('this',), args[0], focus)} is True"
            case ("dot", left, ("call", name, args)) if name in _CONDITIONS:
                return _CONDITIONS[name](self, left, args, focus)
            case ("call", name, args) if name in _CONDITIONS:
                return _CONDITIONS[name](self, ("this",), args, focus)
            case ("call", "iif", (condition, then)):
                return f"({self.truth(condition, focus)} and {self.truth(then, focus)})"
        return None

    def falsity(self, tree: Tree, focus: Focus) -> str:
        """Return the source of a condition: FHIRPath says false, which is more than that it does not say true."""
        match tree:
            case ("bin", "or", a, b):
                return f"({self.falsity(a, focus)} and {self.falsity(b, focus)})"
            case ("bin", "and", a, b):
                return f"({self.falsity(a, focus)} or {self.falsity(b, focus)})"
            case ("bin", "implies", a, b):
                return f"({self.truth(a, focus)} and {self.falsity(b, focus)})"
            case ("bin", "!=", a, b):
                return self.truth(("bin", "=", a, b), focus)
            case ("bin", "=", a, b) if _is_truth(a) and _is_truth(b):
                return f"({self.truth(a, focus)} != {self.truth(b, focus)})"
            case ("bin", operator, _, _) if operator in (*_COMPARED, "in", "contains"):
                return f"{self._compared(tree, focus)} is False"
            case ("dot", left, ("call", "not", ())):
                return self.truth(left, focus)
            case ("dot", left, ("call", name, args)) if name in _OF_TEXT:
                return f"{self._of_text(name, left, args[0], focus)} is False"
        if _is_truth(tree):
            return f"(not {self.truth(tree, focus)})"
        return f"{self.listed(tree, focus).source} == [False]"

    def listed(self, tree: Tree, focus: Focus) -> Found:
        """Return the source of the list that an expression yields."""
        match tree[0]:
            case "bin":
                return self._listed_operator(tree, focus)
            case "dot" | "call":
                return self._listed_step(tree, focus)
        match tree:
            case ("lit", value):
                return Found(f"[{value!r}]", ("System",))
            case ("this",):
                return Found(f"[{focus.name}]", focus.shapes)
            case ("env", "%ucum"):
                return Found("[UCUM]", ("System",))
            case ("env", "%resource"):
                return Found("[r]", (self._root,))
            case ("env", "%context"):
                return Found("[n]", (self._shape,))
            case ("name", name):
                return self._step(Found(f"[{focus.name}]", focus.shapes), name)
        raise Untranslatable(str(tree))

    def _listed_operator(self, tree: Tree, focus: Focus) -> Found:
        _, operator, a, b = tree
        if operator == "as":
            return self._of_type(a, b[1], focus)
        if operator == "+":
            return Found(f"[{self._number(a, focus)} + {self._number(b, focus)}]", ("System",))
        left, right = self.listed(a, focus), self.listed(b, focus)
        if operator == "|":
            return Found(f"[*{left.source}, *{right.source}]", left.shapes + right.shapes)
        if operator == "&":
            return Found(f"[joined({left.source}, {right.source})]", ("string",))
        raise Untranslatable(operator)

    def _listed_step(self, tree: Tree, focus: Focus) -> Found:
        match tree:
            case ("dot", left, ("name", name)):
                return self._step(self.listed(left, focus), name)
            case ("dot", left, ("call", name, args)):
                return self._called(left, name, args, focus)
            case ("call", name, args) if name in _ON_THIS:
                return self._called(("this",), name, args, focus)
        raise Untranslatable(str(tree))

    def _step(self, of: Found, name: str) -> Found:
        if name == of.shapes[0]:  # Appointment.cancelationReason, written from the root
            return of
        for shape in of.shapes:
            elements = self._types.get(shape, {})
            if name in elements:
                kind = elements[name][0]
                verb = "values" if kind in self._types or kind == "Resource" else "primitives"
                return Found(f"{verb}({of.source}, {name!r})", (kind,))
            if f"{name}[x]" in elements:
                return Found(f"choices({of.source}, {name!r})", tuple(elements[f"{name}[x]"][0]))
        raise Untranslatable(f"{name} in {of.shapes}")

    def _called(self, left: Tree, name: str, args: tuple[Tree, ...], focus: Focus) -> Found:
        if name in ("ofType", "as"):
            return self._of_type(left, args[0][1], focus)
        of = self.listed(left, focus)
        if name == "trace":
            return of
        if name in ("first", "tail"):
            return Found(f"{of.source}[{':1' if name == 'first' else '1:'}]", of.shapes)
        if name == "where":
            inner = self._inner(of)
            return Found(f"[{inner.name} for {inner.name} in {of.source} if {self.truth(args[0], inner)}]", of.shapes)
        if name == "select":
            inner = self._inner(of)
            told = self._selected(args[0], inner)
            return Found(f"[y for {inner.name} in {of.source} for y in {told.source}]", told.shapes)
        if name == "intersect":
            return Found(f"shared({of.source}, {self._known(args[0], focus)})", of.shapes)
        if name == "count":
            return Found(f"[len({of.source})]", ("System",))
        if name in ("toString", "toInteger"):
            return Found(f"{'texts' if name == 'toString' else 'integers'}({of.source})", ("System",))
        if name == "replaceMatches":
            pattern, instead = (arg[1] for arg in args)
            return Found(f"[re.sub({pattern!r}, {instead!r}, one) for one in {of.source}]", ("System",))
        raise Untranslatable(name)

    def _selected(self, tree: Tree, inner: Focus) -> Found:
        """Translate what is selected: a list, or a condition as its answer."""
        if _is_truth(tree) or tree[:2] in (("bin", "or"), ("bin", "in")):
            return Found(f"[{self.truth(tree, inner)}]", ("boolean",))
        return self.listed(tree, inner)

    def _inner(self, of: Found) -> Focus:
        self._depth += 1
        return Focus(f"n{self._depth}", of.shapes)

    def _of_type(self, left: Tree, kind: str, focus: Focus) -> Found:
        match left:
            case ("name", name):
                of = Found(f"[{focus.name}]", focus.shapes)
            case ("dot", before, ("name", name)):
                of = self.listed(before, focus)
            case _:
                raise Untranslatable(kind)
        verb = "values" if kind in self._types else "primitives"
        return Found(f"{verb}({of.source}, {name + kind[0].upper() + kind[1:]!r})", (kind,))

    def _is(self, left: Tree, kind: str, focus: Focus) -> str:
        of = self.listed(left, focus)
        if of.shapes == ("Resource",):
            return f"[one['resourceType'] for one in {of.source}] == [{kind!r}]"
        return f"bool({self._of_type(left, kind[0].lower() + kind[1:], focus).source})"

    def _number(self, tree: Tree, focus: Focus) -> str:
        match tree:
            case ("bin", "+", a, b):
                return f"{self._number(a, focus)} + {self._number(b, focus)}"
            case ("dot", left, ("call", "count", ())):
                return f"len({self.listed(left, focus).source})"
        raise Untranslatable(str(tree))

    def _known(self, tree: Tree, focus: Focus) -> str:
        """Return the source of what something is looked for in, as a set."""
        words = _words(tree)
        if words:
            return f"{{{', '.join(map(repr, words))}}}"
        return self._once(f"keys({self.listed(tree, focus).source})", tree)

    def _once(self, source: str, tree: Tree) -> str:
        """Let what is the same for a whole resource be found once: it may stand in a loop over many nodes."""
        if not _is_outer(tree):
            return source
        return f"r.once((id(n), {zlib.crc32(source.encode())}), lambda: {source})"

    def _of_text(self, name: str, left: Tree, argument: Tree, focus: Focus) -> str:
        told = self._once(self.listed(argument, focus).source, argument)
        return f"{_OF_TEXT[name]}({self.listed(left, focus).source}, {told})"

    def _compared(self, tree: Tree, focus: Focus) -> str:
        _, operator, a, b = tree
        if operator == "in":
            return f"within({self.listed(a, focus).source}, {self._known(b, focus)})"
        if operator == "contains":
            return f"within({self.listed(b, focus).source}, {self._known(a, focus)})"
        left, right = self.listed(a, focus).source, self.listed(b, focus).source
        return f"{_COMPARED[operator]}({left}, {right})"

    def exists(self, left: Tree, args: tuple[Tree, ...], focus: Focus) -> str:
        """Return the source of `exists()`; for an element of the node itself, a look at its keys."""
        if not args and left[0] == "name" and len(focus.shapes) == 1:
            name, elements = left[1], self._types.get(focus.shapes[0], {})
            if name in elements:
                primitive = elements[name][0] not in self._types and elements[name][0] != "Resource"
                also = f" or {'_' + name!r} in {focus.name}" if primitive else ""
                return f"({name!r} in {focus.name}{also})"
        if args:
            left = ("dot", left, ("call", "where", args))
        return f"bool({self.listed(left, focus).source})"

    def empty(self, left: Tree, _: tuple[Tree, ...], focus: Focus) -> str:
        """Return the source of `empty()`."""
        return f"(not {self.exists(left, (), focus)})"

    def all(self, left: Tree, args: tuple[Tree, ...], focus: Focus) -> str:
        """Return the source of `all(…)`."""
        of = self.listed(left, focus)
        inner = self._inner(of)
        return f"all({self.truth(args[0], inner)} for {inner.name} in {of.source})"

    def negated(self, left: Tree, _: tuple[Tree, ...], focus: Focus) -> str:
        """Return the source of `not()`."""
        return self.falsity(left, focus)

    def verb(self, name: str, left: Tree, focus: Focus) -> str:
        """Return the source of a function of the language that asks something of a list."""
        return f"{name}({self.listed(left, focus).source})"

    def is_type(self, left: Tree, args: tuple[Tree, ...], focus: Focus) -> str:
        """Return the source of `is(Type)`."""
        return self._is(left, args[0][1], focus)


def _verb(name: str) -> Any:
    return lambda translator, left, _, focus: translator.verb(name, left, focus)


_CONDITIONS: dict[str, Any] = {
    "exists": Translator.exists,
    "empty": Translator.empty,
    "all": Translator.all,
    "not": Translator.negated,
    "is": Translator.is_type,
    "hasValue": _verb("has_value"),
    "isDistinct": _verb("distinct"),
    "allFalse": _verb("all_false"),
}


def _words(tree: Tree) -> list[Any]:
    """Return the literals of a union that has nothing else in it."""
    match tree:
        case ("lit", value):
            return [value]
        case ("bin", "|", a, b):
            left, right = _words(a), _words(b)
            return [*left, *right] if left and right else []
    return []


def _is_outer(tree: Tree) -> bool:
    """Tell whether an expression begins at the resource or at the node, wherever it stands."""
    match tree:
        case ("env", name):
            return name in ("%resource", "%context")
        case ("dot", left, _) | ("bin", _, left, _):
            return _is_outer(left)
    return False


def _is_truth(tree: Tree) -> bool:
    """Tell whether an expression always answers true or false."""
    match tree:
        case ("dot", _, ("call", name, _)) | ("call", name, _):
            return name in ("exists", "empty", "all", "hasValue", "isDistinct", "allFalse", "is")
        case ("bin", "is", _, _):
            return True
        case ("bin", "or" | "and", a, b):
            return _is_truth(a) or _is_truth(b) or a[1] == "="
    return False


def parse(expression: str) -> Tree:
    """Return the tree of an expression."""
    tokens: list[tuple[str, str]] = []
    at = 0
    while expression[at:].strip():
        match = _TOKEN.match(expression, at)
        if match is None:
            raise Untranslatable(expression[at:])
        tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
        at = match.end()
    tree, rest = _level(tokens, 0)
    if rest:
        raise Untranslatable(str(rest))
    return tree


def _level(tokens: list[tuple[str, str]], level: int) -> tuple[Tree, list[tuple[str, str]]]:
    if level == len(_LEVELS):
        return _term(tokens)
    left, tokens = _level(tokens, level + 1)
    while tokens and tokens[0][0] != "text" and tokens[0][1] in _LEVELS[level]:
        operator = tokens[0][1]
        right, tokens = _level(tokens[1:], level + 1)
        left = ("bin", operator, left, right)
    return left, tokens


def _term(tokens: list[tuple[str, str]]) -> tuple[Tree, list[tuple[str, str]]]:
    tree, tokens = _single(tokens)
    while tokens and tokens[0] == ("mark", "."):
        right, tokens = _single(tokens[1:])
        tree = ("dot", tree, right)
    return tree, tokens


def _single(tokens: list[tuple[str, str]]) -> tuple[Tree, list[tuple[str, str]]]:
    (kind, text), rest = tokens[0], tokens[1:]
    if kind == "text":
        return ("lit", re.sub(r"\\(.)", r"\1", text[1:-1])), rest
    if kind == "number":
        return ("lit", int(text)), rest
    if kind == "env":
        return ("env", text), rest
    if (kind, text) == ("mark", "("):
        tree, rest = _level(rest, 0)
        return tree, rest[1:]
    if text in ("true", "false"):
        return ("lit", text == "true"), rest
    if text == "$this":
        return ("this",), rest
    if rest and rest[0] == ("mark", "("):
        return _call(text, rest[1:])
    return ("name", text), rest


def _call(name: str, rest: list[tuple[str, str]]) -> tuple[Tree, list[tuple[str, str]]]:
    args = []
    while rest[0] != ("mark", ")"):
        arg, rest = _level(rest, 0)
        args.append(arg)
        if rest[0] == ("mark", ","):
            rest = rest[1:]
    return ("call", name, tuple(args)), rest[1:]
