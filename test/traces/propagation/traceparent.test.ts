import assert from "node:assert/strict";
import { ROOT_CONTEXT } from "../../../src/context/context.ts";
import { newTraceId } from "../../../src/traces/ids.ts";
import {
  hasValidIds,
  readParent,
  traceparentOf,
} from "../../../src/traces/propagation/trace-context.ts";
import { collectingProvider } from "../provider.ts";
import {
  contextWith,
  injectedHeaders,
  type HeaderPairs,
  parentSpanContext,
  propagatedTraceState,
  parsedHeaders,
  CALLER_SPAN_ID,
  defaultPropagator,
  CALLER_TRACE_ID,
  TRACEPARENT,
} from "./headers.ts";

/** One test for each rule of `traceparent`: https://www.w3.org/TR/trace-context-2/ */

const IDS = `${CALLER_TRACE_ID}-${CALLER_SPAN_ID}`;

describe("traceparent", () => {
  const ignored: [rule: string, header: unknown][] = [
    ["is ignored if it is empty", ""],
    ["is ignored without a version", IDS],
    ["is ignored if the version has one digit", `0-${IDS}-01`],
    ["is ignored if the version has three digits", `000-${IDS}-01`],
    ["is ignored if the version isn't hexadecimal", `.0-${IDS}-01`],
    ["is ignored if the second digit of the version isn't hexadecimal", `0.-${IDS}-01`],
    ["is ignored if the version is in upper case", `0A-${IDS}-01`],
    ["is ignored in version ff", `ff-${IDS}-01`],
    ["is ignored in version ff with more parts", `ff-${IDS}-01-more`],
    ["is ignored if the version isn't followed by a dash", `00_${IDS}-01`],
    [
      "is ignored if the trace id has 31 digits",
      `00-${CALLER_TRACE_ID.slice(1)}-${CALLER_SPAN_ID}-01`,
    ],
    ["is ignored if the trace id has 33 digits", `00-a${CALLER_TRACE_ID}-${CALLER_SPAN_ID}-01`],
    [
      "is ignored if the trace id isn't hexadecimal",
      `00-${CALLER_TRACE_ID.slice(1)}g-${CALLER_SPAN_ID}-01`,
    ],
    [
      "is ignored if the trace id is in upper case",
      `00-${CALLER_TRACE_ID.toUpperCase()}-${CALLER_SPAN_ID}-01`,
    ],
    ["is ignored if the trace id is all zero", `00-${"0".repeat(32)}-${CALLER_SPAN_ID}-01`],
    [
      "is ignored if the trace id isn't followed by a dash",
      `00-${CALLER_TRACE_ID}.${CALLER_SPAN_ID}-01`,
    ],
    [
      "is ignored if the parent id has 15 digits",
      `00-${CALLER_TRACE_ID}-${CALLER_SPAN_ID.slice(1)}-01`,
    ],
    ["is ignored if the parent id has 17 digits", `00-${CALLER_TRACE_ID}-a${CALLER_SPAN_ID}-01`],
    [
      "is ignored if the parent id isn't hexadecimal",
      `00-${CALLER_TRACE_ID}-${CALLER_SPAN_ID.slice(1)}g-01`,
    ],
    [
      "is ignored if the parent id is in upper case",
      `00-${CALLER_TRACE_ID}-${CALLER_SPAN_ID.toUpperCase()}-01`,
    ],
    ["is ignored if the parent id is all zero", `00-${CALLER_TRACE_ID}-${"0".repeat(16)}-01`],
    ["is ignored if the parent id isn't followed by a dash", `00-${IDS}.01`],
    ["is ignored without flags", `00-${IDS}`],
    ["is ignored if the flags have one digit", `00-${IDS}-1`],
    ["is ignored if the flags have three digits", `00-${IDS}-001`],
    ["is ignored if the flags aren't hexadecimal", `00-${IDS}-.0`],
    ["is ignored if the second digit of the flags isn't hexadecimal", `00-${IDS}-0.`],
    ["is ignored if the flags are in upper case", `00-${IDS}-0A`],
    ["is ignored in version 00 with a character more", `${TRACEPARENT}.`],
    ["is ignored in version 00 with a dash more", `${TRACEPARENT}-`],
    ["is ignored in version 00 with more parts", `${TRACEPARENT}-more`],
    ["is ignored in a higher version below 55 characters", `cc-${IDS}-1`],
    ["is ignored in a higher version if more follows without a dash", `cc-${IDS}-01.more`],
    [
      "is ignored in a higher version with an invalid trace id",
      `cc-${"0".repeat(32)}-${CALLER_SPAN_ID}-01`,
    ],
    ["is ignored in a higher version with invalid flags", `cc-${IDS}-0x-more`],
    ["is ignored if it comes twice", [TRACEPARENT, TRACEPARENT]],
    ["is ignored if it comes twice in one string", `${TRACEPARENT}, ${TRACEPARENT}`],
    ["is ignored if it comes twice in a higher version", `cc-${IDS}-01-a, cc-${IDS}-01-a`],
    ["is ignored with a control character", `00-${CALLER_TRACE_ID}-${CALLER_SPAN_ID}-0\u0001`],
    [
      "is ignored with a digit of another script",
      `00-${CALLER_TRACE_ID.slice(1)}\u0661-${CALLER_SPAN_ID}-01`,
    ],
    ["is ignored with other surrounding white space", `\u00a0${TRACEPARENT}`],
    ["is ignored with a line break at the end", `${TRACEPARENT}\n`],
    ["is ignored if it is not a string", 42],
    ["is ignored if it is an array of something else", [42]],
    ["is ignored if it is an empty array", []],
  ];
  for (const [rule, header] of ignored) {
    it(rule, () => {
      assert.equal(readParent(header, "foo=1"), undefined);
    });
  }

  const accepted: [rule: string, header: string | string[], flags: number][] = [
    ["is accepted in version 00", TRACEPARENT, 1],
    ["is accepted if the caller didn't sample", `00-${IDS}-00`, 0],
    ["is accepted as an array of one", [TRACEPARENT], 1],
    ["is accepted in a higher version", `cc-${IDS}-01`, 1],
    ["is accepted in version fe", `fe-${IDS}-01`, 1],
    ["is accepted in a higher version with more parts", `cc-${IDS}-01-more-parts`, 1],
    ["is accepted in a higher version with an empty part", `01-${IDS}-01-`, 1],
    ["is accepted with surrounding spaces and tabs", `\t ${TRACEPARENT} \t`, 1],
    ["is accepted with a digit of each kind", `00-${IDS}-0f`, 3],
    ["keeps the random flag", `00-${IDS}-02`, 2],
    ["keeps both flags", `00-${IDS}-03`, 3],
    ["drops flags that level 2 doesn't define", `00-${IDS}-fc`, 0],
    ["masks unknown flags", `00-${IDS}-ff`, 3],
    ["masks the flags of a higher version", `cc-${IDS}-09-more`, 1],
  ];
  for (const [rule, header, traceFlags] of accepted) {
    it(rule, () => {
      assert.deepEqual(readParent(header, undefined), {
        traceId: CALLER_TRACE_ID,
        spanId: CALLER_SPAN_ID,
        traceFlags,
        isRemote: true,
      });
    });
  }

  it("is accepted in upper or lower case of its name", () => {
    for (const name of ["traceparent", "TraceParent", "TRACEPARENT", "TrAcEpArEnT"]) {
      const context = defaultPropagator.extractHeaders(
        ROOT_CONTEXT,
        parsedHeaders([[name, TRACEPARENT]]),
      );
      assert.equal(parentSpanContext(context)?.traceId, CALLER_TRACE_ID, name);
    }
  });

  it("is not extracted from headers with similar names", () => {
    for (const name of ["trace-parent", "trace.parent", "trace_parent"]) {
      const context = defaultPropagator.extractHeaders(
        ROOT_CONTEXT,
        parsedHeaders([[name, TRACEPARENT]]),
      );
      assert.equal(context, ROOT_CONTEXT, name);
    }
  });

  it("is injected in lower case, at version 00", () => {
    const context = defaultPropagator.extractHeaders(ROOT_CONTEXT, {
      traceparent: `cc-${IDS}-01-more`,
    });
    assert.deepEqual(injectedHeaders(context), { traceparent: TRACEPARENT });
  });

  it("is injected without flags that level 2 doesn't define", () => {
    for (const [traceFlags, digits] of [
      [0, "00"],
      [1, "01"],
      [2, "02"],
      [3, "03"],
      [0xff, "03"],
      [4, "00"],
    ] as const) {
      assert.equal(
        traceparentOf({ traceId: CALLER_TRACE_ID, spanId: CALLER_SPAN_ID, traceFlags }),
        `00-${IDS}-${digits}`,
      );
    }
  });

  it("has the random flag if the trace starts here", () => {
    const span = collectingProvider()
      .provider.getTracer("test")
      .startSpan("root", {}, ROOT_CONTEXT);
    assert.match(traceparentOf(span.spanContext()), /^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/);
  });

  for (const [title, flags] of [
    ["set", "03"],
    ["unset", "01"],
  ] as const) {
    it(`leaves the random flag ${title} in a continued trace`, () => {
      const context = defaultPropagator.extractHeaders(ROOT_CONTEXT, {
        traceparent: `00-${IDS}-${flags}`,
      });
      const span = collectingProvider().provider.getTracer("test").startSpan("child", {}, context);
      const header = traceparentOf(span.spanContext());
      assert.ok(
        header.startsWith(`00-${CALLER_TRACE_ID}-`) && header.endsWith(`-${flags}`),
        header,
      );
      assert.notEqual(span.spanContext().spanId, CALLER_SPAN_ID);
    });
  }

  it("consists of ids that pass the validation", () => {
    for (let n = 0; n < 1000; n++) {
      assert.ok(hasValidIds({ traceId: newTraceId(), spanId: CALLER_SPAN_ID, traceFlags: 0 }));
    }
  });

  const unsent: [title: string, ids: { traceId?: string; spanId?: string }][] = [
    ["an all-zero trace id", { traceId: "0".repeat(32) }],
    ["an all-zero span id", { spanId: "0".repeat(16) }],
    ["a short trace id", { traceId: "abc" }],
    ["upper case", { traceId: CALLER_TRACE_ID.toUpperCase() }],
    ["a line break in an id", { spanId: `${CALLER_SPAN_ID.slice(1)}\n` }],
    ["an id that is not a string", { spanId: 42 as never }],
  ];
  for (const [title, ids] of unsent) {
    it(`is not injected for a span with ${title}`, () => {
      assert.deepEqual(injectedHeaders(contextWith(ids)), {});
    });
  }
});

describe("traceparent and tracestate", () => {
  const discarded: [title: string, headers: HeaderPairs][] = [
    ["no traceparent", [["tracestate", "foo=1"]]],
    [
      "an invalid traceparent",
      [
        ["traceparent", "00-1-2-01"],
        ["tracestate", "foo=1"],
      ],
    ],
    [
      "two traceparents",
      [
        ["traceparent", TRACEPARENT],
        ["traceparent", TRACEPARENT],
        ["tracestate", "foo=1"],
      ],
    ],
  ];
  for (const [title, headers] of discarded) {
    it(`discard the tracestate with ${title}`, () => {
      assert.equal(
        defaultPropagator.extractHeaders(ROOT_CONTEXT, parsedHeaders(headers)),
        ROOT_CONTEXT,
      );
    });
  }

  it("keep the traceparent with an invalid tracestate", () => {
    const headers = { traceparent: TRACEPARENT, tracestate: "FOO" };
    const context = defaultPropagator.extractHeaders(ROOT_CONTEXT, headers);
    assert.equal(parentSpanContext(context)?.traceId, CALLER_TRACE_ID);
    assert.deepEqual(injectedHeaders(context), { traceparent: TRACEPARENT });
  });

  it("don't parse a tracestate that is not accessed", () => {
    const asked: string[] = [];
    const getter = {
      get: (_: unknown, key: string) => {
        asked.push(key);
        return undefined;
      },
      keys: () => [],
    };
    defaultPropagator.extract(ROOT_CONTEXT, {}, getter);
    assert.deepEqual(asked, ["traceparent", "baggage"]);
  });

  it("propagate an unchanged tracestate as received", () => {
    assert.equal(
      propagatedTraceState("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
      "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
    );
  });
});
