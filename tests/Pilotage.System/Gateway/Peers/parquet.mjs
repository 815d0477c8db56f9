// Two readers of Parquet that others wrote. parquet.mjs duckdb|hyparquet FILE OUT: writes a line for each row of FILE in the order in which it stands
// there: device|property|time in nanoseconds|value as the bits of a double|whole|truth|text|unit|quality, nothing where there is nothing.
// DuckDB keeps microseconds of a time, so that is all it is asked for. Says "read COUNT".
import { createWriteStream } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const peers = createRequire(new URL("../../../../artifacts/peers/", import.meta.url));
const load = (name) => import(pathToFileURL(peers.resolve(name)));
const [reader, file, out] = process.argv.slice(2);

function bits(value) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

const output = createWriteStream(out);
let count = 0;
function tell(row) {
  const cells = [row.device, row.property, row.ts, row.value == null ? "" : bits(row.value), row.whole, row.truth, row.text, row.unit, row.quality];
  output.write(cells.map((cell) => (cell == null ? "" : String(cell).replaceAll("\n", "\\n"))).join("|") + "\n");
  count++;
}

if (reader === "duckdb") {
  const { DuckDBInstance } = peers("@duckdb/node-api");
  const connection = await (await DuckDBInstance.create(":memory:", { threads: "2" })).connect();
  const sql = `SELECT device, property, epoch_us(ts) AS ts, value, whole, truth, text, unit, quality FROM read_parquet('${file}')`;
  const result = await connection.stream(sql);
  const names = result.columnNames();
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    for (const row of chunk.getRows()) {
      tell(Object.fromEntries(names.map((name, at) => [name, row[at]])));
    }
  }

  // Conditions skip row groups by their statistics; of a copy in memory they skip nothing.
  await connection.run(`CREATE TABLE copy AS SELECT * FROM read_parquet('${file}')`);
  const some = (await connection.runAndReadAll("SELECT device, property, epoch_us(ts), value, whole FROM copy USING SAMPLE reservoir(20 ROWS) REPEATABLE (1)")).getRows();
  for (const [device, property, ts, value, whole] of some) {
    const conditions = [`device = '${device}'`, `property = '${property}'`, `property > '${property}'`, `ts >= make_timestamptz(${ts})`, `ts < make_timestamptz(${ts})`, "truth", "NOT truth", "unit = 'mm/s'", "quality = 'uncertain'"];
    if (value != null) {
      conditions.push(`value > ${value}::DOUBLE`, `value <= ${value}::DOUBLE`);
    }

    if (whole != null) {
      conditions.push(`whole >= ${whole}`, `whole < ${whole}`);
    }

    for (const condition of conditions) {
      const counts = [];
      for (const table of [`read_parquet('${file}')`, "copy"]) {
        counts.push((await connection.runAndReadAll(`SELECT count(*) FROM ${table} WHERE ${condition}`)).getRows()[0][0]);
      }

      if (counts[0] !== counts[1]) {
        process.stderr.write(`${condition} finds ${counts[0]} rows in place of ${counts[1]}\n`);
        process.exit(1);
      }
    }
  }
} else {
  const { asyncBufferFromFile, parquetReadObjects } = await load("hyparquet");
  const { compressors } = await load("hyparquet-compressors");
  const rows = await parquetReadObjects({
    file: await asyncBufferFromFile(file),
    compressors,
    parsers: { timestampFromNanoseconds: (ns) => ns },
  });
  rows.forEach(tell);
}

output.end(() => process.stdout.write(`read ${count}\n`, () => process.exit(0)));
