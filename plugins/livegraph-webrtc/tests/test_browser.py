"""A real Chromium: its fake camera by WHIP into a graph, and the graph's picture by WHEP back into the page."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import simplejpeg
from show_support import Show, a_show
from webrtc_support import until

from livegraph.testing import run_graph

pytestmark = pytest.mark.servers
playwright = pytest.importorskip("playwright.async_api", reason="scripts/setup --servers")

THROUGH = {"cam": {"use": "webrtc.in"}, "out": {"use": "webrtc.out", "in": "cam"}}
FLAGS = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--no-sandbox",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
]
JOIN = """
window.ask = async (connection, path) => {
  await connection.setLocalDescription(await connection.createOffer());
  await new Promise(done => {
    if (connection.iceGatheringState === "complete") return done();
    connection.onicegatheringstatechange = () => connection.iceGatheringState === "complete" && done();
    setTimeout(done, 2000);
  });
  const answer = await fetch(path, {
    method: "POST", headers: {"content-type": "application/sdp"}, body: connection.localDescription.sdp});
  if (answer.status !== 201) throw new Error(answer.status + await answer.text());
  await connection.setRemoteDescription({type: "answer", sdp: await answer.text()});
  return answer.headers.get("location");
};
window.send = async (codec, size) => {
  const stream = await navigator.mediaDevices.getUserMedia({video: size, audio: true});
  window.sending = new RTCPeerConnection();
  for (const track of stream.getTracks()) {
    const transceiver = sending.addTransceiver(track, {direction: "sendonly", streams: [stream]});
    if (track.kind !== "video") continue;
    const codecs = RTCRtpSender.getCapabilities("video").codecs;
    transceiver.setCodecPreferences(codecs.filter(each => each.mimeType === "video/" + codec));
  }
  return await ask(sending, "/whip/cam");
};
window.resize = size =>
  sending.getSenders().find(each => each.track.kind === "video").track.applyConstraints(size);
window.watch = async () => {
  window.watching = new RTCPeerConnection();
  watching.addTransceiver("audio", {direction: "recvonly"});
  watching.addTransceiver("video", {direction: "recvonly"});
  window.screen_ = document.createElement("video");
  screen_.muted = true;
  watching.ontrack = event => {
    if (event.track.kind !== "video") return;
    screen_.srcObject = new MediaStream([event.track]);
    screen_.play();
  };
  return await ask(watching, "/whep/out");
};
window.seen = async () => {
  for (const each of (await watching.getStats()).values())
    if (each.type === "inbound-rtp" && each.kind === "video")
      return {frames: each.framesDecoded || 0, width: each.frameWidth || 0, pli: each.pliCount,
              delay: each.jitterBufferDelay / (each.jitterBufferEmittedCount || 1)};
  return {frames: 0, width: 0};
};
"""


LISTEN = """
window.said = [];
window.listen = async () => {
  window.watching = new RTCPeerConnection();
  const stream = new MediaStream(), screen = document.createElement("video");
  for (const kind of ["audio", "video"]) watching.addTransceiver(kind, {direction: "recvonly"});
  watching.ontrack = event => { stream.addTrack(event.track); screen.srcObject = stream; screen.play(); };
  window.line = watching.createDataChannel("livegraph");
  line.onmessage = event => said.push(JSON.parse(event.data));
  return await ask(watching, "/whep/out");
};
window.heard = async () => {
  const found = {audio: {}, video: {}};
  for (const each of (await watching.getStats()).values()) if (each.type === "inbound-rtp") found[each.kind] = each;
  return [found.audio, found.video];
};
"""


READ = """
window.number = video => {
  if (!video || !video.videoWidth) return null;
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight), cells = 32;
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  const row = canvas.height - 1 - Math.round(canvas.height / 36);
  const line = context.getImageData(0, row, canvas.width, 1).data;
  const level = cell => line[4 * Math.floor((cell + 0.5) * canvas.width / cells) + 1];
  if (level(0) - level(1) < 64) return null;
  const middle = (level(0) + level(1)) / 2;
  let word = 0;
  for (let cell = 2; cell < 22; cell++) word = 2 * word + (level(cell) > middle);
  return word;
};
"""
"""The number on a picture of `media.pattern`, without its checksum."""


@asynccontextmanager
async def a_page(show: Show, *flags: str) -> AsyncIterator[Any]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed: scripts/setup --servers")
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=program, args=[*FLAGS, *flags])
        page = await browser.new_page()
        await page.goto(str(show.client.base_url))
        await page.evaluate(f"() => {{{JOIN}}}")
        yield page
        await browser.close()


async def test_a_size_that_the_browser_changes_midway_arrives() -> None:
    async with a_show(THROUGH) as show, a_page(show) as page:
        await page.evaluate("size => send('H264', size)", {"width": 640, "height": 480})
        await page.evaluate("watch()")
        for size in ((640, 480), (320, 240), (1280, 720)):
            await page.evaluate("([width, height]) => resize({width, height})", size)
            seen: dict[str, Any] = {}
            for _ in range(100):
                seen = await page.evaluate("seen()")
                if seen["width"] == size[0]:
                    break
                await asyncio.sleep(0.2)
            assert seen["width"] == size[0]
    assert show.outcomes[0].ok, show.outcomes[0].error


@pytest.mark.parametrize("sent", ["VP8", "H264"])
@pytest.mark.parametrize("shown", ["h264", "vp8"])
async def test_its_camera_comes_back_to_its_screen(sent: str, shown: str) -> None:
    nodes = {
        "cam": {"use": "webrtc.in"},
        "out": {"use": "webrtc.out", "in": "cam", "params": {"codec": shown}},
    }
    async with a_show(nodes) as show, a_page(show) as page:
        await page.evaluate("([codec, size]) => send(codec, size)", [sent, {"width": 640, "height": 480}])
        await until(lambda: bool(show.node("cam").get("receiving")), within_s=20)
        await page.evaluate("watch()")
        seen: dict[str, Any] = {"frames": 0}
        for _ in range(100):
            seen = await page.evaluate("seen()")
            if seen["frames"] > 60:
                break
            await asyncio.sleep(0.2)
        cam, out = show.node("cam"), show.node("out")
        assert seen["frames"] > 60 and seen["width"] > 0
        assert cam["connections"][0]["codec"] == sent.lower()
        assert out["connections"][0]["state"] == "connected"
        await page.evaluate("watching.close(); sending.close()")
    assert show.outcomes[0].ok, show.outcomes[0].error


async def test_its_microphone_comes_back_beside_its_camera_and_figures_by_the_data_channel() -> None:
    nodes = {
        "cam": {"use": "webrtc.in"},
        "out": {"use": "webrtc.out", "in": {"video": "cam", "audio": "cam.audio"}},
    }
    async with a_show(nodes) as show, a_page(show) as page:
        await page.evaluate(f"() => {{{LISTEN}}}")
        await page.evaluate("send('H264', {width: 640, height: 480})")
        await until(lambda: bool(show.node("cam").get("receiving")), within_s=30)
        await page.evaluate("listen()")
        energies, audio, video = set(), {}, {}
        for _ in range(300):
            audio, video = await page.evaluate("heard()")
            energies.add(audio.get("totalAudioEnergy", 0))
            if audio.get("packetsReceived", 0) > 200 and video.get("framesDecoded", 0) > 60 and len(energies) > 3:
                break
            await asyncio.sleep(0.1)
        assert audio["packetsReceived"] > 200 and video["framesDecoded"] > 60
        assert len(energies) > 3 and max(energies) > 0, "the beeps of Chromium's microphone are not heard"
        cam, out = show.node("cam")["connections"][0], show.node("out")
        assert cam["audio_packets"] > 200 and cam["audio_errors"] == 0
        assert out["listeners"] == 2 and out["audio_kbps"] > 0  # the page listens, and so do we
        said = await page.evaluate("said.filter(each => each.type === 'stats')")
        assert len(said) >= 2 and await page.evaluate("said.some(each => each.type === 'config.current')")
        assert said[-1]["processed"] > said[0]["processed"]
        await page.evaluate("line.send(JSON.stringify({type: 'else'}))")
        for _ in range(100):
            said = await page.evaluate("said.filter(each => each.type === 'error')")
            if said:
                break
            await asyncio.sleep(0.1)
        assert "no such type" in said[0]["message"]
        await page.evaluate("watching.close(); sending.close()")
    assert show.outcomes[0].ok, show.outcomes[0].error


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Twenty seconds of painted numbers, as a camera that Chromium can open."""
    path = tmp_path / "film.mjpeg"
    scene = {"use": "media.pattern", "params": {"size": "640x480", "frames": 600}}
    frames = run_graph({"livegraph": 1, "nodes": {"scene": scene, "out": {"use": "test.collect", "in": "scene"}}})
    with path.open("wb") as file:
        for picture in frames.payloads("out"):
            file.write(simplejpeg.encode_jpeg(picture, quality=85, colorspace="RGB"))
    return path


async def test_by_the_page_itself_numbers_that_are_sent_come_back_rising(film: Path) -> None:
    async with a_show(THROUGH) as show, a_page(show, f"--use-file-for-fake-video-capture={film}") as page:
        await page.evaluate(f"() => {{{READ}}}")
        await page.click("#cameras button")
        seen = []
        for _ in range(300):  # the page's own policy forbids to wait for an expression there
            pair = "[...document.querySelectorAll('#screens video, #cameras video')].map(number)"
            shown, sent = await page.evaluate(pair)
            seen += [(sent, shown)] if seen or shown is not None else []
            if len(seen) == 60:
                break
            await asyncio.sleep(0.1)
        steps = [
            (after[1] - before[1]) % 600 for before, after in pairwise(seen) if before[1] is not after[1] is not None
        ]
        assert sum(step > 0 for step in steps) > 40
        assert all(step < 100 for step in steps), steps  # it is a film that goes round: never back
        behind = sorted((sent - shown) % 600 for sent, shown in seen if None not in (sent, shown))
        assert behind[len(behind) // 2] < 30  # within a second, however busy the machine
        await page.click("#cameras button")
        await until(lambda: not show.node("cam").get("receiving"), within_s=10)
    assert show.outcomes[0].ok, show.outcomes[0].error
