import assert from "node:assert/strict";
import { CallSiteReader, formatCallSite } from "../../src/development/call-site.ts";
import { SourcePositions } from "../../src/profiling/source-positions.ts";
import { cpuMsOf } from "../cpu-time.ts";

const reader = new CallSiteReader(new SourcePositions());
type Stack = ReturnType<typeof reader.read>;

function capture(): Stack {
  return reader.read(capture);
}

function lineOf(stack: Stack): string {
  const [first] = stack ?? [];
  return `${first?.file.split("/").at(-1)}:${first?.line} ${first?.function}`;
}

/** Returns the line below the caller's. */
function nextLine(): number {
  const { stack = "" } = new Error();
  return Number(/call-site\.test\.ts:(\d+)/.exec(stack.split("\n")[2] ?? "")?.[1]) + 1;
}

class Lazy {
  found: Stack = undefined;
  // oxlint-disable-next-line unicorn/no-thenable
  then(resolve: (value: Stack) => void): void {
    resolve(capture());
  }
}

describe("A call site", () => {
  it("is the innermost running function of the app", () => {
    function load(): Stack {
      return capture();
    }
    const line = nextLine() - 3;
    const stack = load();
    assert.equal(lineOf(stack), `call-site.test.ts:${line} load`);
    assert.equal(stack?.[0]?.isAwaiting, false);
  });

  it("has the functions that wait, where only they are the app's", async () => {
    async function handle(): Promise<Stack> {
      const line = nextLine();
      const stack = await new Lazy();
      assert.equal(
        stack?.some(({ isAwaiting }) => isAwaiting),
        true,
      );
      assert.ok(stack.some((frame) => frame.line === line));
      return stack;
    }
    await handle();
  });

  it("leaves the app's limit of stacks and its formatting as they are", () => {
    const { stackTraceLimit, prepareStackTrace } = Error;
    const prepare = (): string => "mine";
    try {
      Error.stackTraceLimit = 3;
      Error.prepareStackTrace = prepare;
      assert.notEqual(capture(), undefined);
      assert.equal(Error.stackTraceLimit, 3);
      assert.equal(Error.prepareStackTrace, prepare);
      assert.equal(new Error().stack, "mine");
      Reflect.deleteProperty(Error, "stackTraceLimit");
      capture();
      assert.equal("stackTraceLimit" in Error, false);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
      if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, "prepareStackTrace");
      else Error.prepareStackTrace = prepareStackTrace;
    }
  });

  it("is parsed from a stack, without libraries and Node's own code", () => {
    const stack = [
      "Error",
      "    at Client.query (/app/node_modules/pg/lib/client.js:1:2)",
      "    at node:internal/process/task_queues:104:5",
      "    at Object.load [as run] (/app/src/items.js:10:5)",
      "    at async Promise.all (index 0)",
      "    at async /app/src/routes.js:20:7",
      "    at async Server.<anonymous> (file:///app/src/my%20server.js:30:9)",
    ].join("\n");
    assert.equal(
      formatCallSite(reader.parse(stack) ?? []),
      [
        "at load (/app/src/items.js:10:5)",
        "at async /app/src/routes.js:20:7",
        "at async /app/src/my server.js:30:9",
      ].join("\n"),
    );
    assert.equal(reader.parse("Error\n    at node:fs:1:2"), undefined);
  });

  it("of calls in loops has few frames, and takes little time", () => {
    const deep = (depth: number): Stack => (depth === 0 ? capture() : deep(depth - 1));
    assert.equal(deep(100)?.length, 6);
    const ms = cpuMsOf(() => {
      for (let at = 0; at < 2000; at++) capture();
    });
    // About 15 µs each on an idle machine.
    assert.ok(ms < 2000, `${ms} ms`);
  });
});
