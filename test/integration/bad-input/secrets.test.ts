import assert from "node:assert/strict";
import type { Fault } from "../../../src/testing/fault.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { ServiceProcess } from "./service.ts";
import { quickTelemetryEnv } from "./quick-telemetry-env.ts";

/** Used wherever a secret is configured. */
const SECRET = "hunter2";

interface Row {
  readonly title: string;
  /** @param address the receiver's `host:port`. */
  readonly env: (address: string) => Readonly<Record<string, string>>;
  readonly fault?: Fault;
  /** Whether nothing listens at the address. */
  readonly isUnreachable?: true;
  /** Number of telltale's lines. */
  readonly lines: number;
}

const failing: Fault = { kind: "status", status: 500 };
const inAddress = (address: string): string =>
  `http://user:${SECRET}@${address}/${SECRET}?token=${SECRET}`;

const rows: readonly Row[] = [
  {
    title: "headers with an invalid one",
    env: () => ({
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${SECRET},Bearer ${SECRET}`,
    }),
    lines: 1,
  },
  {
    title: "the headers of a collector that rejects exports",
    env: () => ({
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${SECRET},x-api-key=${SECRET}`,
    }),
    fault: failing,
    lines: 2,
  },
  {
    title: "the address of a collector that rejects exports",
    env: (address) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: inAddress(address) }),
    fault: failing,
    lines: 2,
  },
  {
    title: "the address of an unreachable collector",
    env: (address) => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: inAddress(address),
      OTEL_LOGS_EXPORTER: "none",
      SENTRY_DSN: "",
    }),
    isUnreachable: true,
    lines: 1,
  },
  {
    title: "an address that can't be parsed",
    env: (address) => ({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${inAddress(address)}[`.slice(5) }),
    lines: 1,
  },
  {
    title: "a DSN without a project",
    env: (address) => ({ SENTRY_DSN: `http://${SECRET}:${SECRET}@${address}/` }),
    lines: 1,
  },
  {
    title: "the DSN of a Sentry that rejects events",
    env: (address) => ({ SENTRY_DSN: `http://${SECRET}:${SECRET}@${address}/1` }),
    fault: { ...failing, signal: "events" },
    lines: 1,
  },
  {
    title: "a key in place of the path of its file",
    env: () => ({
      OTEL_EXPORTER_OTLP_CLIENT_KEY: `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END-----`,
    }),
    lines: 1,
  },
];

describe("Secrets never appear on stderr", () => {
  let receiver: Receiver;

  before(async () => {
    receiver = await startReceiver();
  });

  afterEach(() => ServiceProcess.killAll());

  after(() => receiver.close());

  for (const { title, env, fault, isUnreachable, lines } of rows) {
    it(`of ${title}`, async () => {
      receiver.setFaults(...(fault === undefined ? [] : [fault]));
      const port = isUnreachable === true ? await freePort() : receiver.port;
      const address = `127.0.0.1:${port}`;
      const service = await ServiceProcess.start({
        ...quickTelemetryEnv(receiver),
        ...env(address),
        // On a busy machine an answer may take longer.
        ...(isUnreachable === true && { OTEL_EXPORTER_OTLP_TIMEOUT: "1500" }),
      });
      await service.get("/fail");
      await service.get();
      await service.waitForStderr((stderr) => stderr.split("\n").length > lines);
      await service.end();
      assert.ok(!service.stderr.includes(SECRET), service.stderr);
      assert.equal(service.stderr.split("\n").length - 1, lines, service.stderr);
    });
  }

  it("even at the level of all messages", async () => {
    receiver.setFaults(failing);
    const service = await ServiceProcess.start({
      ...quickTelemetryEnv(receiver),
      OTEL_EXPORTER_OTLP_ENDPOINT: inAddress(`127.0.0.1:${receiver.port}`),
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=${SECRET}`,
      SENTRY_DSN: `http://${SECRET}@127.0.0.1:${receiver.port}/1`,
      OTEL_LOG_LEVEL: "all",
    });
    await service.get("/fail");
    await service.get();
    await service.waitForStderr(
      (stderr) => /cannot send (spans|log records)/.test(stderr) && /Sentry/.test(stderr),
    );
    await service.end();
    assert.ok(!service.stderr.includes(SECRET), service.stderr);
  });
});
