"""Compile HL7's International Patient Summary profiles into src/salus/records/fhir/profiles/ips.json.

Usage: python tools/compile_profiles.py FOLDER, where FOLDER is `input/fsh` of the guide's repository, HL7/fhir-ips
(CC0). Reads FHIR Shorthand and keeps facts only, as differentials: paths, cardinalities, types, patterns, required
codes, slices and the keys of invariants. Texts, obligations and preferred bindings are left where they are.
"""

from __future__ import annotations

import json
import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent.parent / "src/salus/records/fhir/profiles/ips.json"
R4 = Path(__file__).parent.parent / "src/salus/records/fhir/r4.json"
BASE = "http://hl7.org/fhir/uv/ips/StructureDefinition/"
_CARD = re.compile(r"^(\d*)\.\.(\d*|\*)$")
_CODE = re.compile(r"^([^#\s]*)#([^\s\"]+)")


def main(folder: Path) -> None:
    """Read every profile of a resource and write their differentials."""
    aliases = _aliases(folder / "aliases.fsh")
    files = sorted((folder / "profiles").glob("*.fsh"))
    heads = {name: told for name, told in (_head(path) for path in files) if told.get("Parent")}
    lists = {path.stem: _codes(path.read_text("utf-8"), aliases) for path in (folder / "valuesets").glob("*.fsh")}
    urls = {name: BASE + told["Id"] for name, told in heads.items()} | aliases
    types = json.loads(R4.read_text("utf-8"))["resources"]
    profiles = []
    for path in files:
        _, told = _head(path)
        if told.get("Parent") in types:
            elements = _elements(_rules(path.read_text("utf-8")), told["Parent"], urls, lists)
            profiles.append(
                {
                    "resourceType": "StructureDefinition",
                    "url": BASE + told["Id"],
                    "type": told["Parent"],
                    "differential": {"element": elements},
                }
            )
    OUT.write_text(json.dumps(profiles, separators=(",", ":"), sort_keys=True) + "\n", "utf-8")
    print(f"{len(profiles)} profiles, {sum(len(p['differential']['element']) for p in profiles)} elements")  # type: ignore[index,misc]


def _aliases(path: Path) -> dict[str, str]:
    found = re.findall(r"^Alias:\s*(\S+)\s*=\s*(\S+)", path.read_text("utf-8"), re.MULTILINE)
    return dict(found)


def _head(path: Path) -> tuple[str, dict[str, str]]:
    text = path.read_text("utf-8")
    told = dict(re.findall(r"^(Parent|Id):\s*(\S+)", text, re.MULTILINE))
    name = re.search(r"^Profile:\s*(\S+)", text, re.MULTILINE)
    return (name[1] if name else path.stem), told


def _rules(text: str) -> list[str]:
    """Return the rules of a file, each on one line, without what is in three quotation marks."""
    text = re.sub(r'"""[\s\S]*?"""', '""', text)
    joined: list[str] = []
    for line in text.splitlines():
        if line.startswith("* "):
            joined.append(line[2:].strip())
        elif joined and line.startswith((" ", "\t")) and line.strip():
            joined[-1] += " " + line.strip()
    return joined


def _codes(text: str, aliases: dict[str, str]) -> list[str]:
    """Return the codes of a value set that lists them, or that takes a system of R4's whole but for some."""
    codes, known = [], json.loads(R4.read_text("utf-8"))["codes"]
    for rule in _rules(text):
        listed, whole = _CODE.match(rule), re.match(r"(in|ex)clude codes from system (\S+)(.*)", rule)
        if whole:
            system = aliases.get(whole[2], whole[2]).rpartition("/")[2]
            out = set(re.findall(r"#([a-z-]+)", whole[3]))
            found = known.get(f"http://hl7.org/fhir/ValueSet/{system}", [])
            codes = [c for c in codes if c not in out] if whole[1] == "ex" else codes + found
        elif listed and not rule.startswith("^"):
            codes.append(listed[2])
    return codes


def _elements(rules: list[str], root: str, urls: dict[str, str], lists: dict[str, list[str]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for rule in rules:
        words = rule.split()
        path, rest = (root, words) if words[0] in ("obeys",) or words[0].startswith("^") else (words[0], words[1:])
        if path == "contains" or not rest:
            continue
        id_ = _id(root, path)
        facts = _facts(rest, urls, lists, id_)
        for where, fact in facts.items():
            if fact:
                found.setdefault(where, {"id": where}).update(fact)
    _slicing(rules, root, found)
    return list(found.values())


def _id(root: str, path: str) -> str:
    if path in (root, "."):
        return root
    return root + "." + re.sub(r"\[(?!x\])([^\]]+)\]", r":\1", path)


def _facts(rest: list[str], urls: dict[str, str], lists: dict[str, list[str]], id_: str) -> dict[str, dict[str, Any]]:
    """Return what one rule says, by element id."""
    verb, text = rest[0], " ".join(rest)
    if verb.startswith("^min"):
        return {id_: {"min": int(rest[-1])}}
    if card := _CARD.match(verb):
        return {id_: _cardinality(card)}
    if verb == "only":
        return {id_: {"type": _types(text.removeprefix("only "), urls)}}
    if verb == "from" and "(required)" in rest:
        return {id_: {"codes": lists.get(rest[1], [])}}
    if verb == "=":
        return {id_: _pattern(text.removeprefix("= "), urls)}
    if verb == "obeys":
        return {id_: {"constraint": [word for word in rest[1:] if word != "and"]}}
    if verb == "contains" and not id_.endswith("extension"):
        return {f"{id_}:{name}": _cardinality(card) for name, card in _slices(rest[1:])}
    return {}


def _cardinality(card: re.Match[str]) -> dict[str, Any]:
    return ({"min": int(card[1])} if card[1] else {}) | ({"max": card[2]} if card[2] else {})


def _slices(words: list[str]) -> list[tuple[str, re.Match[str]]]:
    found = []
    for name, text in pairwise(words):
        card = _CARD.match(text)
        if card:
            found.append((name, card))
    return found


def _types(text: str, urls: dict[str, str]) -> list[dict[str, Any]]:
    """Read `A or Reference(B or C)`. Profiles of data types say nothing more than their type, and become it."""
    found: list[dict[str, Any]] = []
    for reference in re.findall(r"Reference\(([^)]*)\)", text):
        named = [name.strip() for name in reference.split(" or ")]
        found.append({"code": "Reference", "targetProfile": [_url(name, urls) for name in named]})
    plain = re.sub(r"Reference\([^)]*\)", "", text)
    for name in (part.strip() for part in re.split(r"\bor\b", plain)):
        if name in ("CodeableConceptIPS", "CodingIPS"):
            found.append({"code": name.removesuffix("IPS")})
        elif name:
            url = urls.get(name)
            found.append({"profile": [url]} if url else {"code": name})
    return found


def _url(name: str, urls: dict[str, str]) -> str:
    return urls.get(name, f"http://hl7.org/fhir/StructureDefinition/{name}")


def _pattern(text: str, urls: dict[str, str]) -> dict[str, Any]:
    if code := _CODE.match(text):
        system = urls.get(code[1], code[1])
        return {"pattern": {"system": system, "code": code[2]} if system else code[2]}
    return {"pattern": {"true": True, "false": False}.get(text.split(maxsplit=1)[0], text)}


def _slicing(rules: list[str], root: str, found: dict[str, dict[str, Any]]) -> None:
    """Gather the discriminators of each sliced element."""
    told: dict[str, list[list[str]]] = {}
    for rule in rules:
        match = re.match(r"(\S+) \^slicing\.discriminator(?:\[[^\]]*\])?\.(type|path) = #?\"?([^\"\s]+)", rule)
        if match:
            pairs = told.setdefault(_id(root, match[1]), [])
            if match[2] == "type":
                pairs.append([match[3], "$this"])
            else:
                pairs[-1][1] = match[3]
    for id_, pairs in told.items():
        slicing = [{"type": kind, "path": path} for kind, path in pairs]
        found.setdefault(id_, {"id": id_})["slicing"] = {"discriminator": slicing, "rules": "open"}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
