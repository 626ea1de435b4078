import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ReceivedEvent } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { comparable } from "../../integration/ends/comparable.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../../integration/program.ts";
import { nodes, type TestNode } from "../../nodes.ts";
import { expectedSummary, summaryOf } from "./event-summary.ts";
import { type AppFormat, fewValues, type ProcessSource, processSources } from "./process.ts";
import { type ThrownValue, values } from "./values.ts";

const newest = nodes.at(-1);

for (const node of nodes) {
  describe(`Each error in a process on Node ${node.name} is exactly one event, if it is one, from`, () => {
    let receiver: Receiver;
    before(async () => {
      receiver = await startReceiver();
    });
    after(() => receiver.close());

    for (const source of processSources) {
      for (const format of source.formats) {
        it(`${source.place} (${source.name}), ${format.name}`, async () => {
          for (const value of valuesOf(source, node)) {
            await checkValue(source, { value, format, node }, receiver);
          }
        });
      }
    }
  });
}

/** Fewer on older Nodes. */
function valuesOf({ values: names = fewValues }: ProcessSource, node: TestNode): ThrownValue[] {
  const thrown = values.filter(({ name }) => names.includes(name));
  return node === newest ? thrown : thrown.filter(({ name }) => fewValues.includes(name));
}

interface ProcessRun {
  readonly value: ThrownValue;
  readonly format: AppFormat;
  readonly node: TestNode;
}

/** The process ends as without the preload, after one event. */
async function checkValue(
  source: ProcessSource,
  run: ProcessRun,
  receiver: Receiver,
): Promise<void> {
  receiver.clear();
  const [preloaded, bare] = await Promise.all([runApp(source, run, receiver), runApp(source, run)]);
  await receiver.settled();
  assert.deepEqual(comparable(preloaded), comparable(bare), run.value.name);
  assert.deepEqual(receiver.events.map(eventOf), expectedEvents(source, run.value));
}

function runApp(
  { name }: ProcessSource,
  { value, format, node }: ProcessRun,
  receiver?: Receiver,
): Promise<ProgramResult> {
  return new Program({
    file: fileURLToPath(new URL(`apps/${format.file}`, import.meta.url)),
    node: node.path,
    flags: receiver === undefined ? [] : preload[format.preload],
    args: [name, value.name],
    env: receiver === undefined ? {} : telemetryEnv(receiver),
  }).ended;
}

function eventOf(event: ReceivedEvent): readonly unknown[] {
  return [event.level, ...summaryOf(event)];
}

function expectedEvents(
  { mechanism, replace = (value) => value }: ProcessSource,
  value: ThrownValue,
): readonly unknown[][] {
  if (mechanism === undefined) return [];
  return [["fatal", ...expectedSummary(mechanism, replace(value), undefined)]];
}
