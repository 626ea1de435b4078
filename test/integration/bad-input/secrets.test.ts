import assert from "node:assert/strict";
import type { Fault } from "../../../src/receiver/fault.ts";
import { type Receiver, startReceiver } from "../../../src/receiver/receiver.ts";
import { freePort } from "../../free-port.ts";
import { Service } from "./service.ts";
import { telemetryTo } from "./telemetry.ts";

/** Stands in every place where people put secrets. */
const SECRET = "hunter2";

interface Row {
  readonly title: string;
  /** @param place the receiver's `host:port`. */
  readonly env: (place: string) => Readonly<Record<string, string>>;
  readonly fault?: Fault;
  /** How many lines of ours there are. */
  readonly lines: number;
}

const failing: Fault = { kind: "status", status: 500 };
const inAddress = (place: string): string =>
  `http://user:${SECRET}@${place}/${SECRET}?token=${SECRET}`;

const rows: readonly Row[] = [
  {
    title: "headers, one of which is no header",
    env: () => ({
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${SECRET},Bearer ${SECRET}`,
    }),
    lines: 1,
  },
  {
    title: "the headers of a collector that refuses",
    env: () => ({
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${SECRET},x-api-key=${SECRET}`,
    }),
    fault: failing,
    lines: 2,
  },
  {
    title: "the address of a collector that refuses",
    env: (place) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: inAddress(place) }),
    fault: failing,
    lines: 2,
  },
  {
    title: "the address of a collector that isn't there",
    env: (place) => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: inAddress(place),
      OTEL_LOGS_EXPORTER: "none",
      SENTRY_DSN: "",
    }),
    lines: 1,
  },
  {
    title: "an address that can't be parsed",
    env: (place) => ({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${inAddress(place)}[`.slice(5) }),
    lines: 1,
  },
  {
    title: "a DSN without a project",
    env: (place) => ({ SENTRY_DSN: `http://${SECRET}:${SECRET}@${place}/` }),
    lines: 1,
  },
  {
    title: "the DSN of a Sentry that refuses",
    env: (place) => ({ SENTRY_DSN: `http://${SECRET}:${SECRET}@${place}/1` }),
    fault: { ...failing, signal: "events" },
    lines: 1,
  },
  {
    title: "a key where the path of its file belongs",
    env: () => ({
      OTEL_EXPORTER_OTLP_CLIENT_KEY: `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END-----`,
    }),
    lines: 1,
  },
];

describe("Secrets never stand on stderr", () => {
  let receiver: Receiver;

  before(async () => {
    receiver = await startReceiver();
  });

  afterEach(() => Service.endAll());

  after(() => receiver.close());

  for (const { title, env, fault, lines } of rows) {
    it(`of ${title}`, async () => {
      receiver.setFaults(...(fault === undefined ? [] : [fault]));
      const isAway = title.endsWith("isn't there");
      const place = `127.0.0.1:${isAway ? await freePort() : receiver.port}`;
      const service = await Service.start({
        ...telemetryTo(receiver),
        ...env(place),
        OTEL_EXPORTER_OTLP_TIMEOUT: "1500",
      });
      await service.ask("/fail");
      await service.ask();
      await service.complains((stderr) => stderr.split("\n").length > lines);
      await service.end();
      assert.ok(!service.stderr.includes(SECRET), service.stderr);
      assert.equal(service.stderr.split("\n").length - 1, lines, service.stderr);
    });
  }

  it("not even where telltale says all that it can", async () => {
    receiver.setFaults(failing);
    const service = await Service.start({
      ...telemetryTo(receiver),
      OTEL_EXPORTER_OTLP_ENDPOINT: inAddress(`127.0.0.1:${receiver.port}`),
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=${SECRET}`,
      SENTRY_DSN: `http://${SECRET}@127.0.0.1:${receiver.port}/1`,
      OTEL_LOG_LEVEL: "all",
    });
    await service.ask("/fail");
    await service.ask();
    await service.complains(
      (stderr) => /cannot send (spans|log records)/.test(stderr) && /Sentry/.test(stderr),
    );
    await service.end();
    assert.ok(!service.stderr.includes(SECRET), service.stderr);
  });
});
