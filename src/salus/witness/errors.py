"""What a witness refuses, each with the HTTP status that C2SP tlog-witness asks for."""

from __future__ import annotations

from salus.kernel import Invalid, Refused, Unsafe


class WitnessRefusal(Invalid):
    """The request does not say what such a request says, or contradicts itself."""

    code = "SALUS-N001"
    status = 400


class NotSigned(WitnessRefusal):
    """The log that this witness knows did not sign the checkpoint."""

    code = "SALUS-N002"
    status = 403


class UnknownLog(WitnessRefusal):
    """This witness does not watch a log of this name."""

    code = "SALUS-N003"
    status = 404


class AnotherSize(WitnessRefusal):
    """The witness cosigned another size last; `size` is the one."""

    code = "SALUS-N004"
    status = 409

    def __init__(self, size: int) -> None:
        super().__init__(f"the head that this witness cosigned last has the size {size}")
        self.size = size


class NotGrown(WitnessRefusal):
    """The checkpoint does not extend the one that this witness cosigned last."""

    code = "SALUS-N005"
    status = 422


class FolderHeld(Refused):
    """Another process is this witness already, or the folder belongs to another one."""

    code = "SALUS-N006"


class Forgotten(Unsafe):
    """What this witness signed last is lost or damaged. It signs nothing more: it could contradict itself."""

    code = "SALUS-N007"
