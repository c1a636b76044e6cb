"""One witness of the suite in a process of its own: the platform's, perhaps without a control. Loads no node."""

from __future__ import annotations

import os
import runpy

from salus_abuse.controls import take_away

WITHOUT = "ABUSE_WITHOUT"
"""Tells such a process which controls are taken away; read by this package alone."""

if __name__ == "__main__":
    take_away([name for name in os.environ.get(WITHOUT, "").split(",") if name])
    runpy.run_module("salus.witness", run_name="__main__")
