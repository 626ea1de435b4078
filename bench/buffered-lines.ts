import { fileURLToPath } from "node:url";
import { Program } from "../test/integration/program.ts";
import { preload } from "./benched-apps.ts";

/*
 * Measures with `node bench/buffered-lines.ts` the CPU time of a line below the level of its
 * logger, in jobs that succeed, without and with `TELLTALE_LOG_BUFFER`.
 */
const file = fileURLToPath(new URL("apps/buffered-lines.js", import.meta.url));
const table: Record<string, unknown> = {};
for (const level of ["", "debug"]) {
  const program = new Program({
    file,
    flags: preload(),
    env: {
      OTEL_TRACES_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
      OTEL_EXPORTER_PROMETHEUS_PORT: "0",
      TELLTALE_LOG_BUFFER: level,
    },
  });
  const { stdout, stderr } = await program.ended;
  process.stderr.write(stderr);
  table[level === "" ? "not buffered" : "buffered and forgotten"] = JSON.parse(stdout);
}
console.table(table);
