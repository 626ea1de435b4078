import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath, pathToFileURL } from "node:url";
import { W3cHarness } from "./harness.ts";
import { check, type SendRequest, suite } from "../../traces/propagation/w3c-suite.ts";

const service = fileURLToPath(new URL("service.mjs", import.meta.url));
const register = pathToFileURL(
  fileURLToPath(new URL("../../../dist/register.js", import.meta.url)),
).href;

for (const client of ["http", "fetch"]) {
  describe(`The W3C's suite, with a preloaded service that calls by ${client}`, () => {
    let child: ChildProcess;
    let port: number;
    const harness = new W3cHarness();

    before(async () => {
      await harness.listen();
      child = spawn(process.execPath, ["--import", register, service, client], {
        stdio: ["ignore", "pipe", "inherit"],
        env: {
          PATH: process.env["PATH"],
          OTEL_TRACES_EXPORTER: "none",
          OTEL_METRICS_EXPORTER: "none",
          OTEL_LOGS_EXPORTER: "none",
          OTEL_EXPORTER_PROMETHEUS_PORT: "0",
        },
      });
      const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
      port = Number(line.toString());
    });

    after(async () => {
      child.kill();
      await once(child, "exit");
      harness.close();
    });

    const send: SendRequest = (headers, calls) => harness.send(port, headers, calls);
    for (const one of suite) {
      it(one.name, () => check(one, send));
    }
  });
}
