"""Programs of a Link session, run by `test_link.py` in a network that has nothing but loopback.

link_peer.py other TEMPO SECONDS     another program, which sets the tempo
link_peer.py livegraph               a run with `link: true`; prints what midi.link gave, once it is not alone
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]


async def other(tempo: float, seconds: float) -> None:
    import aalink

    link = aalink.Link(tempo)
    link.enabled = True
    await asyncio.sleep(seconds)
    link.enabled = False


def livegraph() -> None:
    import loop_backend
    from midi_support import a_show, note, reading, until

    from livegraph_midi import library
    from livegraph_midi.nodes import MidiLink

    library.BACKEND = "loop_backend"
    loop_backend.STUDIO.plug("nano")
    with a_show({"link": True, "map": {"note 41": {"to": "a.on", "on": "beat"}}}) as show:
        surface = show.midi.surface
        link = surface.link
        assert link is not None
        until(lambda: link.peers == 1)
        tempo = reading(surface, MidiLink, give="tempo")
        until(lambda: abs(tempo.at(0) - 97.0) < 0.01)
        phases = []
        phase = reading(surface, MidiLink)
        until(lambda: phases.append(phase.at(0)) or max(phases) - min(phases) > 0.9)  # type: ignore[func-returns-value]
        loop_backend.STUDIO.play(note(41, 9))
        until(lambda: show.value("a.on") is True)
        said = [text for text in show.said if "no clock" in text]
        print(json.dumps({"tempo": tempo.at(0), "status": show.midi.status(), "said": said}), flush=True)


if sys.argv[1] == "other":
    asyncio.run(other(float(sys.argv[2]), float(sys.argv[3])))
else:
    livegraph()
