// MQTT.js as one of the peers; PeerCall.cs says what the command line means and what the lines are.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

const mqtt = createRequire(new URL("../../../../artifacts/peers/", import.meta.url))("mqtt");

const text = { type: "string" };
const flag = { type: "boolean", default: false };
const { values: asked, positionals: [mode, url] } = parseArgs({
  allowPositionals: true,
  options: {
    version: text, id: text, ca: text, cert: text, key: text, topic: text, payload: text, count: text, response: text,
    correlation: text, expiry: text, "will-topic": text, "will-payload": text,
    qos: { ...text, multiple: true }, user: { ...text, multiple: true, default: [] }, retain: flag, lasting: flag,
  },
});
const isV5 = asked.version === "5";
const file = (name) => (name ? readFileSync(name) : undefined);
const say = (line) => process.stdout.write(`${line}\n`);

const client = mqtt.connect(url, {
  protocolVersion: isV5 ? 5 : 4,
  clientId: asked.id,
  clean: !asked.lasting,
  reconnectPeriod: asked.lasting ? 100 : 0,
  properties: isV5 && asked.lasting ? { sessionExpiryInterval: 600 } : undefined,
  will: asked["will-topic"] ? { topic: asked["will-topic"], payload: asked["will-payload"], qos: 1 } : undefined,
  ca: file(asked.ca), cert: file(asked.cert), key: file(asked.key),
});

const end = (code) => client.end(code !== 0, () => process.exit(code));

client.on("packetreceive", (packet) => {
  const code = packet.reasonCode ?? packet.returnCode;
  if (packet.cmd === "connack" && code !== 0) {
    say(`refused ${code} ${packet.properties?.reasonString ?? ""}`);
    process.exit(1);
  }
});
// A lasting client comes back by itself; any other ends with its connection.
client.on("error", (error) => process.stderr.write(`${error.message}\n`));
client.on("close", () => { if (!asked.lasting && !client.disconnecting) process.exit(1); });

const publish = (payload, qos) => client.publishAsync(asked.topic, payload, {
  qos: Number(qos),
  retain: asked.retain,
  properties: isV5 ? {
    userProperties: asked.user.length ? users() : undefined,
    responseTopic: asked.response,
    correlationData: asked.correlation ? Buffer.from(asked.correlation) : undefined,
    messageExpiryInterval: asked.expiry ? Number(asked.expiry) : undefined,
  } : undefined,
});

// MQTT.js keeps user properties as an object; a name that occurs twice has a list of values.
function users() {
  const all = Object.create(null);
  for (const [name, value] of asked.user.map((pair) => pair.split("="))) {
    all[name] = name in all ? [all[name], value].flat() : value;
  }
  return all;
}

// Heard from the start: what a resumed session missed can come before MQTT.js says that it is connected.
let missing = asked.count === undefined ? Infinity : Number(asked.count);
let subscribed = false;
client.on("message", (topic, payload, { qos, retain, properties: more = {} }) => {
  say(`message ${JSON.stringify({
    topic, payload: payload.toString(), qos, retain: Number(retain),
    user: Object.entries(more.userProperties ?? {}).flatMap(([name, list]) => [list].flat().map((v) => `${name}:${v}`)).join(" "),
    response: more.responseTopic ?? "",
    correlation: more.correlationData?.toString() ?? "",
    expiry: more.messageExpiryInterval?.toString() ?? "",
  })}`);
  missing -= 1;
  if (subscribed && missing === 0) end(0);
});

const modes = {
  async subscribe() {
    await client.subscribeAsync(asked.topic, { qos: Number(asked.qos[0]) });
    subscribed = true;
    say("subscribed");
    if (missing <= 0) end(0);
  },
  async publish() {
    for (const qos of asked.qos) {
      await publish(asked.payload, qos);
      say(`published ${qos}`);
    }
    end(0);
  },
  async stream() {
    const under = [];
    for await (const line of createInterface({ input: process.stdin })) {
      under.push(publish(line, asked.qos[0]).then(() => say(`published ${line}`)));
    }
    await Promise.all(under);
    end(0);
  },
};
client.once("connect", () => modes[mode]().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
}));
