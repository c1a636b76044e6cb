"""Henan, June 2022, told again on a node: what was done then is tried, and what else they might have tried.

Figures are those of the notice of the Zhengzhou discipline commission of 22 June 2022 and of the press.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from salus.app import import_files
from salus.cli.actors import commit_specimen, new_subject, sign_result
from salus.kernel import Role
from salus.rules import Result
from salus_abuse.attacks.setting import DEPOSITORS, GUESSES, a_flag, tries
from salus_abuse.forging import fakes, plant
from salus_abuse.scene import DISEASE, HOUR, Person, Scene, a_patient, a_scene, codes
from salus_abuse.wallet import PublicLog

Say = Callable[[str], None]
IN_TOWN, ELSEWHERE = 446, 871
"""Who had scanned a code in Zhengzhou, and who was never there and scanned one that somebody sent."""
SHOWN = 12


def henan(say: Say) -> bool:
    """Tell it line by line; return whether everything failed as it has to."""
    with tempfile.TemporaryDirectory(prefix="salus-henan-", ignore_cleanup_errors=True) as folder:
        say("In April 2022 rural banks in Henan froze their customers' savings. Depositors meant to come to Zhengzhou")
        say("and ask for them. In June the health codes of 1,317 of them turned red. Here is the same month on Salus.")
        say("")
        with a_scene(Path(folder)) as scene:
            told = _Telling(scene, say, [scene.person("H1") for _ in range(SHOWN)])
            for chapter in (
                told.scans,
                told.list_,
                told.clerk,
                told.laboratory,
                told.operator,
                told.hotline,
                told.switch,
                told.sick,
            ):
                chapter()
            told.ending()
            return told.failed


class _Telling:
    """The story while it is told. `failed` stays true as long as every try does."""

    def __init__(self, scene: Scene, say: Say, depositors: list[Person]) -> None:
        self.scene, self.say, self.depositors = scene, say, depositors
        self.failed, self.tried = True, 0

    def so(self, holds: bool, text: str) -> None:
        """Say what became of a try; one that did not fail spoils the story."""
        self.failed = self.failed and holds
        self.say(f"    {text}" if holds else f"    THIS DID NOT FAIL: {text}")

    def all_free(self) -> bool:
        """Whether every depositor at a browser is asked for nothing."""
        return all(one.free for one in self.depositors)

    def scans(self) -> None:
        s = self.scene
        self.say(
            "13 June. 446 scan a venue's code in Zhengzhou; 871 were never there and scan one that was sent to them."
        )
        refused = 0
        for path in ("/scans", "/venues/zhengzhou/check-ins", "/health-code/scan"):
            body = {"resident": self.depositors[0].number, "venue": "zhengzhou"}
            refused += s.ask("POST", path, body, s.system("H1")).status_code in (403, 404, 405)
        self.so(refused == 3, "no address takes a scan. Neither the 446 nor the 871 leave anything that could be used.")

    def list_(self) -> None:
        s, before = self.scene, tries(self.scene, "sent as a record")
        self.say("Two officials decide, and a list of 1,317 goes to those who run the code: turn these red.")
        refused = 0
        for start in range(0, DEPOSITORS, 100):
            many = range(start, min(start + 100, DEPOSITORS))
            entries = [
                {"request": {"method": "POST", "url": "Flag"}, "resource": a_flag(self._who(n).patient)} for n in many
            ]
            bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
            answer = s.ask("POST", "/fhir", bundle, s.token(Role.HOSPITAL_SYSTEM, "H1")).json()
            refused += sum(one["response"]["status"].startswith("422") for one in answer["entry"])
        self.tried += refused
        counted = tries(s, "sent as a record") - before
        self.so(refused == DEPOSITORS, f"1,317 tries: {refused:,} are refused. No action sets a code, for any role.")
        self.so(counted == DEPOSITORS, f"the public page counts {counted:,} of them the same hour, and names nobody.")

    def _who(self, number: int) -> Person:
        return self.depositors[number % len(self.depositors)]

    def clerk(self) -> None:
        s = self.scene
        self.say("A clerk of the operating company tries every address that such a system might have.")
        refused = 0
        for method, path in GUESSES:
            body = {"resident": self.depositors[0].number, "colour": "red"}
            answer = s.ask(method, path.format("1"), body, s.token(Role.OPERATOR))
            refused += answer.status_code in (404, 405, 422)
        self.tried += refused
        self.so(refused == len(GUESSES), f"{refused} addresses, {refused} refusals, each of them counted in public.")

    def laboratory(self) -> None:
        s = self.scene
        self.say("Then let a laboratory say that they are positive.")
        refused = 0
        for _ in range(SHOWN):
            nobodys = commit_specimen(s.site, disease=DISEASE, taken=s.now, subject=new_subject())
            answer = s.send_result(sign_result(s.laboratory, nobodys, Result.POSITIVE, s.now))
            refused += "ACCESSION-MISSING" in answer.text
        self.tried += refused
        self.so(
            refused == SHOWN, "nobody took a specimen from them, so no result can be about them: ACCESSION-MISSING."
        )

    def operator(self) -> None:
        s, before = self.scene, self.scene.audit()
        victim = s.person()
        self.depositors.append(victim)
        self.say("Then let the database say so: rows, keys, and the leaves of the log with them.")
        specimen, found = fakes(s)
        plant(s, victim, specimen, found, keys=True, logged=True)
        s.close()
        self.so(
            victim.free, "the depositor's page still asks for nothing: what rows say is recomputed, and proves nothing."
        )
        told = codes(s.audit() - before)
        self.so(
            told["EVID-MISSING"] > 0,
            f"the auditor reports it at the next checkpoint: EVID-MISSING, {told['EVID-MISSING']}.",
        )

    def hotline(self) -> None:
        self.say("In 2022 the appeal form answered 'no risk at present, no need to apply' while the code was red.")
        self.so(self.all_free(), "here there is one answer, because nothing is stored that could differ from it: none.")

    def switch(self) -> None:
        s, before = self.scene, tries(self.scene, "sent in an import")
        self.say("7 July. The systems are switched, and the old one's reds are imported.")
        lines = [a_patient(self._who(n).number, codeStatus=2) for n in range(SHOWN)]
        file = s.folder / "switch.ndjson"
        file.write_text("\n".join(map(json.dumps, lines)), "utf-8")
        refused = len(import_files(s.node, "H1", [file]).refused)
        self.tried += refused
        counted = tries(s, "sent in an import") - before
        self.so(
            refused == counted == SHOWN,
            f"{refused} lines, {refused} refused and counted: evidence is imported, not what followed.",
        )

    def sick(self) -> None:
        s = self.scene
        self.say("And somebody who is really ill?")
        person, specimen, _ = s.infected()
        told = s.judge(person.file)
        self.so(
            told.fault is None,
            f"is told so by a private notice until {told.ends:%d %B %H:%M}; only they can read it.",
        )
        s.advance(25 * HOUR)
        clean = commit_specimen(s.site, disease=DISEASE, taken=s.now, subject=specimen.body["subject"])
        s.send_specimen(person.patient, clean)
        s.close()
        s.result(clean, Result.NEGATIVE)
        s.settle()
        self.so(person.free, "a negative a day later ends it by itself. Nobody had to agree.")

    def ending(self) -> None:
        self.scene.settle()
        leaves = len(PublicLog(self.scene.log).entries)
        self.say("")
        self.so(self.all_free(), f"{self.tried:,} tries. Depositors turned red: 0.")
        self.say(f"    Witnesses of five organisations cosigned the {leaves:,} leaves, the count of tries among them.")
