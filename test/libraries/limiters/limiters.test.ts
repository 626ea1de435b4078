import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { ReceivedLog } from "../../../src/testing/received.ts";
import { Program, type ProgramResult } from "../../integration/program.ts";
import { node } from "../../nodes.ts";
import { programOrSkip } from "../../programs.ts";
import { type Redis, startRedis } from "../servers/redis.ts";
import { appFile, optionsOf, runPreloaded, withoutTimeLeft } from "./run.ts";
import { batchesOf, libraries, type LimiterLibrary, limiterVariants } from "./rows.ts";

/** A hit of a limiter, with the number of requests or calls. */
interface Hit {
  readonly limiter: string;
  /** `GET /path`; undefined outside of requests. */
  readonly request: string | undefined;
  readonly count: number;
}

describe("A rate limiter", () => {
  let redis: Redis;
  before(async function () {
    programOrSkip(this, "redis-server");
    redis = await startRedis();
  });
  after(() => redis?.stop());

  for (const library of libraries.flatMap(batchesOf)) {
    for (const { moduleSystem, node: nodeName } of limiterVariants) {
      describe(`of ${library.installed[0]}, ${moduleSystem}, Node ${nodeName}`, () => {
        let bare: ProgramResult;
        let preloaded: ProgramResult;
        let receiver: Receiver;
        let hits: readonly Hit[];
        before(async () => {
          const options = optionsOf(library, { moduleSystem, node: nodeName }, redis.url);
          receiver = await startReceiver();
          bare = await new Program(options).ended;
          preloaded = await runPreloaded(options, receiver);
          hits = hitsIn(receiver);
        });
        after(() => receiver.close());

        it("behaves as without the preload", () => {
          assert.equal(bare.code, 0, bare.stderr);
          assert.deepEqual(
            {
              code: preloaded.code,
              stdout: withoutTimeLeft(preloaded.stdout),
              stderr: preloaded.stderr,
            },
            { code: bare.code, stdout: withoutTimeLeft(bare.stdout), stderr: bare.stderr },
          );
        });

        for (const installed of library.installed) {
          it(`has one hit for each rejection, by the name of the limiter: ${installed}`, () => {
            const cases = library.cases.filter((one) => one.installed?.test(installed) !== false);
            for (const { name, results = /./ } of cases) {
              assert.match(resultOf(bare, `${installed} ${name}`), results, name);
            }
            assert.deepEqual(
              cases.map(({ name }) => [name, hitsOf(hits, library, installed, name)]),
              cases.map(({ name, hits: expected }) => [name, expected]),
            );
          });
        }

        it("has a security event of the first hit on each route, with its request, and no key", () => {
          const events = eventsIn(receiver);
          const firsts = events.filter(({ attributes }) => attributes["url.path"] !== undefined);
          for (const { attributes, traceId } of firsts) {
            for (const name of ["client.address", "telltale.request.id"]) {
              assert.ok(attributes[name] !== undefined, JSON.stringify(attributes));
            }
            assert.match(traceId ?? "", /^[\da-f]{32}$/);
          }
          const inRequests = hits.filter(({ request }) => request !== undefined);
          const named = ({ limiter, request }: Omit<Hit, "count">): string =>
            `${limiter} ${request}`;
          assert.deepEqual(
            firsts.map(({ attributes }) => named(limitedBy(attributes))).toSorted(),
            inRequests.map(named).toSorted(),
          );
          const all = (some: readonly Omit<Hit, "count">[]): string[] => [
            ...new Set(some.map(named).toSorted()),
          ];
          assert.deepEqual(all(events.map(({ attributes }) => limitedBy(attributes))), all(hits));
          assert.doesNotMatch(JSON.stringify([receiver.metrics, events]), /secret-key/);
        });
      });
    }
  }

  for (const installed of ["rate-limiter-flexible", "rate-limiter-flexible-5-oldest"]) {
    it(`of a cluster has hits in its workers, and none in the primary: ${installed}`, async () => {
      const receiver = await startReceiver();
      try {
        const options = { file: appFile("cluster.mjs"), args: [installed], node };
        const { stdout, stderr } = await runPreloaded(options, receiver);
        assert.equal(stdout, "true allowed: 1\n", stderr);
        const clustered = hitsIn(receiver).filter(({ limiter }) => limiter === "clustered");
        assert.equal(
          clustered.reduce((sum, { count }) => sum + count, 0),
          3,
          JSON.stringify(clustered),
        );
      } finally {
        await receiver.close();
      }
    });
  }
});

/** Returns the hits of all processes, each of which exports them once. */
function hitsIn(receiver: Receiver): readonly Hit[] {
  return receiver.metrics
    .filter(({ name }) => name === "telltale.rate_limit.hits")
    .flatMap(({ points }) =>
      points.map(({ attributes, value = 0 }) => ({ ...limitedBy(attributes), count: value })),
    );
}

function limitedBy(attributes: Readonly<Record<string, unknown>>): Omit<Hit, "count"> {
  const text = (name: string, absent = ""): string => {
    const attribute = attributes[name];
    return typeof attribute === "string" ? attribute : absent;
  };
  const method = text("http.request.method");
  return {
    limiter: text("telltale.rate_limit.limiter", "-"),
    request: method === "" ? undefined : `${method} ${text("http.route")}`,
  };
}

/** Returns the hits of a case: those of its route, or of its limiter, by limiter. */
function hitsOf(
  hits: readonly Hit[],
  { cases }: LimiterLibrary,
  installed: string,
  name: string,
): Readonly<Record<string, number>> {
  const expected = Object.keys(cases.find((one) => one.name === name)?.hits ?? {});
  const mine = hits.filter(
    ({ limiter, request }) =>
      request === `GET /${installed}/${name}` ||
      [name, ...expected].some((one) => limiter === `${installed}:${one}`),
  );
  return Object.fromEntries(
    mine.map(({ limiter, count }) => [limiter.replace(`${installed}:`, ""), count]),
  );
}

function eventsIn(receiver: Receiver): readonly ReceivedLog[] {
  return receiver.logs.filter(({ eventName }) => eventName === "telltale.security.event");
}

function resultOf({ stdout }: ProgramResult, start: string): string {
  const line = stdout.split("\n").find((one) => one.startsWith(`${start}: `)) ?? "";
  return line.slice(start.length + 2);
}
