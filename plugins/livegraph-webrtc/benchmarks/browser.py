"""Glass to glass in a real browser: Chromium's camera, WHIP, a graph, WHEP, and Chromium's screen, by the run's page.

    python plugins/livegraph-webrtc/benchmarks/browser.py [--seconds 120] [--graph through|edges] [--json]

The camera is a film with a number painted on each picture. The page shows the camera's own picture beside what comes
back; a picture's time is from when its number stood on the one until it stood on the other, so both of the browser's
codecs, both jitter buffers and the screen are in it. Needs Chromium and Playwright (`scripts/setup --servers`).

Tells the times, the share of pictures that came back, whether their numbers always rose, and how the last quarter's
time compares with the first's. Exit status 1 where numbers fell or pictures stayed away.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import simplejpeg
from playwright.async_api import Page, async_playwright
from served import served

from livegraph.testing import run_graph

FPS, LAP = 30, 600
"""The film goes round after `LAP` pictures."""
GRAPHS: dict[str, dict[str, Any]] = {
    "through": {"cam": {"use": "webrtc.in"}, "out": {"use": "webrtc.out", "in": "cam"}},
    "edges": {
        "cam": {"use": "webrtc.in"},
        "edges": {"use": "vision.canny", "in": "cam"},
        "out": {"use": "webrtc.out", "in": "edges"},
    },
}
FLAGS = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--no-sandbox",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
]
FOLLOW = """() => {
  const cells = 32, seen = new Map(), notes = [];
  const crc = number => {
    let rest = number << 8;
    for (let shift = 27; shift > 7; shift--) if (rest >> shift & 1) rest ^= 0x107 << (shift - 8);
    return rest ^ 0x55;
  };
  const reader = () => {
    const canvas = new OffscreenCanvas(1, 1), context = canvas.getContext("2d", {willReadFrequently: true});
    return video => {
      const width = video.videoWidth, height = video.videoHeight;
      if (!width) return null;
      if (canvas.width !== width) canvas.width = width;
      context.drawImage(video, 0, height - 1 - Math.round(height / 36), width, 1, 0, 0, width, 1);
      const line = context.getImageData(0, 0, width, 1).data;
      const level = cell => line[4 * Math.floor((cell + 0.5) * width / cells) + 1];
      if (level(0) - level(1) < 64) return null;
      const middle = (level(0) + level(1)) / 2;
      let word = 0;
      for (let cell = 2; cell < cells - 2; cell++) word = 2 * word + (level(cell) > middle);
      const number = word >> 8;
      return (word & 255) === crc(number) ? number : null;
    };
  };
  const follow = (video, take) => {
    const read = reader();
    const step = now => {
      const number = read(video);
      if (number !== null) take(number, now);
      video.requestVideoFrameCallback(step);
    };
    video.requestVideoFrameCallback(step);
  };
  let last = null;
  follow(document.querySelector("#cameras video"), (number, now) => {
    if (number !== last) seen.set(last = number, now);
  });
  follow(document.querySelector("#screens video"), (number, now) => {
    const age = now - seen.get(number);
    if (age < 10000) notes.push([number, now, age]);  // else the camera's own picture was left out this time round
  });
  window.taken = () => notes.splice(0);
}"""


def film(path: Path) -> None:
    """A camera that Chromium can open."""
    scene = {"use": "media.pattern", "params": {"size": "640x480", "frames": LAP}}
    frames = run_graph({"livegraph": 1, "nodes": {"scene": scene, "out": {"use": "test.collect", "in": "scene"}}})
    with path.open("wb") as file:
        for picture in frames.payloads("out"):
            file.write(simplejpeg.encode_jpeg(picture, quality=85, colorspace="RGB"))


async def measure(nodes: dict[str, Any], seconds: float) -> dict[str, Any]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("Chromium is not installed: scripts/setup --servers")
    with tempfile.TemporaryDirectory() as folder:
        camera = Path(folder) / "film.mjpeg"
        await asyncio.to_thread(film, camera)
        async with served(nodes) as (client, process), async_playwright() as driver:
            flags = [*FLAGS, f"--use-file-for-fake-video-capture={camera}"]
            browser = await driver.chromium.launch(executable_path=program, args=flags)
            page = await browser.new_page()
            await page.goto(str(client.base_url))
            await page.click("#cameras button")
            await moving(page)
            before = process.cpu_times()
            notes, took_s = await watch(page, seconds)
            after = process.cpu_times()
            await browser.close()
    found = summary(notes, took_s)
    return found | {"cores": round((after.user + after.system - before.user - before.system) / took_s, 2)}


async def moving(page: Page) -> None:
    """Until pictures come back; the page's policy forbids to wait for an expression there."""
    await page.evaluate(FOLLOW)
    for _ in range(150):
        if len(await page.evaluate("taken()")) > 3:
            return
        await asyncio.sleep(0.2)
    raise SystemExit("no picture came back to the page")


async def watch(page: Page, seconds: float) -> tuple[list[tuple[int, float, float]], float]:
    """What was seen: number, when (ms), how old (ms)."""
    await asyncio.sleep(3.0)  # for what the start cost
    await page.evaluate("taken()")
    notes, began_s = [], time.monotonic()
    while time.monotonic() - began_s < seconds:
        await asyncio.sleep(min(5.0, seconds))
        notes += [tuple(each) for each in await page.evaluate("taken()")]
    return notes, time.monotonic() - began_s


def summary(notes: list[tuple[int, float, float]], took_s: float) -> dict[str, Any]:
    steps = [(after[0] - before[0]) % LAP for before, after in pairwise(notes)]
    ages = [age for _, _, age in notes]
    quarter = max(len(ages) // 4, 1)
    ranked = sorted(ages)
    return {
        "seconds": round(took_s, 1),
        "pictures": len(notes),
        "fps": round(sum(step > 0 for step in steps) / took_s, 1),
        "fell": sum(step > LAP // 2 for step in steps),
        "longest_pause_ms": round(max(after[1] - before[1] for before, after in pairwise(notes))),
        "glass_to_glass_ms": {
            "p50": round(statistics.median(ages)),
            "p95": round(ranked[int(0.95 * len(ranked))]),
            "max": round(ranked[-1]),
        },
        "first_quarter_p50_ms": round(statistics.median(ages[:quarter])),
        "last_quarter_p50_ms": round(statistics.median(ages[-quarter:])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--graph", choices=GRAPHS, default="through")
    parser.add_argument("--json", action="store_true", help="the figures alone, for a machine")
    options = parser.parse_args()
    found = asyncio.run(measure(GRAPHS[options.graph], options.seconds))
    if options.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        times = found["glass_to_glass_ms"]
        sys.stdout.write(
            f"640x480, {found['fps']} of {FPS} pictures a second, for {found['seconds']:.0f} s: glass to glass "
            f"p50 {times['p50']} ms, p95 {times['p95']} ms (first quarter {found['first_quarter_p50_ms']} ms, last "
            f"{found['last_quarter_p50_ms']} ms); numbers fell {found['fell']} times, longest pause "
            f"{found['longest_pause_ms']} ms; livegraph took {found['cores']} of {psutil.cpu_count()} cores\n"
        )
    sys.exit(0 if not found["fell"] and found["pictures"] > found["seconds"] else 1)


if __name__ == "__main__":
    main()
