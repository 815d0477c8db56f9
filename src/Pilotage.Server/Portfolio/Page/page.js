// The live parts of the page: a device on one time axis, rollouts by device, the thread of an alert. Reads the API, changes nothing.
"use strict";
const api = async (path) => {
  const response = await fetch("/api/v1/" + path, { headers: { accept: "application/json" } });
  const body = await response.json().catch(() => null);
  if (response.status === 401) throw new Error("you are signed out; “pilotage open” prints a new link");
  if (!response.ok) throw new Error((body && body.detail) || `${path} answered ${response.status}`);
  return body;
};
const all = async (path) => {
  const found = [];
  for (let cursor = ""; cursor !== undefined;) {
    const page = await api(path + (cursor && `${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`));
    found.push(...rows(page));
    cursor = (page && page.nextCursor) || undefined;
  }
  return found;
};
const rows = (body) => (Array.isArray(body) ? body : (body && body.items) || []);
const byId = (id) => document.getElementById(id);
const node = (tag, attributes, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
const say = (id, text, cls) => byId(id).replaceChildren(node("p", { class: cls || "soft" }, text));
const fail = (id) => (error) => say(id, "This could not be loaded: " + error.message + ".", "bad");
const number = (value) => (typeof value === "number" ? String(Math.round(value * 1000) / 1000) : value === null || value === undefined ? "–" : String(value));
const clock = (at) => (at ? new Date(at).toISOString().slice(0, 16).replace("T", " ") + " UTC" : "–");
const short = (id) => (id.length > 24 ? id.slice(0, id.startsWith("sha256:") ? 15 : 12) + "…" : id);

function table(caption, heads, lines) {
  const made = node("table", {}, node("caption", {}, caption));
  made.append(node("thead", {}, node("tr", {}, ...heads.map((head) => node("th", { scope: "col" }, head)))));
  made.append(node("tbody", {}, ...lines.map((line) => node("tr", {}, ...line.map((cell) => node("td", {}, cell))))));
  return scrolling(caption, made);
}
// What can be scrolled can be reached by keyboard, and says what it is.
const scrolling = (name, child) => node("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": name }, child);

// ---- a device: its signals and its inference, one lane each, one time axis ----
const lanesMax = 4;
const usual = ["vibration", "bearing_temp", "ps30", "t50"];
let alerts = [];
let shown = null;

const svg = (tag, attributes, content) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (content !== undefined) made.textContent = content;
  return made;
};

function lane(root, top, height, width, x, name, cls, lines) {
  const values = lines.flatMap((line) => line.points.map((point) => point[1]));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const y = (value) => top + height - 8 - ((value - low) / (high - low || 1)) * (height - 34);
  root.append(svg("line", { class: "axis", x1: 0, x2: width, y1: top + height, y2: top + height }));
  root.append(svg("text", { class: cls + "-text", x: 4, y: top + 14 }, name));
  root.append(svg("text", { x: width - 4, y: top + 14, "text-anchor": "end" }, `${number(low)} to ${number(high)}`));
  lines.forEach((line, at) => root.append(svg("polyline", {
    class: cls + (at > 0 ? " second" : ""),
    points: line.points.map((point) => `${x(point[0]).toFixed(1)},${y(point[1]).toFixed(1)}`).join(" "),
  })));
}

function draw() {
  if (!shown) return;
  const { device, signals, inferences, own } = shown;
  const lanes = [...signals.map((one) => ({ name: one.name, cls: "signal", lines: [one] }))];
  if (inferences.length) lanes.push({ name: inferences[0].model + " (inferred)", cls: "model", lines: inferences });
  const times = lanes.flatMap((one) => one.lines.flatMap((line) => line.points.map((point) => point[0])));
  if (!times.length) return say("chart", "No data yet: points appear here as the device sends them.");
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const width = Math.max(280, Math.floor(byId("chart").clientWidth));
  const each = 104;
  const height = lanes.length * each + 26;
  const x = (t) => 4 + ((t - from) / Math.max(1, to - from)) * (width - 8);
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": summary(device, lanes, own, from, to) });
  lanes.forEach((one, at) => lane(root, at * each, each, width, x, one.name, one.cls, one.lines));
  for (const alert of own) {
    const at = x(Date.parse(alert.ts));
    root.append(svg("line", { class: "alarm", x1: at, x2: at, y1: 18, y2: lanes.length * each }));
    root.append(svg("text", { class: "alarm-text", x: at > width / 2 ? at - 4 : at + 4, y: lanes.length * each - 6, "text-anchor": at > width / 2 ? "end" : "start" }, "alert"));
  }
  const label = width < 420 ? (time) => clock(time).slice(0, 10) : clock;
  root.append(svg("text", { x: 4, y: height - 6 }, label(from)), svg("text", { x: width - 4, y: height - 6, "text-anchor": "end" }, label(to)));
  const open = byId("chart").querySelector("details")?.open;
  const twin = node("details", {}, node("summary", {}, "The last 20 rows as a table"), twinTable(lanes));
  twin.open = open || false;
  const notes = [summary(device, lanes, own, from, to)];
  if (inferences.length > 1) notes.push(`Dashed: ${inferences.slice(1).map((one) => short(one.release)).join(", ")}, a release on trial beside ${short(inferences[0].release)}.`);
  if (!inferences.length) notes.push("No inference yet: it appears when a release is at work on this device.");
  byId("chart").replaceChildren(root, node("p", { class: "soft" }, notes.join(" ")), twin);
}

const summary = (device, lanes, own, from, to) => `${device}, ${clock(from)} to ${clock(to)}: `
  + lanes.map((one) => { const points = one.lines[0].points; return `${one.name} from ${number(points[0][1])} to ${number(points[points.length - 1][1])}`; }).join("; ")
  + `; ${own.length} ${own.length === 1 ? "alert" : "alerts"}.`;

function twinTable(lanes) {
  const columns = lanes.map((one) => new Map(one.lines[0].points));
  const times = [...new Set(columns.flatMap((column) => [...column.keys()]))].sort((a, b) => b - a).slice(0, 20);
  return table("Signals and inference, newest first", ["time", ...lanes.map((one) => one.name)], times.map((time) => [node("span", { class: "num" }, clock(time)), ...columns.map((column) => number(column.get(time)))]));
}

async function loadChart() {
  const device = byId("device").value;
  if (!device) return say("chart", "No device yet: it appears when the first one enrols.");
  const isDrawn = (one) => one.kind !== "text" && one.kind !== "json";
  const names = rows(await api(`devices/${encodeURIComponent(device)}/series`)).filter(isDrawn).map((one) => one.property);
  const measured = names.filter((name) => !name.includes("@"));
  choose(measured);
  const wanted = [...byId("signals").querySelectorAll("input:checked")].map((box) => box.value).slice(0, lanesMax);
  const read = async (name) => (await api(`devices/${encodeURIComponent(device)}/series/${name.split("/").map(encodeURIComponent).join("/")}?points=1000`)).points.map(([at, value]) => [at, Number(value)]); // True is 1.
  const signals = await Promise.all(wanted.map(async (name) => ({ name, points: await read(name) })));
  const inferences = await Promise.all(names.filter((name) => name.includes("@")).map(async (name) => ({ model: name.split("@")[0], release: name.split("@")[1].split("/")[0], points: await read(name) })));
  if (device !== byId("device").value) return undefined; // Another one was chosen meanwhile; its own load is under way.
  const filled = (series) => series.filter((one) => one.points.length);
  shown = { device, signals: filled(signals), inferences: filled(inferences).sort((a, b) => b.points.length - a.points.length), own: alerts.filter((alert) => alert.device === device) };
  return draw();
}

// Check boxes stay as they were while the names are the same.
function choose(names) {
  const box = byId("signals");
  if (box.dataset.names === names.join()) return;
  const kept = new Set([...box.querySelectorAll("input:checked")].map((one) => one.value));
  let wanted = names.filter((name) => kept.has(name));
  if (!wanted.length) wanted = names.filter((name) => usual.includes(name));
  if (!wanted.length) wanted = names.slice(0, 2);
  box.dataset.names = names.join();
  box.replaceChildren(node("legend", {}, `Signals, at most ${lanesMax}`), ...names.map((name) => {
    const input = node("input", { type: "checkbox", value: name });
    input.checked = wanted.includes(name);
    return node("label", {}, input, " " + name);
  }));
  limit();
}

function limit() {
  const boxes = [...byId("signals").querySelectorAll("input")];
  const full = boxes.filter((box) => box.checked).length >= lanesMax;
  for (const box of boxes) box.disabled = full && !box.checked;
}

async function loadDevices() {
  const devices = (await all("devices")).filter((device) => device.thing !== "edge");
  const alarmed = alerts[0] && alerts[0].device;
  const wanted = byId("device").value || alarmed || (devices.find((device) => device.edge) || devices[0] || {}).id;
  const key = devices.map((device) => device.id).join();
  if (byId("device").dataset.ids === key) return;
  byId("device").dataset.ids = key;
  byId("device").replaceChildren(...devices.map((device) => {
    const option = node("option", { value: device.id }, device.id + (device.edge ? ` (behind ${device.edge})` : ""));
    option.selected = device.id === wanted;
    return option;
  }));
}

// ---- rollouts, by device ----
const marks = { completed: "✓", confirmed: "✓", halted: "■", "rolled-back": "↩", failed: "✗", lost: "?", "not-started": "–", rolling: "●", paused: "‖" };
const state = (word) => node("span", { class: "state " + word }, `${marks[word] || "…"} ${word}`);

async function loadRollouts() {
  const listed = rows(await api("rollouts"));
  if (!listed.length) return say("rollouts", "No rollout yet: it appears when a release is offered to the first wave.");
  const whole = await Promise.all(listed.slice(0, 10).map((one) => api("rollouts/" + encodeURIComponent(one.id)).catch(() => one)));
  const open = new Set([...byId("rollouts").querySelectorAll("details[open]")].map((one) => one.id));
  const first = !byId("rollouts").querySelector("details");
  return byId("rollouts").replaceChildren(...whole.map((one, at) => {
    const devices = one.devices || [];
    const over = one.status === "halted" || one.status === "completed";
    const touched = one.counts ? one.counts.touched : one.touched;
    const waves = (one.waves || []).map((wave) => `wave ${wave.wave}: ${wave.confirmed} of ${wave.devices} proved it${wave.failed ? `, ${wave.failed} failed` : ""}`).join(" · ");
    const made = node("details", { id: "rollout-" + one.id },
      node("summary", {}, state(one.status), ` ${short(one.release)}, ${touched} of ${devices.length} devices touched`),
      node("p", {}, one.cause || ""),
      node("p", { class: "soft" }, `${one.id}, ${clock(one.startedAt)}. ${waves}`),
      table("Devices of " + one.id, ["device", "edge", "wave", "state", "why"], devices.map((device) => [device.device, device.edge, number(device.wave), state(device.phase), device.cause || (over ? "not offered" : device.expected) || ""])));
    made.open = open.has(made.id) || (first && at === 0);
    return made;
  }));
}

// ---- alerts and their threads ----
async function loadAlerts() {
  alerts = rows(await api("alerts?limit=200"));
  if (!alerts.length) return say("alerts", "No alert yet: one appears when a model sees something.");
  return byId("alerts").replaceChildren(table(`The newest ${Math.min(50, alerts.length)} alerts`, ["device", "time", "kind", "score", "verdict", "thread"], alerts.slice(0, 50).map((alert) => {
    const button = node("button", { type: "button", "aria-label": `show the thread of the alert on ${alert.device}` }, "show");
    button.addEventListener("click", () => loadThread(alert).catch(fail("thread")));
    const verdict = alert.verdict ? `${alert.verdict.answer}${alert.verdict.person ? `, ${alert.verdict.person}` : ""}` : "none yet";
    return [alert.device, node("span", { class: "num" }, clock(alert.ts)), alert.kind, number(alert.score), verdict, button];
  })));
}

const order = ["series-span", "dataset", "run", "model", "release", "rollout", "device", "inference", "alert", "verdict", "outcome", "baseline", "ledger", "gate"];
const words = { "series-span": "sensor rows", run: "training run", ledger: "ledger line" };
const nanoseconds = (text) => clock(Number(text) / 1e6);
const told = {
  "series-span": (id) => { const [device, span] = id.split("/"); const [from, to] = span.split("-"); return `${device}, ${nanoseconds(from)} to ${nanoseconds(to)}`; },
  inference: (id) => { const [device, at] = id.split("/"); return `${device}, ${nanoseconds(at)}`; },
  verdict: (id) => nanoseconds(id.split("/")[1]),
};

async function loadThread(alert) {
  say("thread", "Loading the thread…");
  byId("thread").scrollIntoView({ block: "nearest" });
  const walk = async (direction) => rows(await api(`lineage?node=${encodeURIComponent("alert:" + alert.id)}&direction=${direction}`));
  const edges = (await Promise.all([walk("up"), walk("down")])).flat();
  const kinds = new Map(order.map((kind) => [kind, new Map()]));
  for (const edge of edges) {
    for (const end of [edge.from, edge.to]) {
      const kind = end.slice(0, end.indexOf(":"));
      if (!kinds.has(kind)) kinds.set(kind, new Map());
      const id = end.slice(kind.length + 1);
      const name = edge.attributes && (edge.attributes[kind] || (kind === "verdict" && edge.attributes.answer));
      kinds.get(kind).set(id, name || kinds.get(kind).get(id) || "");
    }
  }
  const steps = [...kinds].filter(([, ids]) => ids.size).map(([kind, ids]) => {
    const shorten = told[kind] || short;
    const named = [...ids].slice(0, 3).map(([id, name]) => (name ? `${name} (${shorten(id)})` : shorten(id)));
    const more = ids.size > named.length ? `; and ${ids.size - named.length} more` : "";
    return node("li", kind === "alert" ? { class: "here" } : {}, node("strong", {}, words[kind] || kind), " " + named.join("; ") + more);
  });
  if (!steps.length) return say("thread", "Nothing is recorded for this alert yet.");
  const whole = table(`${edges.length} edges`, ["from", "", "to"], edges.map((edge) => [edge.from, edge.type, edge.to]));
  return byId("thread").replaceChildren(
    node("p", {}, `${alert.kind} on ${alert.device}, ${clock(alert.ts)}: from the sensor rows down to the ledger.`),
    node("ol", { class: "thread" }, ...steps),
    node("details", {}, node("summary", {}, `All ${edges.length} edges`), whole),
    node("p", { class: "soft" }, node("code", {}, `pilotage lineage show ${alert.id} --up`)));
}

// ---- keeping it live ----
let busy = false;
async function refresh() {
  if (busy) return;
  busy = true;
  try {
    await loadAlerts().catch(fail("alerts"));
    await Promise.all([loadDevices().then(loadChart).catch(fail("chart")), loadRollouts().catch(fail("rollouts"))]);
  } finally {
    busy = false;
  }
}

byId("device").addEventListener("change", () => loadChart().catch(fail("chart")));
byId("signals").addEventListener("change", () => { limit(); loadChart().catch(fail("chart")); });
addEventListener("resize", draw);
refresh();
// One pause collects bursts: the page refreshes at most every two seconds, however fast events come.
let due = false;
const later = () => { if (!due && !document.hidden) { due = true; setTimeout(() => { due = false; refresh(); }, 2000); } };
const age = (text) => { if (byId("age").textContent !== text) byId("age").textContent = text; };
const source = new EventSource("/api/v1/events");
for (const kind of ["event", "presence", "telemetry", "missed"]) source.addEventListener(kind, later);
source.onopen = () => { age("live"); later(); };
source.onerror = () => age("not live: no connection since " + new Date().toISOString().slice(11, 19) + " UTC; what stands here is from before");
document.addEventListener("visibilitychange", later);
setInterval(later, 10000);
