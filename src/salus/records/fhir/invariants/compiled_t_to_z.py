"""R4's invariants of t to z as Python conditions: `n` is the node, `r` the resource that holds it.

Written by tools/compile_rules.py from HL7's FHIRPath, which stands beside each key in rules.json. Do not edit.
"""

# ruff: noqa
from __future__ import annotations

from salus.records.fhir.invariants.logic import Holds, at_least, at_most, greater, primitives, same, values, within

COMPILED: dict[str, dict[str, Holds]] = {
    "Task": {
        "inv-1": lambda n, r: (
            ((not ("lastModified" in n or "_lastModified" in n)) or (not ("authoredOn" in n or "_authoredOn" in n)))
            or at_least(primitives([n], "lastModified"), primitives([n], "authoredOn")) is True
        ),
    },
    "TerminologyCapabilities": {
        "tcp-2": lambda n, r: (
            greater(
                [
                    len(primitives([n], "description"))
                    + len(values([n], "software"))
                    + len(values([n], "implementation"))
                ],
                [0],
            )
            is True
        ),
        "tcp-3": lambda n, r: same(primitives([n], "kind"), ["instance"]) is False or ("implementation" in n),
        "tcp-4": lambda n, r: (
            same(primitives([n], "kind"), ["capability"]) is False
            or ((not ("implementation" in n)) and ("software" in n))
        ),
        "tcp-5": lambda n, r: (
            same(primitives([n], "kind"), ["requirements"]) is False
            or ((not ("implementation" in n)) and (not ("software" in n)))
        ),
    },
    "TerminologyCapabilities.codeSystem": {
        "tcp-1": lambda n, r: (
            greater([len(values([n], "version"))], [1]) is False
            or all(("code" in n1 or "_code" in n1) for n1 in values([n], "version"))
        ),
    },
    "TestReport.setup.action": {
        "inv-1": lambda n, r: ("operation" in n) != ("assert" in n),
    },
    "TestReport.test.action": {
        "inv-2": lambda n, r: ("operation" in n) != ("assert" in n),
    },
    "TestScript.metadata": {
        "tst-4": lambda n, r: (
            bool(primitives(values([n], "capability"), "required"))
            or bool(primitives(values([n], "capability"), "validated"))
        ),
    },
    "TestScript.setup.action": {
        "tst-1": lambda n, r: ("operation" in n) != ("assert" in n),
    },
    "TestScript.setup.action.assert": {
        "tst-5": lambda n, r: (
            ("extension" in n)
            or at_most(
                [
                    len(primitives([n], "contentType"))
                    + len(primitives([n], "expression"))
                    + len(primitives([n], "headerField"))
                    + len(primitives([n], "minimumId"))
                    + len(primitives([n], "navigationLinks"))
                    + len(primitives([n], "path"))
                    + len(primitives([n], "requestMethod"))
                    + len(primitives([n], "resource"))
                    + len(primitives([n], "responseCode"))
                    + len(primitives([n], "response"))
                    + len(primitives([n], "validateProfileId"))
                ],
                [1],
            )
            is True
        ),
        "tst-10": lambda n, r: (
            (not ("compareToSourceId" in n or "_compareToSourceId" in n))
            != (
                ("compareToSourceExpression" in n or "_compareToSourceExpression" in n)
                or ("compareToSourcePath" in n or "_compareToSourcePath" in n)
            )
        ),
        "tst-12": lambda n, r: (
            (
                (
                    (
                        (not ("response" in n or "_response" in n))
                        and (not ("responseCode" in n or "_responseCode" in n))
                    )
                    and same(primitives([n], "direction"), ["request"]) is True
                )
                or (not ("direction" in n or "_direction" in n))
            )
            or same(primitives([n], "direction"), ["response"]) is True
        ),
    },
    "TestScript.setup.action.operation": {
        "tst-7": lambda n, r: (
            (
                ("sourceId" in n or "_sourceId" in n)
                or same(
                    [len(primitives([n], "targetId")) + len(primitives([n], "url")) + len(primitives([n], "params"))],
                    [1],
                )
                is True
            )
            or within(primitives(values([n], "type"), "code"), {"capabilities", "search", "transaction", "history"})
            is True
        ),
    },
    "TestScript.teardown.action": {
        "tst-9": lambda n, r: all(
            (
                (
                    ("sourceId" in n1 or "_sourceId" in n1)
                    or same(
                        [
                            len(primitives([n1], "targetId"))
                            + len(primitives([n1], "url"))
                            + len(primitives([n1], "params"))
                        ],
                        [1],
                    )
                    is True
                )
                or within(
                    primitives(values([n1], "type"), "code"), {"capabilities", "search", "transaction", "history"}
                )
                is True
            )
            for n1 in values([n], "operation")
        ),
    },
    "TestScript.test.action": {
        "tst-2": lambda n, r: ("operation" in n) != ("assert" in n),
        "tst-8": lambda n, r: all(
            (
                (
                    ("sourceId" in n1 or "_sourceId" in n1)
                    or same(
                        [
                            len(primitives([n1], "targetId"))
                            + len(primitives([n1], "url"))
                            + len(primitives([n1], "params"))
                        ],
                        [1],
                    )
                    is True
                )
                or within(
                    primitives(values([n1], "type"), "code"), {"capabilities", "search", "transaction", "history"}
                )
                is True
            )
            for n1 in values([n], "operation")
        ),
        "tst-6": lambda n, r: all(
            (
                ("extension" in n1)
                or at_most(
                    [
                        len(primitives([n1], "contentType"))
                        + len(primitives([n1], "expression"))
                        + len(primitives([n1], "headerField"))
                        + len(primitives([n1], "minimumId"))
                        + len(primitives([n1], "navigationLinks"))
                        + len(primitives([n1], "path"))
                        + len(primitives([n1], "requestMethod"))
                        + len(primitives([n1], "resource"))
                        + len(primitives([n1], "responseCode"))
                        + len(primitives([n1], "response"))
                        + len(primitives([n1], "validateProfileId"))
                    ],
                    [1],
                )
                is True
            )
            for n1 in values([n], "assert")
        ),
        "tst-11": lambda n, r: all(
            (
                (not ("compareToSourceId" in n1 or "_compareToSourceId" in n1))
                != (
                    ("compareToSourceExpression" in n1 or "_compareToSourceExpression" in n1)
                    or ("compareToSourcePath" in n1 or "_compareToSourcePath" in n1)
                )
            )
            for n1 in values([n], "assert")
        ),
        "tst-13": lambda n, r: all(
            (
                (
                    (
                        (
                            (not ("response" in n1 or "_response" in n1))
                            and (not ("responseCode" in n1 or "_responseCode" in n1))
                        )
                        and same(primitives([n1], "direction"), ["request"]) is True
                    )
                    or (not ("direction" in n1 or "_direction" in n1))
                )
                or same(primitives([n1], "direction"), ["response"]) is True
            )
            for n1 in values([n], "assert")
        ),
    },
    "TestScript.variable": {
        "tst-3": lambda n, r: (
            ((not ("expression" in n or "_expression" in n)) or (not ("headerField" in n or "_headerField" in n)))
            or (not ("path" in n or "_path" in n))
        ),
    },
    "ValueSet.compose.include": {
        "vsd-1": lambda n, r: ("valueSet" in n or "_valueSet" in n) or ("system" in n or "_system" in n),
        "vsd-2": lambda n, r: ((not ("concept" in n)) and (not ("filter" in n))) or ("system" in n or "_system" in n),
        "vsd-3": lambda n, r: (not ("concept" in n)) or (not ("filter" in n)),
    },
    "ValueSet.expansion.contains": {
        "vsd-6": lambda n, r: ("code" in n or "_code" in n) or ("display" in n or "_display" in n),
        "vsd-9": lambda n, r: ("code" in n or "_code" in n) or same(primitives([n], "abstract"), [True]) is True,
        "vsd-10": lambda n, r: (not ("code" in n or "_code" in n)) or ("system" in n or "_system" in n),
    },
    "VisionPrescription.lensSpecification": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "duration")),
    },
}
