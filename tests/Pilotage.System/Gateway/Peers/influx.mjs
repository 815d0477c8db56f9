// InfluxDB's client for JavaScript. influx.mjs URL TOKEN ORG DEVICE COUNT [LINE]: writes COUNT numbered points of a device, a second apart,
// and then a line as it stands. Says "stored COUNT" once every write was answered, or "failed STATUS" and what the server said.
import { createRequire } from "node:module";

const { InfluxDB, Point, HttpError } = createRequire(new URL("../../../../artifacts/peers/", import.meta.url))("@influxdata/influxdb-client");

const [url, token, org, device, count, line] = process.argv.slice(2);
const firstMs = 1_700_000_000_000;
let failure;

// Its defaults pack what is larger than 1,000 bytes; the small batches among these go as they are.
const api = new InfluxDB({ url, token }).getWriteApi(org, "any", "ms", {
  batchSize: 400,
  maxRetries: 0,
  writeFailed: (error) => {
    failure ??= error;
  },
});

for (let i = 0; i < Number(count); i++) {
  api.writePoint(
    new Point("pump").tag("device", device).intField("n", i).floatField("half", i / 2).booleanField("even", i % 2 === 0).timestamp(firstMs + 1000 * i));
}

if (line) {
  await api.flush().catch((error) => (failure ??= error));
  api.writeRecord(line);
}

await api.close().catch((error) => (failure ??= error));
const said = failure instanceof HttpError ? `${failure.statusCode} ${failure.json?.code}: ${failure.json?.message}` : failure?.message;
process.stdout.write(failure ? `failed ${said}\n` : `stored ${count}\n`);
process.exit(failure ? 1 : 0);
