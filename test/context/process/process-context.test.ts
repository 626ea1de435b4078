import assert from "node:assert/strict";
import { ROOT_CONTEXT } from "../../../src/context/context.ts";
import { activeContext, runWithContext } from "../../../src/context/manager.ts";
import {
  endProcessContext,
  isProcessSpan,
  processContext,
  setProcessContext,
} from "../../../src/context/process/process-context.ts";
import { processSpanOf } from "../../../src/processes/process-span.ts";
import { NonRecordingSpan } from "../../../src/traces/non-recording-span.ts";
import { collectingProvider } from "../../traces/provider.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const ids = { traceId: TRACE_ID, spanId: "b7ad6b7169203331", traceFlags: 1 };
const HOUR = 3_600_000;

describe("The context of the environment", () => {
  const context = ROOT_CONTEXT.withSpan(processSpanOf(new NonRecordingSpan(ids)));
  const start = (kind: number): string => {
    const { provider } = collectingProvider();
    return provider.getTracer("test").startSpan("span", { kind }).spanContext().traceId;
  };
  const INTERNAL = 0;
  const SERVER = 1;
  const CLIENT = 2;
  const CONSUMER = 4;

  beforeEach(() => setProcessContext(context, HOUR));
  after(() => endProcessContext());

  it("is active outside of any other context", () => {
    assert.equal(activeContext(), context);
    runWithContext(ROOT_CONTEXT, () => assert.equal(activeContext(), ROOT_CONTEXT));
    assert.equal(start(INTERNAL), TRACE_ID);
    assert.equal(start(CLIENT), TRACE_ID);
  });

  for (const kind of [SERVER, CONSUMER]) {
    it(`is no parent of a span of kind ${kind}, and ends with the first one`, () => {
      assert.notEqual(start(kind), TRACE_ID);
      assert.equal(activeContext(), ROOT_CONTEXT);
      assert.notEqual(start(INTERNAL), TRACE_ID);
    });
  }

  it("ends with its time", () => {
    setProcessContext(context, 0);
    assert.equal(processContext(), ROOT_CONTEXT);
    assert.notEqual(start(INTERNAL), TRACE_ID);
  });

  it("is invalid where it was captured before its end", () => {
    const captured = activeContext();
    endProcessContext();
    runWithContext(captured, () => assert.notEqual(start(CLIENT), TRACE_ID));
    assert.equal(isProcessSpan(context.span), true);
    assert.equal(context.span?.spanContext().traceId, "0".repeat(32));
  });
});
