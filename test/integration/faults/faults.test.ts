import assert from "node:assert/strict";
import type { Cell, Fault } from "./fault.ts";
import { type FaultResult, type Observation, runFault } from "./fault-run.ts";
import { faults } from "./faults.ts";
import { type Signal, signals } from "./peers.ts";
import { prepareCertificates } from "./rows/connection.ts";
import { skipUnless } from "../../programs.ts";

/** Number of processes at a time. Most of the time they wait for a time limit or a pause. */
const CONCURRENCY = 6;

describe("Under each fault", () => {
  const runs = new Map<Fault, Promise<FaultResult | undefined>>();

  before(prepareCertificates);
  after(() => Promise.allSettled(runs.values()));

  for (const fault of faults) {
    describe(`(${fault.title})`, () => {
      let result: FaultResult;
      before(async function () {
        startNext(runs, fault);
        const ended = await runs.get(fault);
        skipUnless(this, ended !== undefined, "the right to cause the fault");
        result = ended!;
      });

      for (const signal of signals) {
        const cell = fault.cells[signal];
        it(`${signal} are ${describeCell(cell)}, and counted exactly`, () => {
          assertCell(result.signals[signal], cell, signal, fault);
        });
      }

      it("the app goes on, ends by its signal, and prints nothing else", () => {
        const { ended, failures, otherLines } = result;
        assert.deepEqual(failures, []);
        assert.deepEqual([ended.code, ended.signal], [null, "SIGTERM"], ended.stderr);
        const { lines = [] } = fault;
        const unexpected = otherLines.filter((line) => !lines.some((known) => known.test(line)));
        assert.deepEqual(unexpected, []);
        assert.doesNotMatch(ended.stderr, /s3cret|unhandled|Unhandled/);
      });
    });
  }
});

/** Starts the run of a fault, and of those after it. */
function startNext(runs: Map<Fault, Promise<FaultResult | undefined>>, fault: Fault): void {
  const at = faults.indexOf(fault);
  for (const next of faults.slice(at, at + CONCURRENCY)) {
    if (runs.has(next)) continue;
    const run = runFault(next);
    run.catch(() => {});
    runs.set(next, run);
  }
}

function describeCell({ result, reason, count, attempts, afterwards }: Cell): string {
  const retries = attempts === "several" ? "retried and " : "";
  const losses = count === undefined ? "" : ` except ${count}`;
  const causes = reason === undefined ? "" : ` (${reason})`;
  const later = afterwards === undefined ? "" : `, later ones ${afterwards}`;
  return `${retries}${result}${losses}${causes}${later}`;
}

function assertCell(observed: Observation, cell: Cell, signal: Signal, fault: Fault): void {
  const { account, finalAccount, accepted, finallyAccepted, acceptedAtEnd } = observed;
  for (const each of [account, finalAccount]) {
    assert.equal(each.created, each.sent + each.dropped + each.queued, JSON.stringify(each));
    assert.ok(Math.min(each.sent, each.dropped, each.queued) >= 0, JSON.stringify(each));
  }
  assert.equal(account.sent, accepted, "sent, and what the receiver has accepted");
  assert.equal(finalAccount.sent, finallyAccepted, "sent, and what the receivers have accepted");
  if (signal !== "metrics" && cell.afterwards !== "dropped")
    assert.equal(acceptedAtEnd, finalAccount.created - finalAccount.dropped);
  assertDrops(observed, cell, signal, fault);
  assertAttempts(observed, cell, signal);
  assertLines(observed, cell, signal);
}

/** Nothing is dropped for another reason than the expected one. */
function assertDrops({ account }: Observation, cell: Cell, signal: Signal, fault: Fault): void {
  const isLossExpected = cell.result === "dropped" || cell.count !== undefined;
  const { reason = "failed" } = cell;
  const reasons = Object.keys(account.reasons ?? {});
  assert.deepEqual(reasons, isLossExpected ? [reason] : []);
  const created = signal === "metrics" ? undefined : fault.created?.[signal];
  if (created !== undefined) assert.equal(account.created, created);
}

function assertAttempts({ posts, connections }: Observation, cell: Cell, signal: Signal): void {
  if (cell.attempts === undefined || cell.isUncounted === true) return;
  const attempts = new Map<string, number[]>();
  for (const { key, at } of posts) attempts.set(key, [...(attempts.get(key) ?? []), at]);
  const counts = [...attempts.values()].map((times) => times.length);
  if (cell.attempts === "one") {
    assert.deepEqual(new Set(counts), new Set(counts.length === 0 ? [] : [1]));
    // Without TLS no request is read. Metrics are collected several times.
    if (posts.length === 0 && signal !== "metrics") assert.equal(connections, 1);
    return;
  }
  assert.ok(Math.max(...counts) > 1, `attempts: ${counts.join()}`);
  const [first = 0, second = 0] = [...attempts.values()].find((times) => times.length > 1) ?? [];
  assert.ok(second - first >= (cell.pauseMs ?? 0), `${second - first} ms between the attempts`);
}

/** One line at the start of trouble, and one at its end with what was lost. */
function assertLines(
  { lines, finalAccount }: Observation,
  { line, isRemark, afterwards = "sent" }: Cell,
  signal: Signal,
): void {
  const hasEnd = line !== undefined && isRemark !== true && afterwards === "sent";
  assert.equal(lines.length, line === undefined ? 0 : hasEnd ? 2 : 1, lines.join("\n"));
  if (line === undefined) return;
  assert.match(lines[0] ?? "", line);
  if (!hasEnd) return;
  const [, text = ""] = lines;
  assert.match(text, /works again|takes events again|drains again/);
  const lost = Number(/(?:lost: |again; )(\d+)/.exec(text)?.[1] ?? 0);
  assert.equal(lost, finalAccount.dropped, `${signal}: ${text}`);
}
