// The same model through onnxruntime-node: node bench.mjs MODEL COLUMNS CALLS [ROWS], one JSON object on standard output.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(`${process.cwd()}/`));
const ort = require("onnxruntime-node");
const [model, columns, calls, rows] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4]), Number(process.argv[5] ?? 1)];
const session = await ort.InferenceSession.create(model, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: "sequential",
  graphOptimizationLevel: "all",
});
const row = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i));
const call = () => session.run({ input: new ort.Tensor("float32", row, [rows, columns]) });
for (let i = 0; i < 2000; i++) await call();
const took = new Float64Array(calls);
const cpu = process.cpuUsage();
for (let i = 0; i < calls; i++) {
  const start = process.hrtime.bigint();
  await call();
  took[i] = Number(process.hrtime.bigint() - start) / 1e3;
}
const { user, system } = process.cpuUsage(cpu);
took.sort();
console.log(JSON.stringify({
  version: require("onnxruntime-node/package.json").version,
  cpuUs: (user + system) / calls,
  p50Us: took[calls >> 1],
  p99Us: took[Math.floor(calls * 0.99)],
}));
