// What a user would assemble: telemetry in JSON from a broker, into a time-series store in line protocol.
// node bridge.mjs MQTT_URL WRITE_URL FILTER      prints "ready" once subscribed; MQTT.js must be found in node_modules
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";

const mqtt = createRequire(path.join(process.cwd(), "x.js"))("mqtt");
const [from, to, filter] = process.argv.slice(2);
const url = new URL(to);
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
const linesPerWrite = 5000;
const flushEveryMs = 500;
let lines = [];

const client = mqtt.connect(from, {
  protocolVersion: 5,
  clientId: "bridge",
  clean: false,
  properties: { sessionExpiryInterval: 3600, receiveMaximum: 65535 },
});
client.on("connect", () => client.subscribe(filter, { qos: 1 }, () => console.log("ready")));
client.on("message", (topic, payload) => {
  const message = JSON.parse(payload);
  const v = message.values;
  const device = topic.split("/").at(-2);
  lines.push(`tele,device=${device} seq=${v.seq},temp=${v.temp},vib=${v.vib},amps=${v.amps},rpm=${v.rpm} ${message.ts}`);
  if (lines.length >= linesPerWrite) {
    flush();
  }
});

function flush() {
  if (lines.length === 0) {
    return;
  }

  const body = lines.join("\n") + "\n";
  lines = [];
  const options = { hostname: url.hostname, port: url.port, path: url.pathname + url.search, method: "POST", agent };
  const request = http.request({ ...options, headers: { "Content-Length": Buffer.byteLength(body) } }, (answer) => {
    answer.resume();
    if (answer.statusCode >= 300) {
      console.error("write", answer.statusCode);
    }
  });
  request.on("error", (fault) => console.error(fault.message));
  request.end(body);
}

setInterval(flush, flushEveryMs);
