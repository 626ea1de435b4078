import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReceivedEvent } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { nodes, type TestNode } from "../../nodes.ts";
import { type ProgramResult, telemetryEnv } from "../program.ts";
import {
  type EndCase,
  endCases,
  type FatalError,
  serverErrors,
  topLevel,
  endVariants,
} from "./cases.ts";
import { comparable } from "./comparable.ts";
import { cjs, cjsByImport, esm, type ModuleFormat, runToEnd } from "./run.ts";

/** Description of the programs in `apps/ends.cjs`. */
const SPANS = 300;
const LINES = 150;

describe("A process ends as it would without telltale", () => {
  let receiver: Receiver;
  let directory: string;
  let taken: Server;
  const durations = { bare: [] as number[], preloaded: [] as number[] };

  before(async () => {
    receiver = await startReceiver();
    // An abort may write a core dump there.
    directory = await mkdtemp(join(tmpdir(), "telltale-ends-"));
    taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
  });
  beforeEach(() => receiver.clear());
  after(async () => {
    await Promise.all([
      receiver.close(),
      rm(directory, { recursive: true, force: true }),
      new Promise((resolve) => taken.close(resolve)),
    ]);
    const [bare, preloaded] = [durations.bare, durations.preloaded].map(median);
    console.log(`\n    from the last line to the end: ${bare} ms bare, ${preloaded} ms preloaded`);
  });

  for (const node of nodes) {
    for (const format of [esm, cjs]) {
      describe(`${format.name}, Node ${node.name}`, () => {
        for (const end of [...endCases, ...serverErrors]) compare(end, node, format);
      });
    }
    describe(`special programs, Node ${node.name}`, () => {
      for (const end of endVariants) compare(end, node, esm);
    });
    describe(`${cjsByImport.name}, Node ${node.name}`, () => {
      for (const end of topLevel) compare(end, node, cjsByImport);
    });
  }

  function compare(end: EndCase, node: TestNode, format: ModuleFormat): void {
    const what = end.abrupt === true ? "no exit event" : "all telemetry arrives, once";
    it(`by ${end.title}: ${what}`, async () => {
      const [bare, preloaded] = await Promise.all([
        run(end, node, format, format.bare, {}),
        run(end, node, format, format.preloaded, telemetryEnv(receiver)),
      ]);
      assert.deepEqual([bare.code, bare.signal], [end.code, end.endsBy ?? null]);
      assert.deepEqual(comparable(preloaded, end.abrupt), comparable(bare, end.abrupt));
      if (end.abrupt === true) return;
      durations.bare.push(bare.exitTookMs);
      durations.preloaded.push(preloaded.exitTookMs);
      await assertArrived(end, receiver);
    });
  }

  function run(
    end: EndCase,
    node: TestNode,
    { program }: ModuleFormat,
    flags: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<ProgramResult> {
    const argument = String((taken.address() as AddressInfo).port);
    return runToEnd(end, { node: node.path, program, flags, env, cwd: directory, argument });
  }
});

async function assertArrived(end: EndCase, receiver: Receiver): Promise<void> {
  const lines = end.withoutLines === true ? 0 : LINES;
  const count = end.event === undefined ? 0 : 1;
  await receiver.waitFor(
    ({ spans, logs, events }) =>
      spans.length >= SPANS && logs.length >= lines && events.length >= count,
    `${SPANS} spans, ${lines} log records and ${count} events`,
  );
  // Nothing is sent twice.
  await receiver.settled();
  assertEachOnce(
    receiver.spans.map(({ name }) => name),
    numbered("span", SPANS),
  );
  assertEachOnce(
    receiver.logs.map(({ body }) => body),
    numbered("line", lines),
  );
  assert.deepEqual(
    receiver.events.map((event) => summary(event, end.event)),
    end.event === undefined ? [] : [end.event],
  );
}

/** Compares in any order, because concurrent batches may arrive in any order. */
function assertEachOnce(found: readonly unknown[], expected: readonly unknown[]): void {
  assert.deepEqual(new Set(found), new Set(expected));
  assert.equal(found.length, expected.length);
}

function numbered(what: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${what} ${at}`);
}

/** Returns the fields of an event that `expected` has. */
function summary({ exception, level }: ReceivedEvent, expected: EndCase["event"]): FatalError {
  const [{ type = "", value = "", mechanism } = {}] = exception?.values ?? [];
  assert.deepEqual([level, mechanism?.["handled"]], ["fatal", false]);
  const found = { type, value: value.replace(/:.*/, "") };
  if (expected?.mechanism === undefined) return found;
  return { ...found, mechanism: String(mechanism?.["type"]) };
}

function median(durations: readonly number[]): number {
  return Math.round(durations.toSorted((a, b) => a - b)[durations.length >> 1] ?? 0);
}
