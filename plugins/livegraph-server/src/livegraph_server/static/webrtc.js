// WHIP and WHEP, as small as they can be: an offer with all candidates, an answer, a DELETE at the end.
// Which STUN and TURN servers to use stands in the answer to OPTIONS, as RFC 9725 has it.
const SERVER = /<([^>]+)>; rel="ice-server"(?:; username="([^"]*)"; credential="([^"]*)")?/g;
async function connect(path) {
  const link = (await fetch(path, { method: "OPTIONS" })).headers.get("link") ?? "";
  const iceServers = [...link.matchAll(SERVER)].map(([, urls, username, credential]) => ({ urls, username, credential }));
  return new RTCPeerConnection({ iceServers });
}

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

// Watch until the video leaves the page; a connection that is lost is made again. `heard` is told that there is sound.
export async function watch(path, video, heard) {
  const stream = new MediaStream();
  let connection = null;
  const again = () => { connection?.close(); if (video.isConnected) setTimeout(() => watch(path, video, heard), 1000); };
  try {
    connection = await connect(path);
    for (const kind of ["video", "audio"]) connection.addTransceiver(kind, { direction: "recvonly" });
    connection.addEventListener("track", ({ track }) => { stream.addTrack(track); video.srcObject = stream; if (track.kind === "audio") heard(); });
    connection.addEventListener("connectionstatechange", () => ["failed", "closed"].includes(connection.connectionState) && again());
    await negotiate(connection, path);
  } catch { again(); }
}

// Send the camera: its own picture goes into `video`, and what is returned ends it. `lost` hears where it breaks off.
export async function send(path, video, audio, lost) {
  const size = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  const stream = await navigator.mediaDevices.getUserMedia({ video: size, audio });
  let connection = null;
  const hang = () => { stream.getTracks().forEach((track) => track.stop()); connection?.close(); video.srcObject = null; };
  try {
    connection = await connect(path);
    for (const track of stream.getTracks()) connection.addTransceiver(track, { direction: "sendonly", streams: [stream] });
    const place = await negotiate(connection, path);
    video.srcObject = stream;
    connection.addEventListener("connectionstatechange", () => connection.connectionState === "failed" && (hang(), lost("the connection broke off")));
    return () => { hang(); fetch(place, { method: "DELETE" }); };
  } catch (error) { hang(); throw error; }
}
