// The page of a run: what it shows, and how it is. All figures come from /api/v1/graph, twice a second.
const EVERY_MS = 500;
const $ = (id) => document.getElementById(id);
const screens = new Map();

function element(tag, text, attributes = {}) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.textContent = text;
  return made;
}

// How each kind of output is watched. A kind that is not here is listed with its address.
const players = {
  mjpeg(output) {
    const image = element("img", "", { alt: `Live video of ${output.id}`, tabIndex: 0 });
    const load = () => { image.src = `${output.path}?at=${Date.now()}`; };
    image.addEventListener("error", () => setTimeout(load, 1000));
    load();
    return image;
  },
  socket(output) {
    const image = element("img", "", { alt: `Live video of ${output.id}`, tabIndex: 0 });
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
};

function screen(output) {
  const figure = document.createElement("figure");
  const play = players[output.kind];
  figure.append(play ? play(output) : element("p", `${output.kind} at ${output.path}`));
  const caption = element("figcaption", output.id);
  if (play) {
    const full = element("button", "Full screen", { type: "button", ariaLabel: `${output.id}: full screen` });
    full.addEventListener("click", () => figure.firstChild.requestFullscreen?.());
    figure.firstChild.addEventListener("dblclick", () => full.click());
    figure.firstChild.addEventListener("keydown", (press) => press.key === "f" && full.click());
    caption.append(full);
  }
  figure.append(caption);
  return figure;
}

function showScreens(outputs) {
  const offered = new Set(outputs.map((output) => output.path));
  for (const [path, figure] of screens) {
    if (!offered.has(path)) { figure.remove(); screens.delete(path); }
  }
  for (const output of outputs) {
    if (!screens.has(output.path)) {
      screens.set(output.path, screen(output));
      $("screens").append(screens.get(output.path));
    }
  }
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
  const line = document.createElement("tr");
  line.dataset.state = node.state;
  line.classList.toggle("bottleneck", stats.bottleneck === id);
  const name = element("th", id, { scope: "row", title: node.type });
  const cells = [
    figure(node.fps, 1), figure(node.process_ms.p50, 1), figure(node.process_ms.p95, 1),
    figure(stats.sinks[id]?.age_ms.p95), figure(dropsOf(id, stats)),
    node.state === "running" && stats.bottleneck === id ? "bottleneck" : node.state,
  ];
  line.append(name, ...cells.map((text) => element("td", text)));
  return line;
}

function showNodes(stats) {
  if (!stats.nodes) return;
  $("nodes").replaceChildren(...Object.keys(stats.nodes).map((id) => row(id, stats)));
  const causes = {};
  const all = [...Object.values(stats.sources), ...Object.values(stats.edges),
    ...Object.entries(stats.nodes).filter(([id]) => !(id in stats.sources)).map(([, node]) => node)];
  for (const { dropped } of all) {
    for (const [cause, count] of Object.entries(dropped)) causes[cause] = (causes[cause] ?? 0) + count;
  }
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
  const gpus = machine.gpus.map((gpu) => `GPU ${gpu.percent} % · ${gib(gpu.memory_used)} GiB`);
  $("machine").textContent = [`CPU ${figure(machine.cpu_percent)} %`, `RAM ${gib(machine.process_memory)} GiB`, ...gpus].join(" · ");
}

async function refresh() {
  try {
    const answer = await fetch("/api/v1/graph", { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(answer.status === 401 ? "Logged out: open a new login address" : `${answer.status}`);
    const graph = await answer.json();
    document.title = $("name").textContent = graph.name;
    showState(graph.state, graph.reasons);
    showScreens(graph.outputs);
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
