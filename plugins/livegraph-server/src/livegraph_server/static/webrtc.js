// WHIP and WHEP, as small as they can be: an offer with all candidates, an answer, a DELETE at the end.
async function negotiate(connection, path) {
  await connection.setLocalDescription(await connection.createOffer());
  await new Promise((done) => {
    connection.addEventListener("icegatheringstatechange", () => connection.iceGatheringState === "complete" && done());
    setTimeout(done, 1000);
  });
  const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/sdp" }, body: connection.localDescription.sdp });
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(text || `refused: ${answer.status}`);
  await connection.setRemoteDescription({ type: "answer", sdp: text });
  return answer.headers.get("location");
}

// Watch until the video leaves the page; a connection that is lost is made again.
export async function watch(path, video) {
  const connection = new RTCPeerConnection();
  connection.addTransceiver("video", { direction: "recvonly" });
  connection.addEventListener("track", ({ streams, track }) => { video.srcObject = streams[0] ?? new MediaStream([track]); });
  const again = () => { connection.close(); if (video.isConnected) setTimeout(() => watch(path, video), 1000); };
  connection.addEventListener("connectionstatechange", () => ["failed", "closed"].includes(connection.connectionState) && again());
  try { await negotiate(connection, path); } catch { again(); }
}

// Send the camera: its own picture goes into `video`, and what is returned ends it. `lost` hears where it breaks off.
export async function send(path, video, lost) {
  const size = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  const stream = await navigator.mediaDevices.getUserMedia({ video: size });
  const connection = new RTCPeerConnection();
  const hang = () => { stream.getTracks().forEach((track) => track.stop()); connection.close(); video.srcObject = null; };
  try {
    for (const track of stream.getTracks()) connection.addTransceiver(track, { direction: "sendonly", streams: [stream] });
    const place = await negotiate(connection, path);
    video.srcObject = stream;
    connection.addEventListener("connectionstatechange", () => connection.connectionState === "failed" && (hang(), lost("the connection broke off")));
    return () => { hang(); fetch(place, { method: "DELETE" }); };
  } catch (error) { hang(); throw error; }
}
