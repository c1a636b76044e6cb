"""What is refused of exposures that somebody hands over."""

from __future__ import annotations

from salus.kernel import Invalid


class SlipRefused(Invalid):
    """Exposures that no honest pair of investigators would hand over; the text begins with the stable word for why."""

    code = "SALUS-H060"
    status = 400

    def __init__(self, fault: str, text: str) -> None:
        super().__init__(f"{fault}: {text}", where="exposures")
        self.fault = fault
