"""What a hospital's engineer is handed: identifiers, where keys go, and a first request that works as it is pasted."""

from __future__ import annotations

import json
from collections.abc import Mapping

from salus.parties.model import Facility, System
from salus.parties.scopes import format_scopes
from salus.parties.tokens.endpoint import ASSERTION_TYPE
from salus.parties.tokens.jwks import algorithms

_SHEET = """\
SALUS: connecting {facility_id}, {name_en} ({name_zh})

  facility id      {facility_id}
  client id        {client_id}
  token endpoint   {token_url}
  FHIR endpoint    {fhir_url}
  scopes           {scopes}
  key id (kid)     {kid}
  algorithm        {alg}

{keys}

1. A client assertion (SMART Backend Services, private_key_jwt). Save as assertion.py; needs
   `pip install joserfc`. Each assertion is good for one request and ends after five minutes at most.

---8<--- assertion.py
import json, time, uuid
from joserfc import jwt
from joserfc.jwk import import_key

key = import_key(json.load(open("{key_file}")))
print(jwt.encode(
    {{"alg": "{alg}", "kid": "{kid}"}},
    {{
        "iss": "{client_id}",
        "sub": "{client_id}",
        "aud": "{token_url}",
        "exp": int(time.time()) + 240,
        "jti": str(uuid.uuid4()),
    }},
    key,
    algorithms=["{alg}"],
))
--->8---

2. A token, good for five minutes, and a first Patient, who is made up. Save as first.py beside it, run
   `python3 first.py`: it prints 201 and the Patient; 200 if it is there already.
   purpose_of_use is TREAT (the default) or HOPERAT.

---8<--- first.py
import json, subprocess, sys
from urllib.parse import urlencode
from urllib.request import Request, urlopen

form = dict(
    grant_type="client_credentials",
    client_assertion_type="{assertion_type}",
    client_assertion=subprocess.check_output([sys.executable, "assertion.py"], text=True).strip(),
    scope="{scopes}",
    purpose_of_use="TREAT",
)
with urlopen("{token_url}", urlencode(form).encode()) as answer:
    token = json.load(answer)["access_token"]
open("salus.token", "w").write(token)
patient = {{
    "resourceType": "Patient",
    "identifier": [{{"system": "urn:salus:facility:{facility_id}:mrn", "value": "1"}}],
    "name": [{{"text": "First Patient"}}],
}}
headers = {{
    "Authorization": "Bearer " + token,
    "Content-Type": "application/fhir+json",
    "If-None-Exist": "identifier=urn:salus:facility:{facility_id}:mrn|1",
}}
with urlopen(Request("{fhir_url}/Patient", json.dumps(patient).encode(), headers)) as answer:
    print(answer.status, answer.read().decode())
--->8---

3. Read it back within five minutes, with the token that first.py left in salus.token. Every read of a resident's record
   is shown to the resident it concerns.

curl -sS -G {fhir_url}/Patient -H "Authorization: Bearer $(cat salus.token)" \\
  --data-urlencode "identifier=urn:salus:facility:{facility_id}:mrn|1"

4. {next}
"""
_TEST = """\
Test the rest of your connection, step by step; each step that fails says what to do:

salus selftest {url} --client {client_id} --key {key_file}"""
_FIRST_A_SANDBOX = """\
Try everything else with a sandbox first: ask the operator for one (salus facility add ID --sandbox …) and run
salus selftest with its client. People whom you send here are taken for real."""
_OWN_KEYS = """\
Your public keys are registered. Keep the private key in {key_file}, readable by your software alone; it is never sent.
For new keys, send the operator a new JWKS (EC P-384 or P-256, RSA from 2048 bits, or Ed25519; each key with a kid)."""
_FRESH_KEY = """\
PRIVATE KEY, shown this once and stored nowhere else. Save it as {key_file}, readable by your software alone.
Whoever has it is your hospital to us; if it is lost or seen, have the operator stop it at once,
salus facility disable {facility_id} {client_id}
and register another JWKS: salus facility keys {facility_id} --jwks FILE

{private}"""


def registration_sheet(
    facility: Facility,
    system: System,
    *,
    token_url: str,
    fhir_url: str,
    private_key: Mapping[str, object] | None = None,
) -> str:
    """Write what `salus facility add` prints for the hospital's engineer.

    `private_key` is the private JWK of a pair made for a hospital that has none; it appears on the sheet and nowhere
    else. Without it the sheet says to use the key whose public part was registered.
    """
    keys = system.jwks["keys"]
    key: Mapping[str, object] = keys[0] if isinstance(keys, list) else {}
    key_file = f"salus-{facility.facility_id}-private.jwk"
    about = _FRESH_KEY if private_key else _OWN_KEYS
    after = _TEST if facility.sandbox else _FIRST_A_SANDBOX
    return _SHEET.format(
        facility_id=facility.facility_id,
        name_en=facility.name_en,
        name_zh=facility.name_zh,
        client_id=system.client_id,
        token_url=token_url,
        fhir_url=fhir_url,
        scopes=format_scopes(system.scopes),
        kid=key.get("kid"),
        alg=algorithms(key)[0],
        key_file=key_file,
        keys=about.format(
            key_file=key_file,
            private=json.dumps(private_key),
            facility_id=facility.facility_id,
            client_id=system.client_id,
        ),
        assertion_type=ASSERTION_TYPE,
        next=after.format(url=fhir_url.removesuffix("/fhir"), client_id=system.client_id, key_file=key_file),
    )
