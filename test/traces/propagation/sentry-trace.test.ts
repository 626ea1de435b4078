import assert from "node:assert/strict";
import { propagation } from "@opentelemetry/api";
import { getCurrentScope, type Scope } from "@sentry/core";
import { ServerRuntimeClient } from "@sentry/core/server";
import { ROOT_CONTEXT } from "../../../src/context/context.ts";
import { createPropagator } from "../../../src/traces/propagation/propagator.ts";
import { createSampler } from "../../../src/traces/sampling/sampler.ts";
import {
  contextWith,
  injectedHeaders,
  parentSpanContext,
  CALLER_SPAN_ID,
  CALLER_TRACE_ID,
  TRACEPARENT,
} from "./headers.ts";

const IDS = `${CALLER_TRACE_ID}-${CALLER_SPAN_ID}`;
const OTHER = "f".repeat(32);
const BAGGAGE = `sentry-trace_id=${CALLER_TRACE_ID},sentry-public_key=abc,sentry-sampled=true,user=1`;

const byDefault = createPropagator(["tracecontext", "baggage"], { sentry: true });
const named = createPropagator(["tracecontext", "baggage", "sentry"], { sentry: true });

describe("A browser's sentry-trace", () => {
  const rows: [title: string, header: string | string[], traceFlags: number | undefined][] = [
    ["is continued, sampled", `${IDS}-1`, 1],
    ["is continued, not sampled", `${IDS}-0`, 0],
    ["is continued, without a decision", IDS, 0],
    ["is continued with surrounding white space", ` ${IDS}-1 `, 1],
    ["is ignored without a span id", `${CALLER_TRACE_ID}-1`, undefined],
    ["is ignored if it is empty", "", undefined],
    ["is ignored all zero", `${"0".repeat(32)}-${CALLER_SPAN_ID}-1`, undefined],
    ["is ignored in upper case", `${IDS.toUpperCase()}-1`, undefined],
    ["is ignored with more characters", `${IDS}-1-x`, undefined],
    ["is ignored if it comes twice", `${IDS}-1, ${IDS}-1`, undefined],
    ["is ignored as an array of two", [`${IDS}-1`, `${IDS}-1`], undefined],
    ["is ignored with a megabyte", `${IDS}-${"1".repeat(1_000_000)}`, undefined],
  ];
  for (const [title, header, traceFlags] of rows) {
    it(title, () => {
      const parent = parentSpanContext(
        byDefault.extractHeaders(ROOT_CONTEXT, { "sentry-trace": header }),
      );
      assert.deepEqual(
        parent,
        traceFlags === undefined
          ? undefined
          : { traceId: CALLER_TRACE_ID, spanId: CALLER_SPAN_ID, traceFlags, isRemote: true },
      );
    });
  }

  it("yields to a valid traceparent", () => {
    const headers = { traceparent: TRACEPARENT, "sentry-trace": `${OTHER}-${CALLER_SPAN_ID}-1` };
    for (const propagator of [
      byDefault,
      named,
      createPropagator(["sentry", "tracecontext"], { sentry: true }),
    ]) {
      assert.equal(
        parentSpanContext(propagator.extractHeaders(ROOT_CONTEXT, headers))?.traceId,
        CALLER_TRACE_ID,
      );
    }
  });

  it("replaces an invalid traceparent", () => {
    const headers = { traceparent: "00-bad", "sentry-trace": `${IDS}-1` };
    assert.equal(
      parentSpanContext(byDefault.extractHeaders(ROOT_CONTEXT, headers))?.traceId,
      CALLER_TRACE_ID,
    );
  });

  it("is not extracted without a DSN", () => {
    const none = createPropagator(["tracecontext", "baggage"], { sentry: false });
    assert.equal(none.extractHeaders(ROOT_CONTEXT, { "sentry-trace": `${IDS}-1` }), ROOT_CONTEXT);
    assert.ok(!none.extractFields().includes("sentry-trace"));
    assert.ok(byDefault.extractFields().includes("sentry-trace"));
  });

  it("is extracted without a DSN if it is named", () => {
    const alone = createPropagator(["sentry"], { sentry: false });
    assert.equal(
      parentSpanContext(alone.extractHeaders(ROOT_CONTEXT, { "sentry-trace": `${IDS}-1` }))
        ?.traceId,
      CALLER_TRACE_ID,
    );
  });

  it("adds nothing of Sentry's to the tracestate or the context", () => {
    const context = byDefault.extractHeaders(ROOT_CONTEXT, {
      "sentry-trace": `${IDS}-0`,
      baggage: BAGGAGE,
    });
    assert.equal(parentSpanContext(context)?.traceState, undefined);
    assert.equal(context.getValue(Symbol.for("sentry_scopes")), undefined);
  });
});

describe("A trace continued from sentry-trace", () => {
  const rows: [header: string, decisions: Record<string, number>][] = [
    [`${IDS}-1`, { parentbased_always_on: 2, parentbased_always_off: 2 }],
    [`${IDS}-0`, { parentbased_always_on: 0, parentbased_always_off: 0 }],
    [IDS, { parentbased_always_on: 2, parentbased_always_off: 0 }],
  ];
  for (const [header, decisions] of rows) {
    it(`is sampled by the decision "${header.slice(IDS.length)}"`, () => {
      const context = byDefault.extractHeaders(ROOT_CONTEXT, { "sentry-trace": header });
      for (const [name, decision] of Object.entries(decisions)) {
        const sampler = createSampler({ name: name as never, ratio: 1 });
        assert.equal(
          sampler.shouldSample(context, CALLER_TRACE_ID, "", 0, {}, []).decision,
          decision,
          name,
        );
      }
    });
  }
});

describe("Injected headers", () => {
  it("have no Sentry entries unless sentry is named", () => {
    const context = byDefault.extractHeaders(ROOT_CONTEXT, {
      "sentry-trace": `${IDS}-1`,
      baggage: BAGGAGE,
    });
    assert.deepEqual(injectedHeaders(context, byDefault), {
      traceparent: TRACEPARENT,
      baggage: "user=1",
    });
    assert.equal(propagation.getBaggage(context)?.getEntry("sentry-public_key")?.value, "abc");
  });

  it("have no baggage if all of it was Sentry's", () => {
    const context = byDefault.extractHeaders(ROOT_CONTEXT, { baggage: "sentry-sampled=true" });
    assert.deepEqual(injectedHeaders(context, byDefault), {});
  });

  it("have sentry-trace, and Sentry's baggage as received, if sentry is named", () => {
    const context = named.extractHeaders(ROOT_CONTEXT, {
      "sentry-trace": `${IDS}-1`,
      baggage: BAGGAGE,
    });
    assert.deepEqual(injectedHeaders(context, named), {
      traceparent: TRACEPARENT,
      baggage: BAGGAGE,
      "sentry-trace": `${IDS}-1`,
    });
    assert.equal(
      injectedHeaders(contextWith({ traceFlags: 2 }), named)["sentry-trace"],
      `${IDS}-0`,
    );
  });

  it("have Sentry's baggage if Sentry is off", () => {
    const off = createPropagator(["tracecontext", "baggage"], { sentry: false });
    const context = off.extractHeaders(ROOT_CONTEXT, { baggage: BAGGAGE });
    assert.deepEqual(injectedHeaders(context, off), { baggage: BAGGAGE });
  });
});

describe("With a Sentry client", () => {
  const scope: Scope = getCurrentScope();

  before(() => {
    scope.setClient(
      new ServerRuntimeClient({
        dsn: "https://key@o1.ingest.sentry.io/2",
        integrations: [],
        stackParser: () => [],
        transport: () => ({ send: async () => ({}), flush: async () => true }),
      }),
    );
  });
  after(() => {
    scope.setClient(undefined);
  });

  for (const [title, org, traceId] of [
    ["the trace of the same organization is continued", "1", CALLER_TRACE_ID],
    ["the trace of another organization is not continued", "7", undefined],
  ] as const) {
    it(title, () => {
      const headers = { "sentry-trace": `${IDS}-1`, baggage: `sentry-org_id=${org}` };
      assert.equal(
        parentSpanContext(byDefault.extractHeaders(ROOT_CONTEXT, headers))?.traceId,
        traceId,
      );
    });
  }
});
