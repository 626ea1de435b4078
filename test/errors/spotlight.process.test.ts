import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { freePort } from "../free-port.ts";
import { bundlePrograms, type BundledPrograms, type ProcessResult } from "./preload.ts";

describe("Spotlight", () => {
  let programs: BundledPrograms;
  let sentry: Receiver;
  let spotlight: Receiver;
  before(async () => {
    [programs, sentry, spotlight] = await Promise.all([
      bundlePrograms(["secretive.ts"]),
      startReceiver(),
      startReceiver(),
    ]);
  });
  beforeEach(() => {
    sentry.clear();
    spotlight.clear();
  });
  after(() => Promise.all([programs.remove(), sentry.close(), spotlight.close()]));

  const run = async (
    end: string,
    env: Readonly<Record<string, string>>,
  ): Promise<ProcessResult> => {
    const ended = await programs.run("secretive.ts", {
      args: [end],
      env: {
        OTEL_LOG_LEVEL: "warn",
        OTEL_TRACES_EXPORTER: "otlp",
        OTEL_EXPORTER_OTLP_ENDPOINT: sentry.url,
        ...env,
      },
    });
    await Promise.all([sentry.settled(), spotlight.settled()]);
    return ended;
  };
  /** The receiver takes envelopes at the path of a project. */
  const address = (): string => `${spotlight.url}/api/7/envelope/`;
  const idsOf = ({ events }: Receiver): string[] =>
    events.map(({ event_id: id }) => String(id)).toSorted();
  const ownLines = ({ stderr }: ProcessResult): string[] =>
    stderr.split("\n").filter((line) => line.startsWith("telltale: "));

  for (const [end, code, events] of [
    ["flush", 0, 3],
    ["exit", 3, 1],
    ["fatal", 1, 1],
  ] as const) {
    it(`gets the same events as Sentry (${end})`, async () => {
      const ended = await run(end, { SENTRY_DSN: sentry.dsn, SENTRY_SPOTLIGHT: address() });
      assert.deepEqual([ended.code, ownLines(ended)], [code, []]);
      assert.equal(spotlight.events.length, events);
      assert.deepEqual(idsOf(spotlight), idsOf(sentry));
    });

    it(`gets the events without a DSN (${end})`, async () => {
      const ended = await run(end, { SENTRY_SPOTLIGHT: address() });
      assert.deepEqual([ended.code, ownLines(ended)], [code, []]);
      assert.deepEqual([spotlight.events.length, sentry.events.length], [events, 0]);
    });
  }

  it("gets filtered events only, in requests without spans", async () => {
    const env = { SENTRY_DSN: sentry.dsn, SENTRY_SPOTLIGHT: address() };
    await run("flush", { ...env, TELLTALE_IGNORE_ERRORS: "drop me,wrong" });
    assert.deepEqual([spotlight.events.length, sentry.events.length], [1, 1]);
    assert.deepEqual(sentry.spans, []);
    const [{ headers } = assert.fail()] = spotlight.requests;
    assert.equal(headers["content-type"], "application/x-sentry-envelope");
  });

  it("is off by default, and with a false value", async () => {
    await run("flush", { SENTRY_DSN: sentry.dsn, SENTRY_SPOTLIGHT: "off" });
    assert.deepEqual([spotlight.items.length, sentry.events.length], [0, 3]);
  });

  for (const withDsn of [true, false]) {
    it(`causes one line if it does not run, ${withDsn ? "and Sentry gets the events" : "without a DSN"}`, async () => {
      const port = await freePort();
      const ended = await run("flush", {
        ...(withDsn && { SENTRY_DSN: sentry.dsn }),
        SENTRY_SPOTLIGHT: `http://127.0.0.1:${port}/stream`,
        TELLTALE_FLUSH_TIMEOUT: "500",
      });
      assert.equal(ended.code, 0);
      assert.equal(sentry.events.length, withDsn ? 3 : 0);
      const [line = "", ...others] = ownLines(ended);
      assert.ok(
        line.startsWith(
          `telltale: Spotlight at 127.0.0.1:${port} can't be reached (ECONNREFUSED); `,
        ),
        ended.stderr,
      );
      assert.deepEqual(others, []);
    });
  }

  it("causes a warning in production", async () => {
    const env = { SENTRY_SPOTLIGHT: address(), NODE_ENV: "production" };
    const ended = await run("flush", env);
    assert.deepEqual(ownLines(ended), [
      `telltale: SENTRY_SPOTLIGHT is set in production: it is for development, and events are sent to ${spotlight.url}/***`,
    ]);
    assert.equal(spotlight.events.length, 3);
  });
});
