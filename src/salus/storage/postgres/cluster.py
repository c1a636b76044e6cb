"""One private PostgreSQL cluster: its folders, its user, its start, its stop, its recovery after a kill.

Refuses to run as root, to listen on a network, to trust a local user, and to share a folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from salus.storage.errors import FolderRefused, NoPostgres, StoreDown
from salus.storage.postgres.binaries import Binaries, find

SUPERUSER = "salus_root"
START_SECONDS = 180.0
OUTSIDE = Path("/var/lib/salus")
_SOCKET_PATH_LIMIT = 80
_STATE_AT, _SHUT_DOWN = 16, 1
"""Where pg_control, unchanged from 15 to 18, says in what state the cluster is, and the word for shut down."""
_RESTORE = "save the original with `salus backup` and restore that"
_CONFIGURATION = """
listen_addresses = ''
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
fsync = on
synchronous_commit = on
full_page_writes = on
max_connections = 120
shared_buffers = 256MB
max_wal_size = 2GB
jit = off
autovacuum_naptime = 20s
# A statement may carry a sealed value or a digest: nothing of it belongs in a log file.
log_statement = 'none'
log_min_error_statement = 'panic'
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_error_verbosity = 'terse'
log_checkpoints = off
timezone = 'UTC'
lc_messages = 'C'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The unprivileged user that PostgreSQL runs as."""

    name: str
    uid: int
    gid: int


class Cluster:
    """The cluster of one data folder. Safe to build in many processes: a lock decides who starts it."""

    def __init__(self, data: Path, wanted: str = "auto") -> None:
        self._data = data.resolve()
        self._wanted = wanted
        self._child: subprocess.Popen[bytes] | None = None
        self.owner = _owner()
        # Started as root, PostgreSQL's user must pass through; what lies in the folder stays private file by file.
        self._data.mkdir(parents=True, exist_ok=True, mode=0o711 if self.owner else 0o700)
        self._users = _open_lock(self._data / "postgres.users.lock")
        with self._starting():
            self.root = self._place()

    @property
    def socket_folder(self) -> Path:
        """The 0700 folder with the socket; outside the data folder when that path is too long for a socket."""
        inside = self.root / "run"
        if len(str(inside)) <= _SOCKET_PATH_LIMIT:
            return inside
        name = hashlib.sha256(str(self.root).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"salus-{name}"

    @property
    def password(self) -> str:
        """The bootstrap superuser's password, readable by the node's own user only."""
        return (self._data / "postgres.password").read_text("ascii").strip()

    @property
    def pgdata(self) -> Path:
        return self.root / "data"

    def use(self) -> None:
        """Start the cluster unless it runs, and count this process among its users until `release`."""
        with self._starting():
            fcntl.flock(self._users, fcntl.LOCK_SH)
            if not (self.pgdata / "PG_VERSION").exists():
                self._initialise()
            self._run()

    def ensure(self) -> None:
        """Bring the server back if it died. Cheap when it runs."""
        with self._starting():
            self._run()

    def release(self) -> None:
        """Stop counting this process; the last user stops the server."""
        with self._starting():
            fcntl.flock(self._users, fcntl.LOCK_UN)
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            self._stop()
            fcntl.flock(self._users, fcntl.LOCK_UN)

    def running(self) -> bool:
        """Tell whether a server that answers owns the folder."""
        lines = self._pid_file()
        return len(lines) >= 8 and lines[7].strip() == "ready" and self.postmaster() is not None

    def postmaster(self) -> int | None:
        """Return the server's process id, if one runs."""
        pid = _number(self._pid_file(), 0, 0)
        return pid if pid is not None and _alive(pid) and _names(pid, self.pgdata) else None

    @contextlib.contextmanager
    def _starting(self) -> Iterator[None]:
        lock = _open_lock(self._data / "postgres.start.lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _place(self) -> Path:
        """Return where the cluster lies, chosen once: in the data folder, if its user can reach it there.

        The note of it may have come along with a copy of the folder, and then names the original's.
        """
        note, inside = self._data / "postgres.place", self._data / "postgres"
        noted = Path(note.read_text("utf-8").strip()) if note.exists() else None
        if noted == inside:
            return inside
        if (inside / "data" / "PG_VERSION").exists():
            if noted:
                _check_copy(inside, noted, self.owner)
            _write(note, str(inside))
            return inside
        if noted:
            _claim(noted, self._data)
            return noted
        root = inside
        if self.owner and not _reachable(self._data, self.owner):
            name = hashlib.sha256(f"{self._data}{secrets.token_hex(8)}".encode()).hexdigest()[:16]
            root = OUTSIDE / name
        for folder in (root, root / "run"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self.owner:
                os.chown(folder, self.owner.uid, self.owner.gid)
        if root != inside:
            _claim(root, self._data)
        _write(note, str(root))
        return root

    def _binaries(self) -> Binaries:
        made_by = self.pgdata / "PG_VERSION"
        major = int(made_by.read_text("ascii")) if made_by.exists() else None
        found = find(self._wanted, major)
        if self.owner and not _reachable(found.folder, self.owner):
            return self._copied(found)
        return found

    def _copied(self, found: Binaries) -> Binaries:
        """Copy binaries that the unprivileged user cannot reach to where it can. One copy serves all folders."""
        name = hashlib.sha256(str(found.folder).encode()).hexdigest()[:12]
        home = OUTSIDE / "binaries" / f"postgresql-{found.major}-{name}"
        if not home.exists():
            home.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
            partial = Path(tempfile.mkdtemp(dir=home.parent))
            shutil.copytree(found.folder.parent, partial / "install", symlinks=True)
            partial.chmod(0o755)
            with contextlib.suppress(OSError):  # another process was first: its copy is as good
                (partial / "install").rename(home)
            shutil.rmtree(partial, ignore_errors=True)
        return Binaries(folder=home / found.folder.name, major=found.major, source=found.source)

    def _initialise(self) -> None:
        _write(self._data / "postgres.password", secrets.token_urlsafe(32))
        if self.pgdata.exists():
            shutil.rmtree(self.pgdata)  # an initdb that was killed: it never held anything
        fresh = self.root / "data.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        binaries = self._binaries()
        secret = self.root / "initial.password"
        _write(secret, self.password)
        if self.owner:
            os.chown(secret, self.owner.uid, self.owner.gid)
        command = [binaries.path("initdb"), "-D", str(fresh), "--username", SUPERUSER, f"--pwfile={secret}"]
        command += ["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--data-checksums", "--no-instructions"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, **self._identity())
        secret.unlink()
        if done.returncode != 0:
            raise NoPostgres(f"initdb failed: {done.stderr.decode(errors='replace')[-400:].strip()}")
        with (fresh / "postgresql.conf").open("a", encoding="ascii") as conf:
            conf.write(_CONFIGURATION)
        fresh.rename(self.pgdata)

    def _run(self) -> None:
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        if self.running():
            return
        self._await_the_dead()
        if self.running():
            return
        sockets = self.socket_folder
        _private(sockets, self.owner)
        command = [self._binaries().path("postgres"), "-D", str(self.pgdata), "-k", str(sockets)]
        log = os.open(self.root / "server.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **self._identity()
            )
        finally:
            os.close(log)
        self._await_ready(self._child)

    def _await_ready(self, child: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.running():
                return
            if child.poll() is not None:
                raise StoreDown(f"PostgreSQL stopped at its start: {self._last_words()}")
            time.sleep(0.01)
        raise StoreDown(f"PostgreSQL was not ready in {START_SECONDS:.0f} s: {self._last_words()}")

    def _await_the_dead(self) -> None:
        """Wait for what a killed server left behind, then clear its lock file.

        The file keeps a second server from live shared memory, so it goes by PostgreSQL's own measure: once its
        process is gone and nobody is attached to its segment. PostgreSQL itself would also stop at a zombie, and at a
        stranger who was given the dead server's number.
        """
        deadline = time.monotonic() + START_SECONDS
        while self.postmaster() is not None or _attached(_number(self._pid_file(), 6, 1)):
            if self.running():
                return
            if time.monotonic() > deadline:
                raise FolderRefused("another PostgreSQL still owns this data folder; stop it first")
            time.sleep(0.01)
        if Path("/proc/self").exists():
            (self.pgdata / "postmaster.pid").unlink(missing_ok=True)

    def _stop(self) -> None:
        pid = self.postmaster()
        if pid is None:
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and _alive(pid):
            if self._child is not None:
                self._child.poll()
            time.sleep(0.01)
        if not self.socket_folder.is_relative_to(self.root):
            with contextlib.suppress(OSError):  # it goes once it is empty
                self.socket_folder.rmdir()

    def _pid_file(self) -> list[str]:
        try:
            return (self.pgdata / "postmaster.pid").read_text("utf-8").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _last_words(self) -> str:
        try:
            return (self.root / "server.log").read_text("utf-8", errors="replace")[-300:].strip()
        except FileNotFoundError:
            return "it left no log"

    def _identity(self) -> dict[str, Any]:
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C", "TZ": "UTC"}
        if not self.owner:
            return {"env": environment, "cwd": self.root}
        return {
            "env": environment,
            "cwd": "/",
            "user": self.owner.uid,
            "group": self.owner.gid,
            "extra_groups": [],
            "umask": 0o077,
        }


def _check_copy(root: Path, noted: Path, owner: Owner | None) -> None:
    """Refuse a cluster that came from elsewhere unless it was shut down before: what was copied while it ran is torn.

    PostgreSQL would take a torn copy for its own after a crash, and might lose or mix rows without a word.
    """
    control = (root / "data" / "global" / "pg_control").read_bytes()
    state = int.from_bytes(control[_STATE_AT : _STATE_AT + 4], sys.byteorder)
    if state != _SHUT_DOWN or (root / "data" / "postmaster.pid").exists():
        raise FolderRefused(
            f"{root.parent} came from {noted.parent} while its database ran, or after it was killed; stop it there and"
            " copy or move it again, or open it once under its old path if the folder has two, or use `salus backup`"
            " and `salus restore`, which need no stop"
        )
    if owner and ((root / "data").stat().st_uid != owner.uid or not _reachable(root.parent, owner)):
        raise FolderRefused(
            f"{root.parent} was copied to where PostgreSQL's user {owner.name} does not own or does not reach it;"
            " copy it with `cp -a` into a folder that this user may pass through"
        )


def _claim(root: Path, data: Path) -> None:
    """Note in a cluster outside of its data folder whose it is. Raises FolderRefused for a copy of that folder.

    A folder is the same one under its path or, where it was renamed, under its number; whoever opens it notes both.
    """
    if not root.is_dir():
        raise FolderRefused(f"{data} was copied or moved without its database, which lay at {root}; {_RESTORE}")
    told = data.stat()
    mine = [str(data), f"{told.st_dev} {told.st_ino}"]
    note, lock = root / "folder", _open_lock(root / "folder.lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        noted = note.read_text("utf-8").splitlines() if note.exists() else mine
        if not set(noted) & set(mine) and Path(noted[0]).exists():
            raise FolderRefused(f"{data} is a copy of {noted[0]} without its database, at {root}; {_RESTORE}")
        if noted != mine or not note.exists():
            _write(note, "\n".join(mine))
    finally:
        os.close(lock)


def _owner() -> Owner | None:
    """Return whom to become when started as root, else None: PostgreSQL runs as the user who runs Salus."""
    if os.geteuid() != 0:
        return None
    for name in ("salus", "postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Owner(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise NoPostgres("PostgreSQL must not run as root, and this machine has no user salus, postgres or nobody")


def _reachable(folder: Path, owner: Owner) -> bool:
    asked = subprocess.run(
        ["/usr/bin/test", "-x", str(folder)], user=owner.uid, group=owner.gid, extra_groups=[], cwd="/", check=False
    )
    return asked.returncode == 0


def _private(folder: Path, owner: Owner | None) -> None:
    """Make a 0700 folder of the server's user, or refuse one that somebody else put there."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if owner:
        os.chown(folder, owner.uid, owner.gid, follow_symlinks=False)
    found = folder.lstat()
    expected = owner.uid if owner else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != expected:
        raise FolderRefused(f"{folder} belongs to somebody else; remove it and start again")
    folder.chmod(0o700)


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _write(path: Path, text: str) -> None:
    """Write a small private file whole or not at all."""
    partial = path.with_name(path.name + ".new")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)


def _number(lines: list[str], line: int, word: int) -> int | None:
    """Read one number of a postmaster.pid, which may still be short."""
    words = lines[line].split() if len(lines) > line else []
    return int(words[word]) if len(words) > word and words[word].isdecimal() else None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return not Path("/proc/self").exists()


def _names(pid: int, pgdata: Path) -> bool:
    """Tell whether a process was started for this folder; where /proc does not tell, its number must do."""
    try:
        return os.fsencode(pgdata) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return not Path("/proc/self").exists()


def _attached(segment: int | None) -> bool:
    """Tell whether a process uses a System V segment (Linux; elsewhere PostgreSQL asks by itself when it starts)."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/sysvipc/shm").read_text("ascii").splitlines()[1:]:
            words = line.split()
            if int(words[1]) == segment:
                return int(words[6]) > 0
    return False
