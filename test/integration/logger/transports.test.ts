import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { isDocumentedMessage } from "../bad-input/documented-messages.ts";
import { preload, Program } from "../program.ts";

interface FaultRow {
  readonly title: string;
  readonly fault: string;
  readonly lines?: number;
  /** The one line on stderr. */
  readonly message: string;
}

const faults: readonly FaultRow[] = [
  {
    title: "a format that throws",
    fault: "format",
    message: "logger api: a line was not written: format broke (transport Faulty)",
  },
  {
    title: "a method that throws",
    fault: "throws",
    message: "logger api: a line was not written: transport broke (transport Faulty)",
  },
  { title: "an error", fault: "fails", message: "logger api: disk full" },
  {
    title: "lines that it never takes",
    fault: "hangs",
    lines: 12_000,
    message:
      "logger api: the transport Faulty takes no lines; too many wait for it, and further ones are dropped there, while other transports get them",
  },
];

const quiet = {
  NODE_ENV: "test",
  OTEL_TRACES_EXPORTER: "none",
  OTEL_LOGS_EXPORTER: "none",
  OTEL_METRICS_EXPORTER: "none",
  OTEL_EXPORTER_PROMETHEUS_PORT: "0",
};

describe("A transport of a logger of telltale/logger", () => {
  const file = fileURLToPath(new URL("apps/transports.mjs", import.meta.url));
  for (const { how, flags } of [
    { how: "with the preload", flags: preload.import },
    { how: "without it", flags: [] },
  ]) {
    for (const { title, fault, message, lines = 20 } of faults) {
      for (const when of ["at once", "later"]) {
        it(`with ${title} is reported in one line, and the others get every line, ${how}, added ${when}`, async () => {
          const program = new Program({ file, flags, args: [fault, `${lines}`, when], env: quiet });
          const { code, stdout, stderr } = await program.ended;
          assert.equal(stderr, `telltale: ${message}\n`);
          // The text of an error is that of the transport.
          if (fault !== "fails") assert.ok(isDocumentedMessage(message), message);
          assert.deepEqual([code, stdout], [0, `${lines} true true\nafter 1 1\n`]);
        });
      }
    }
  }
});
