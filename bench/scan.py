"""From a camera frame to a verdict, on the real page of a door in headless Chromium, the network cut.

    .venv/bin/python bench/scan.py [--scans 200]

A film of 1280x720 frames, each a code held askew, blurred, in noise, is fed to Chromium's fake camera. The page
is the served one; from outside, only the instants are taken at which it draws a frame and at which a verdict stands.
What the page waits between two looks (120 ms) is no part of it, and is told beside. Peer of the same run, turn by turn:
the way of browsers that hand no frames out, where each is drawn and read back; beside the wall stands the time that
the page's own thread had a processor, from the button to the verdict. Floors: drawing a frame and reading its pixels,
taking a frame, both without a reader; text to verdict on the page; the same frames by zxing-cpp in Python.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path

import zxingcpp
from PIL import Image, ImageFilter
from playwright.sync_api import BrowserContext, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from journeys.browser import executable
from journeys.door import Door, a_door, picture, served

WIDTH, HEIGHT, FRAMES = 1280, 720, 12
WATCH = """(() => {
    const draw = CanvasRenderingContext2D.prototype.drawImage;
    CanvasRenderingContext2D.prototype.drawImage = function (...given) {
        if (given[0] instanceof HTMLVideoElement) window.taken = performance.now();
        return draw.apply(this, given);
    };
    const frame = window.VideoFrame;
    if (frame) {
        window.VideoFrame = new Proxy(frame, {
            construct: (target, given) => {
                if (given[0] instanceof HTMLVideoElement) window.taken = performance.now();
                return new target(...given);
            },
        });
    }
    const seen = () => {
        for (const one of document.querySelectorAll("[data-screen=good], [data-screen=nothing-shown]")) {
            new MutationObserver(() => { if (!one.hidden) window.stands = performance.now(); })
                .observe(one, { attributes: true, attributeFilter: ["hidden"] });
        }
    };
    document.addEventListener("DOMContentLoaded", seen);
})()"""
SCAN = """(drawn) => new Promise((done) => {
    const frame = window.VideoFrame;
    if (drawn) delete window.VideoFrame;
    const venue = document.querySelector("#venue");
    venue.value = "care-home";
    venue.dispatchEvent(new Event("change"));
    window.stands = 0;
    const began = performance.now();
    document.querySelector("[data-part=look]").click();
    const told = () => [window.stands - window.taken, window.stands - began];
    const over = () => {
        if (drawn) window.VideoFrame = frame;
        done(told());
    };
    const wait = () => (window.stands ? over() : setTimeout(wait, 5));
    wait();
})"""
TYPED = """async (text) => {
    const venue = document.querySelector("#venue");
    venue.value = "care-home";
    venue.dispatchEvent(new Event("change"));
    window.stands = 0;
    document.querySelector("#typed").value = text;
    const began = performance.now();
    document.querySelector("[data-part=read]").click();
    while (!window.stands) await new Promise((done) => setTimeout(done, 0));
    return window.stands - began;
}"""
BARE = """async (count) => {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 } } });
    const video = document.createElement("video");
    video.muted = true;
    video.srcObject = stream;
    await video.play();
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const took = [];
    for (let frame = 0; frame < count; frame++) {
        const began = performance.now();
        context.drawImage(video, 0, 0);
        context.getImageData(0, 0, canvas.width, canvas.height);
        took.push(performance.now() - began);
        await new Promise((done) => setTimeout(done, 20));
    }
    for (const track of stream.getTracks()) track.stop();
    return [took, canvas.width, canvas.height];
}"""


TAKEN = """async (count) => {
    if (!window.VideoFrame) return [[], "none"];
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 } } });
    const video = document.createElement("video");
    video.muted = true;
    video.srcObject = stream;
    await video.play();
    const took = [];
    let format = "";
    for (let shot = 0; shot < count; shot++) {
        const began = performance.now();
        const frame = new VideoFrame(video);
        format = String(frame.format);
        await frame.copyTo(new Uint8Array(frame.allocationSize()));
        frame.close();
        took.push(performance.now() - began);
        await new Promise((done) => setTimeout(done, 20));
    }
    for (const track of stream.getTracks()) track.stop();
    return [took, format];
}"""


def frames(text: str) -> list[Image.Image]:
    """Hold a code before a camera: askew, a little out of focus, in noise."""
    chance = random.Random(12)
    code = Image.open(BytesIO(picture(text))).convert("L").resize((380, 380))
    found = []
    for _ in range(FRAMES):
        frame = Image.effect_noise((WIDTH, HEIGHT), 24)
        held = code.rotate(chance.uniform(-12, 12), expand=True, fillcolor=220, resample=Image.Resampling.BICUBIC)
        frame.paste(held, (chance.randint(200, WIDTH - 700), chance.randint(60, HEIGHT - 560)))
        found.append(frame.filter(ImageFilter.GaussianBlur(1.2)))
    return found


def film(shots: list[Image.Image], path: Path) -> Path:
    """Write YUV4MPEG2, 4:2:0, as Chromium's fake camera takes it."""
    grey = b"\x80" * (WIDTH * HEIGHT // 2)
    body = b"".join(b"FRAME\n" + one.tobytes() + grey for one in shots)
    path.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F15:1 Ip A1:1 C420jpeg\n".encode() + body)
    return path


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def line(what: str, took: list[float]) -> None:
    p50, p95, most = statistics.median(took), percentile(took, 0.95), max(took)
    print(f"{what:<48}{len(took):>5}  p50 {p50:>7.1f} ms  p95 {p95:>7.1f} ms  most {most:>7.1f} ms")


def below(folder: Path) -> Path:
    """Make the node's folder two levels down: it and both above are opened to the database's own user."""
    made = folder / "door" / "node"
    made.mkdir(parents=True)
    return made


def ready(context: BrowserContext, door: Door) -> Page:
    door.trust()
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(f"{door.url}/verify?lang=en")
    page.locator("[data-ready=yes]").wait_for()
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    context.set_offline(True)
    return page


def scanned(page: Page) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Scan once in either way: frame to verdict, button to verdict, and the thread's own time, in milliseconds."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def own() -> float:
        told = session.send("Performance.getMetrics")["metrics"]
        return 1000 * float(next(one["value"] for one in told if one["name"] == "ThreadTime"))

    found = []
    for drawn in (False, True):
        before = own()
        frame, whole = page.evaluate(SCAN, drawn)
        found.append((frame, whole, own() - before))
    session.detach()
    return found[0], found[1]


def native(shots: list[Image.Image]) -> list[float]:
    """Read the same frames without a browser."""
    took = []
    for one in shots * 4:
        pixels = memoryview(one.tobytes()).cast("B", shape=[one.height, one.width])
        began = time.perf_counter()
        found = zxingcpp.read_barcodes(pixels, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
        took.append((time.perf_counter() - began) * 1000)
        assert found
        assert found[0].valid
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scans", type=int, default=200)
    scans = parser.parse_args().scans
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs"
    with (
        tempfile.TemporaryDirectory() as folder,
        a_door(below(Path(folder))) as door,
        served(door),
        sync_playwright() as playwright,
    ):
        text = door.text()
        shots = frames(text)
        flags = [
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={film(shots, Path(folder) / 'code.y4m')}",
        ]
        browser = playwright.chromium.launch(executable_path=str(executable()), args=flags)
        print(f"{machine}, Chromium {browser.version}, load {os.getloadavg()[0]:.1f}")
        page = ready(browser.new_context(locale="en-GB", permissions=["camera"]), door)
        bare, width, height = page.evaluate(BARE, 60)
        taken, form = page.evaluate(TAKEN, 60)
        for turn in range(6):
            page.evaluate(SCAN, turn % 2 == 0)  # the first scans compile
        told, drawn = (list(found) for found in zip(*(scanned(page) for _ in range(scans)), strict=True))
        typed = [page.evaluate(TYPED, text) for _ in range(scans)]
        print(f"frames of {width}x{height}, a code of {len(text)} characters")
        line("frame to verdict", [one for one, _, _ in told])
        line("peer: the same where each is drawn and read back", [one for one, _, _ in drawn])
        line("button to verdict, CPU of the page's thread", [one for _, _, one in told])
        line("peer: the same where each is drawn and read back", [one for _, _, one in drawn])
        line("floor: a frame drawn and its pixels read", bare)
        line(f"floor: a frame taken as the camera gives it, {form}", taken)
        line("floor: text to verdict on the page", typed)
        line("peer: the frames by zxing-cpp in Python", native(shots))
        line("button to verdict, the camera's start included", [whole for _, whole, _ in told])
        browser.close()


if __name__ == "__main__":
    main()
