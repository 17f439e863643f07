"""A viewer in a process of its own, that a test can stop: prints an offer, reads the answer, prints what it sees."""

import asyncio
import json
import sys

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from livegraph_media import read_frame_number
from livegraph_webrtc.planes import picture_of


async def main() -> None:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    transceiver = connection.addTransceiver("video", "recvonly")
    await connection.setLocalDescription(await connection.createOffer())
    print(json.dumps(connection.localDescription.sdp), flush=True)
    answer = json.loads(await asyncio.to_thread(sys.stdin.readline))
    await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    try:
        while True:
            frame = await transceiver.receiver.track.recv()
            print(read_frame_number(picture_of(frame)), flush=True)
    except MediaStreamError:
        return


asyncio.run(main())
