import { fileURLToPath } from "node:url";
import { Program } from "../test/integration/program.ts";
import { startHttpSink } from "./sink.ts";

/*
 * Measures with `node bench/log-line.ts` the microseconds of a line of pino and of
 * winston: bare, with ids, with ids and a record.
 */
const sink = await startHttpSink();
const exporting = {
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${sink.port}`,
  OTEL_EXPORTER_PROMETHEUS_PORT: "0",
  OTEL_BLRP_MAX_QUEUE_SIZE: "20000",
};
const variants = {
  bare: {},
  ids: { ...exporting, OTEL_LOGS_EXPORTER: "none" },
  "ids and a record": exporting,
};
for (const logger of ["pino", "winston"]) {
  const table: Record<string, unknown> = {};
  for (const [variant, env] of Object.entries(variants))
    table[variant] = await measure(logger, variant, env);
  process.stdout.write(`${logger}\n`);
  console.table(table);
}
sink.stop();

async function measure(
  logger: string,
  variant: string,
  env: Readonly<Record<string, string>>,
): Promise<unknown> {
  const program = new Program({
    file: fileURLToPath(new URL(`apps/${logger}-lines.js`, import.meta.url)),
    flags:
      variant === "bare" ? [] : ["--import", new URL("../dist/register.js", import.meta.url).href],
    env,
  });
  const { stdout, stderr } = await program.ended;
  process.stderr.write(stderr);
  return JSON.parse(stdout);
}
