"""The commands: every one loads, and those that work without a node load nothing of one."""

from __future__ import annotations

import base64
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from test_documents import commands

from salus.cli import main
from salus.cli.signing import key_of, signing_key

GROUPS = {
    name: found
    for name in ("", "code", "index", "ledger")
    if isinstance(found := main.get_command(click.Context(main), name) if name else main, click.Group)
}
WITHOUT_A_NODE = ("code verify", "code freshen", "code recognition", "code explain", "publication", "slip", "witness")
WITHOUT_JOURNEYS = ("ledger verify", "ledger appeals", "ledger prove", "keys sign", "disclosure sign", "roles")
WITHOUT_PAGES = ("token", "import", "facility add", "ledger verify", "backup")


@pytest.mark.parametrize("name", [name for name, _ in commands(main, "main")])
def test_every_command_says_what_it_does(name: str) -> None:
    told = CliRunner().invoke(main, [*name.split()[1:], "--help"])

    assert told.exit_code == 0
    assert f"Usage: {name}" in told.output


def test_a_command_that_there_is_not_is_refused_by_its_name() -> None:
    told = CliRunner().invoke(main, ["measure"])

    assert told.exit_code == 2
    assert "measure" in told.output


@pytest.mark.parametrize("name", GROUPS)
def test_a_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    group, context = GROUPS[name], click.Context(GROUPS[name])
    listed, loaded = click.HelpFormatter(width=78), click.HelpFormatter(width=78)
    group.format_commands(context, listed)
    click.Group.format_commands(group, context, loaded)

    assert listed.getvalue() == loaded.getvalue()
    assert listed.getvalue().count("\n  ") == len(group.list_commands(context))


def test_a_list_of_commands_loads_none() -> None:
    assert loaded_by("") <= {"cli", "kernel"}


@pytest.mark.parametrize("command", WITHOUT_JOURNEYS)
def test_what_reads_files_loads_no_journey(command: str) -> None:
    assert not loaded_by(command) & {"app", "web", "records", "healthcode"}


def test_only_a_server_loads_what_passkeys_are_checked_with_and_before_it_answers() -> None:
    script = (
        "import sys, salus.web.serve as serve\n"
        "before = 'webauthn' in sys.modules\n"
        "serve._settle()\n"
        "print(before, 'webauthn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "True"]


def test_a_loaded_command_is_left_out_of_collections_and_they_go_on() -> None:
    script = (
        "import gc\nfrom salus.cli import main\n"
        "main(['roles', '--help'], standalone_mode=False)\n"
        "print(gc.isenabled(), gc.get_freeze_count() > 10_000)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "True True"


def test_linking_ends_without_a_word_of_what_was_never_collected() -> None:
    command = [sys.executable, "-c", "from salus.cli import main; main()", "link", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stderr == ""


def test_a_file_that_cannot_be_used_is_refused_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    told = CliRunner().invoke(main, ["serve", "--data", str(tmp_path / "file" / "data")])

    assert told.exit_code == 1
    assert told.stderr.startswith(f"SALUS-Z022 {tmp_path / 'file' / 'data'}: ")
    assert len(told.stderr.splitlines()) == 1


def test_a_signers_key_is_made_once_and_signs(tmp_path: Path) -> None:
    file = tmp_path / "my-key.json"

    told = CliRunner().invoke(main, ["party", "key", str(file)])
    again = CliRunner().invoke(main, ["party", "key", str(file)])

    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(told.stdout))
    public.verify(signing_key(file).sign(b"a document"), b"a document")
    assert file.stat().st_mode & 0o777 == 0o600
    assert again.exit_code == 1
    assert again.stderr.startswith("SALUS-A092")


def test_a_court_opens_what_is_sealed_to_the_key_that_it_made(tmp_path: Path) -> None:
    file = tmp_path / "court.json"

    told = CliRunner().invoke(main, ["party", "key", str(file), "--court"])

    public = X25519PrivateKey.from_private_bytes(key_of(file)).public_key()
    assert base64.b64decode(told.stdout) == public.public_bytes_raw()


def test_a_key_that_is_none_is_refused_before_a_node_is_opened(tmp_path: Path) -> None:
    told = CliRunner().invoke(
        main,
        ["party", "add", "S1", "--organisation", "o", "--duty", "signer", "--key", "none", "--data", str(tmp_path)],
    )

    assert told.exit_code == 1
    assert told.stderr == "SALUS-Z012 a key has 32 octets, written in base64\n"


@pytest.mark.parametrize("command", ["demo", "serve --demo"])
def test_a_port_that_is_taken_is_told_before_a_node_is_made(tmp_path: Path, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])

        told = CliRunner().invoke(main, [*command.split(), "--data", str(tmp_path / "data"), "--port", port])

    assert told.exit_code == 1
    assert told.stderr.startswith(f"SALUS-A003 cannot listen on 127.0.0.1 port {port}")
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["serve.lock"]


@pytest.mark.parametrize("command", WITHOUT_A_NODE)
def test_what_works_without_a_node_loads_no_node(command: str) -> None:
    assert not loaded_by(command) & {"app", "web", "storage", "records", "identity", "parties"}


@pytest.mark.parametrize("command", WITHOUT_PAGES)
def test_what_serves_no_pages_loads_none(command: str) -> None:
    assert "web" not in loaded_by(command)


def loaded_by(command: str) -> set[str]:
    """Return the rooms that a process has loaded when a command has said what it does."""
    script = (
        "import sys\nfrom salus.cli import main\n"
        f"main([*{command.split()!r}, '--help'], standalone_mode=False)\n"
        "print(sorted({name.split('.')[1] for name in sys.modules if name.startswith('salus.')}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.strip("[]\n").replace("'", "").split(", "))
    assert "cli" in loaded
    return loaded
