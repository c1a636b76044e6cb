"""Say which roles there are. Apart from `nodes`, since it needs none."""

from __future__ import annotations

import click

from salus.cli.output import ending, json_option, say, tell
from salus.kernel import Purpose
from salus.parties import ROLE_PURPOSES


@click.command()
@json_option
@ending
def roles(as_json: bool) -> None:
    """List the roles and the purposes of use that each may name."""
    if as_json:
        listed = [{"role": r.value, "purposes": [p.value for p in ps]} for r, ps in ROLE_PURPOSES.items()]
        tell({"roles": listed, "purposes": [p.value for p in Purpose]})
        return
    for role, purposes in ROLE_PURPOSES.items():
        say(f"{role.value:16} {' '.join(p.value for p in purposes) or '-'}")
