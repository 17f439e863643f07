// The page of a run: what it shows, and how it is. All figures come from /api/v1/graph, twice a second.
import { send, watch } from "./webrtc.js";
const EVERY_MS = 500;
const $ = (id) => document.getElementById(id);
const screens = new Map(), cameras = new Map();

function element(tag, text, attributes = {}) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.textContent = text;
  return made;
}

// How each kind of output is watched. A kind that is not here is listed with its address.
const picture = (output) => element("img", "", { alt: `Live video of ${output.id}`, tabIndex: 0 });
const players = {
  mjpeg(output) {
    const image = picture(output), load = () => { image.src = `${output.path}?at=${Date.now()}`; };
    image.addEventListener("error", () => setTimeout(load, 1000));
    load();
    return image;
  },
  socket(output) {
    const image = picture(output);
    const open = () => {
      const socket = new WebSocket(location.origin.replace("http", "ws") + output.path);
      socket.addEventListener("message", ({ data }) => {
        if (typeof data === "string") return;
        URL.revokeObjectURL(image.src);
        image.src = URL.createObjectURL(new Blob([data], { type: "image/jpeg" }));
      });
      socket.addEventListener("close", () => image.isConnected && setTimeout(open, 1000));
    };
    open();
    return image;
  },
  whep(output, caption) {
    const video = element("video", "", { ariaLabel: `Live video of ${output.id}`, autoplay: true, muted: true, playsInline: true, tabIndex: 0 });
    const sound = element("button", "Sound", { type: "button", hidden: true, ariaPressed: "false", ariaLabel: `${output.id}: sound` });
    sound.addEventListener("click", () => { video.muted = !video.muted; sound.ariaPressed = `${!video.muted}`; });
    caption.append(sound);
    setTimeout(() => watch(output.path, video, () => { sound.hidden = false; }));
    return video;
  },
};

// A button that sends the camera to an input; a browser gives one on https and on this machine only.
function camera(input) {
  const figure = element("figure", "", { className: "camera" });
  const video = element("video", "", { autoplay: true, muted: true, playsInline: true, hidden: true, ariaLabel: "Your camera" });
  const button = element("button", `Send your camera to ${input.id}`, { type: "button" });
  const told = element("p", "", { role: "status" }), label = element("label", "");
  const microphone = element("input", "", { type: "checkbox" });
  label.append(microphone, " with the microphone");
  let stop = null;
  const show = (end, text) => {
    stop = end; video.hidden = !end; label.hidden = !!end; told.textContent = text;
    button.textContent = end ? "Stop sending" : `Send your camera to ${input.id}`;
  };
  button.addEventListener("click", async () => {
    if (stop) { stop(); show(null, ""); return; }
    try {
      if (!navigator.mediaDevices) throw new Error("This browser gives a camera to https pages only: livegraph run … --tls auto");
      show(await send(input.path, video, microphone.checked, (why) => show(null, why)), "");
    } catch (error) { show(null, error.message); }
  });
  figure.append(video, button, label, told);
  return figure;
}

function screen(output) {
  const figure = element("figure", ""), caption = element("figcaption", output.id), play = players[output.kind];
  figure.append(play ? play(output, caption) : element("p", `${output.kind} at ${output.path}`));
  if (play) {
    const full = element("button", "Full screen", { type: "button", ariaLabel: `${output.id}: full screen` });
    full.addEventListener("click", () => figure.firstChild.requestFullscreen?.());
    figure.firstChild.addEventListener("dblclick", () => full.click());
    caption.append(full);
  }
  figure.append(caption);
  return figure;
}

function showAll(offers, shown, place, make) {
  const offered = new Set(offers.map((offer) => offer.path));
  for (const [path, figure] of shown) if (!offered.has(path)) { figure.remove(); shown.delete(path); }
  for (const offer of offers.filter(({ path }) => !shown.has(path))) {
    shown.set(offer.path, make(offer));
    place.append(shown.get(offer.path));
  }
}

function showOffers(outputs, inputs) {
  showAll(outputs, screens, $("screens"), screen);
  showAll(inputs.filter((input) => input.kind === "whip"), cameras, $("cameras"), camera);
  $("nothing").hidden = outputs.length > 0;
}

const sum = (counts) => Object.values(counts ?? {}).reduce((all, count) => all + count, 0);
const figure = (value, digits = 0) => (value || value === 0 ? value.toFixed(digits) : "–");

function dropsOf(id, stats) {
  const into = Object.entries(stats.edges).filter(([edge]) => edge.split("->")[1].startsWith(`${id}.`));
  const own = stats.sources[id]?.dropped ?? stats.nodes[id].dropped;
  return sum(own) + into.reduce((all, [, edge]) => all + sum(edge.dropped), 0);
}

function row(id, stats) {
  const node = stats.nodes[id];
  const line = element("tr", "");
  line.dataset.state = node.state;
  line.classList.toggle("bottleneck", stats.bottleneck === id);
  const cells = [
    figure(node.fps, 1), figure(node.process_ms.p50, 1), figure(node.process_ms.p95, 1), figure(stats.sinks[id]?.age_ms.p95), figure(dropsOf(id, stats)),
    node.state === "running" && stats.bottleneck === id ? "bottleneck" : node.state,
  ];
  line.append(element("th", id, { scope: "row", title: node.type }), ...cells.map((text) => element("td", text)));
  return line;
}

function showNodes(stats) {
  if (!stats.nodes) return;
  $("nodes").replaceChildren(...Object.keys(stats.nodes).map((id) => row(id, stats)));
  const causes = {}, all = [...Object.values(stats.sources), ...Object.values(stats.edges),
    ...Object.entries(stats.nodes).filter(([id]) => !(id in stats.sources)).map(([, node]) => node)];
  for (const [cause, count] of all.flatMap(({ dropped }) => Object.entries(dropped))) causes[cause] = (causes[cause] ?? 0) + count;
  const told = Object.entries(causes).map(([cause, count]) => `${cause} ${count}`).join(", ");
  $("drops").textContent = told ? `Dropped: ${told}` : "Nothing dropped";
}

function showState(state, reasons) {
  $("state").dataset.state = state;
  if ($("state").textContent !== state) $("state").textContent = state;
  const told = Object.entries(reasons).map(([node, why]) => why || node).join(" · ");
  $("trouble").hidden = !told;
  if ($("trouble").textContent !== told) $("trouble").textContent = told;
}

function showMachine(machine) {
  const gib = (bytes) => (bytes / 2 ** 30).toFixed(1);
  const gpus = machine.gpus.map((gpu) => `GPU ${gpu.busy_percent} % · ${gib(gpu.memory_used)} GiB`);
  $("machine").textContent = [`CPU ${figure(machine.cpu_percent)} %`, `RAM ${gib(machine.process_memory)} GiB`, ...gpus].join(" · ");
}

async function refresh() {
  try {
    const answer = await fetch("/api/v1/graph", { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(answer.status === 401 ? "Logged out: open a new login address" : `${answer.status}`);
    const graph = await answer.json();
    document.title = $("name").textContent = graph.name;
    showState(graph.state, graph.reasons);
    showOffers(graph.outputs, graph.inputs);
    showNodes(graph.stats);
    showMachine(graph.machine);
    $("invite").hidden = !graph.login;
  } catch (error) {
    const gone = error instanceof TypeError || error.name === "TimeoutError";
    showState("gone", { run: gone ? "The run has ended, or cannot be reached" : error.message });
  }
  setTimeout(refresh, document.hidden ? 4 * EVERY_MS : EVERY_MS);
}

$("invite").addEventListener("click", async () => {
  const answer = await fetch("/api/v1/login-codes", { method: "POST", headers: { "Content-Type": "application/json" } });
  $("invitation").textContent = answer.ok ? (await answer.json()).address : `refused: ${answer.status}`;
});
refresh();
