// The live parts of the page: signals and inference on one axis, rollouts, the thread of an alert. Reads the API, changes nothing.
"use strict";
const api = async (path) => {
  const response = await fetch("/api/v1/" + path, { headers: { accept: "application/json" } });
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Error((body && body.detail) || `${path} answered ${response.status}`);
  return body;
};
const rows = (body) => (Array.isArray(body) ? body : (body && body.items) || []);
const el = (tag, text, cls) => {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (cls) node.className = cls;
  return node;
};
const byId = (id) => document.getElementById(id);
const say = (id, text, cls) => byId(id).replaceChildren(el("p", text, cls || "soft"));
const fail = (id) => (error) => say(id, "Could not load this: " + error.message, "bad");
const number = (value) => (typeof value === "number" ? String(Math.round(value * 1000) / 1000) : value === null || value === undefined ? "–" : String(value));
const text = (value) => (Array.isArray(value) ? value.map(text).join(", ") : value !== null && typeof value === "object" ? Object.values(value).map(text).join(" ") : number(value));

function table(id, heads, lines, empty) {
  if (!lines.length) return say(id, empty);
  const node = el("table");
  const head = node.createTHead().insertRow();
  for (const title of heads) { const cell = el("th", title); cell.scope = "col"; head.append(cell); }
  const body = node.createTBody();
  for (const line of lines) {
    const row = body.insertRow();
    for (const cell of line) { const td = row.insertCell(); td.append(cell instanceof Node ? cell : document.createTextNode(cell)); }
  }
  byId(id).replaceChildren(node);
}

// Points as [ms, value], whatever time form they come in.
const points = (body) => rows(body && body.points ? body.points : body).map((p) =>
  Array.isArray(p) ? [typeof p[0] === "number" ? p[0] : Date.parse(p[0]), p[1]]
    : [p.timeNs !== undefined ? p.timeNs / 1e6 : Date.parse(p.ts || p.time || p.at), p.value ?? p.avg ?? p.last]).filter((p) => Number.isFinite(p[0]) && Number.isFinite(p[1]));

const svg = (tag, attributes, content) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (content !== undefined) node.textContent = content;
  return node;
};

function chart(id, signal, model, alarms, names) {
  const all = [...signal, ...model];
  if (!all.length) return say(id, "No data yet: points appear here as the device sends them.");
  const [w, h, left, right, bottom] = [1000, 280, 56, 56, 24];
  const [from, to] = [Math.min(...all.map((p) => p[0])), Math.max(...all.map((p) => p[0]))];
  const x = (t) => left + ((t - from) / Math.max(1, to - from)) * (w - left - right);
  const scale = (data) => {
    const [low, high] = [Math.min(...data.map((p) => p[1])), Math.max(...data.map((p) => p[1]))];
    return { low, high, y: (v) => h - bottom - ((v - low) / (high - low || 1)) * (h - bottom - 16) };
  };
  const root = svg("svg", { viewBox: `0 0 ${w} ${h}`, role: "img", "aria-label": `${names.signal} and ${names.model} over time, ${signal.length} and ${model.length} points, ${alarms.length} alerts` });
  root.append(svg("line", { class: "axis", x1: left, x2: w - right, y1: h - bottom, y2: h - bottom }));
  for (const [data, cls, anchor, at] of [[signal, "signal", "start", 0], [model, "model", "end", w]]) {
    if (!data.length) continue;
    const s = scale(data);
    root.append(svg("polyline", { class: cls, points: data.map((p) => `${x(p[0]).toFixed(1)},${s.y(p[1]).toFixed(1)}`).join(" ") }));
    root.append(svg("text", { class: cls + "-text", x: at, y: 12, "text-anchor": anchor }, number(s.high)), svg("text", { class: cls + "-text", x: at, y: h - bottom, "text-anchor": anchor }, number(s.low)));
  }
  for (const t of alarms) root.append(svg("line", { class: "alarm", x1: x(t), x2: x(t), y1: 0, y2: h - bottom }));
  root.append(svg("text", { x: left, y: h - 6 }, new Date(from).toISOString().slice(0, 16)), svg("text", { x: w - right, y: h - 6, "text-anchor": "end" }, new Date(to).toISOString().slice(0, 16)));
  const legend = el("p", `— ${names.signal}   - - ${names.model}   | alert`, "soft");
  byId(id).replaceChildren(root, legend);
}

const propertiesOf = async (device) => rows(await api(`devices/${encodeURIComponent(device)}/series`)).map((one) => one.property);

let alerts = [];
async function loadChart() {
  const [device, property] = [byId("device").value, byId("property").value];
  if (!device || !property) return say("chart", "No device yet: it appears when the first one enrols.");
  const series = (name) => api(`devices/${encodeURIComponent(device)}/series/${name.split("/").map(encodeURIComponent).join("/")}?points=1000`).then(points);
  const inferred = (await propertiesOf(device)).filter((name) => name.includes("@"));
  const [signal, ...models] = await Promise.all([series(property), ...inferred.map(series)]);
  const model = models.flat().sort((a, b) => a[0] - b[0]);
  const own = alerts.filter((alert) => alert.device === device).map((alert) => Date.parse(alert.ts));
  chart("chart", signal, model, own, { signal: property, model: inferred.length ? inferred[0].replace(/@.*\//, " → ") : "no inference yet" });
}

async function loadDevices() {
  const devices = rows(await api("devices")).filter((device) => device.thing !== "edge");
  const wanted = byId("device").value || (devices.find((device) => device.edge) || devices[0] || {}).id;
  byId("device").replaceChildren(...devices.map((device) => { const option = el("option", device.id); option.value = device.id; option.selected = device.id === wanted; return option; }));
  if (wanted && !byId("property").options.length) {
    const names = (await propertiesOf(wanted)).filter((name) => !name.includes("@"));
    byId("property").replaceChildren(...names.map((name) => { const option = el("option", name); option.value = name; return option; }));
    const usual = names.find((name) => name === "ps30" || name === "vibration");
    if (usual) byId("property").value = usual;
  }
}

async function loadRollouts() {
  const lines = [];
  for (const rollout of rows(await api("rollouts"))) {
    const whole = await api(`rollouts/${encodeURIComponent(rollout.id)}`).catch(() => rollout);
    lines.push([rollout.id, text(whole.release), text(whole.status), text(whole.wavesPassed), text(rollout.touched), text(whole.haltedBy), text(whole.cause)]);
    for (const device of rows(whole.devices)) {
      lines.push(["", text(device.device), text(device.phase), text(device.wave), "", "", text(device.cause)]);
    }
  }
  const empty = "No rollout yet: it appears when a release is offered to the first wave.";
  table("rollouts", ["rollout", "release / device", "status", "wave", "touched", "halted by", "cause"], lines, empty);
}

async function loadAlerts() {
  alerts = rows(await api("alerts?limit=200"));
  table("alerts", ["alert", "device", "time", "kind", "score", "verdict", ""], alerts.slice(0, 50).map((alert) => {
    const button = el("button", "thread");
    button.addEventListener("click", () => loadThread(alert.id).catch(fail("thread")));
    return [alert.id, alert.device, alert.ts, alert.kind, number(alert.score), alert.verdict ? alert.verdict.answer : "none yet", button];
  }), "No alert yet: they appear when a model sees something.");
}

async function loadThread(id) {
  say("thread", "Loading…");
  const walk = async (direction) => { const body = await api(`lineage?node=${encodeURIComponent("alert:" + id)}&direction=${direction}`); return rows(body.edges || body); };
  const [up, down] = await Promise.all([walk("up"), walk("down")]);
  const name = (node) => (node && typeof node === "object" ? `${node.kind}:${node.id}` : String(node));
  table("thread", ["", "from", "", "to"], [...up.map((edge) => ["came from", name(edge.from), edge.type, name(edge.to)]), ...down.map((edge) => ["led to", name(edge.from), edge.type, name(edge.to)])], "Nothing is recorded for this alert yet.");
  byId("thread").scrollIntoView({ block: "nearest" });
}

async function refresh() {
  await Promise.all([loadAlerts().catch(fail("alerts")), loadDevices().catch(fail("chart")), loadRollouts().catch(fail("rollouts"))]);
  await loadChart().catch(fail("chart"));
}

for (const id of ["device", "property"]) byId(id).addEventListener("change", () => loadChart().catch(fail("chart")));
byId("age").textContent = "live";
refresh();
// One pause collects bursts: the page refreshes at most every two seconds, however fast events come.
let due = false;
const later = () => { if (!due && !document.hidden) { due = true; setTimeout(() => { due = false; refresh(); }, 2000); } };
const source = new EventSource("/api/v1/events");
for (const kind of ["alert", "event", "stop", "reported", "telemetry", "state", "message"]) source.addEventListener(kind, later);
source.onopen = () => { byId("age").textContent = "live"; };
source.onerror = () => { byId("age").textContent = "not live: no connection since " + new Date().toISOString().slice(11, 19); };
document.addEventListener("visibilitychange", later);
setInterval(later, 5000);
