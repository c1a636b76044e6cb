"""One invented view model for every state of the pages of exposure slips."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from web_samples import NOW, RESIDENT
from web_samples_command import EPIDEMIOLOGIST

from salus.web import views as v
from salus.web.views import exposures as e

DUE = e.TestDue(
    clause=v.Words(en="You were near a case. Please have a test.", zh="您曾接近一例病例。请做检测。"),
    disease="covid-19",
    starts=NOW,
    ends=NOW + timedelta(hours=48),
    proved_at=NOW + timedelta(hours=2),
    rules="covid-19 1",
)

SAMPLES: dict[str, tuple[v.View, v.Person | None]] = {
    "exposure": (e.ReadExposure(), None),
    "exposure due": (e.ReadExposure(due=(DUE,), given=('{"slip":{}}', '{"slip":[]}')), RESIDENT),
    "exposure due twice": (
        e.ReadExposure(due=(DUE, replace(DUE, disease="measles", rules="measles 2")), over=(e.NOT_PROVED,)),
        None,
    ),
    "exposure refused": (e.ReadExposure(refused="FILE: this is no such file"), None),
    **{f"exposure over {word}": (e.ReadExposure(over=(text,)), None) for word, text in e.OVER.items()},
    "exposure not proved": (e.ReadExposure(over=(e.NOT_PROVED,)), None),
    "exposures": (e.ExposureDesk(), EPIDEMIOLOGIST),
    "exposures taken": (e.ExposureDesk(taken=14, again=1), EPIDEMIOLOGIST),
    "exposures ended": (e.ExposureDesk(ended=True), EPIDEMIOLOGIST),
    "exposures refused": (e.ExposureDesk(refused="CONTACT-CAP: beyond 15 of one case"), EPIDEMIOLOGIST),
}
