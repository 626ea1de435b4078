import assert from "node:assert/strict";
import type { HeaderPairs } from "./headers.ts";

/**
 * The 41 tests of the W3C's suite (`test/test.py` of w3c/trace-context, strict
 * level 2, specification level 2) as data: what a service receives, and what it
 * must send to the services that it then calls. It can test any service with a
 * `SendRequest`.
 */

/** Sends one request with these headers to a service that calls others `calls` times; returns the headers of each call. */
export type SendRequest = (headers: HeaderPairs, calls: number) => Promise<readonly HeaderPairs[]>;

export interface SuiteCase {
  /** The name of the test in the suite. */
  readonly name: string;
  readonly requests: readonly SuiteRequest[];
}

interface SuiteRequest {
  readonly headers: HeaderPairs;
  /** How often the service calls others; default: once. */
  readonly calls?: number;
  /** Whether the service continues the received trace or starts another. */
  readonly trace: "continues" | "starts";
  /** The tracestate of the call; undefined if there must be none. */
  readonly state?: string | undefined;
  readonly isRandom?: boolean;
}

const TRACE = "12345678901234567890123456789012";
const PARENT = "1234567890123456";
const FLAGS_00 = `00-${TRACE}-${PARENT}-00`;
const FLAGS_01 = `00-${TRACE}-${PARENT}-01`;

/** Runs one case; throws an assertion error if it fails. */
export async function check({ requests }: SuiteCase, send: SendRequest): Promise<void> {
  for (const request of requests) {
    const calls = request.calls ?? 1;
    const sent = await send(request.headers, calls);
    assert.equal(sent.length, calls, "calls");
    const parents = sent.map((headers) => checkCall(request, headers));
    assert.equal(new Set(parents).size, calls, "each call has a different parent id");
  }
}

function checkCall(request: SuiteRequest, headers: HeaderPairs): string {
  const traceparents = valuesOf(headers, "traceparent");
  assert.equal(traceparents.length, 1, "one traceparent");
  const [, trace, parent, flags] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparents[0] ?? "") ?? [];
  assert.ok(trace !== undefined && !/^0+$/.test(trace), `a valid trace id: ${traceparents[0]}`);
  assert.ok(parent !== undefined && !/^0+$/.test(parent), `a valid parent id: ${traceparents[0]}`);
  const incoming = JSON.stringify(request.headers);
  if (request.trace === "continues") assert.equal(trace, TRACE);
  else assert.ok(!incoming.includes(trace), "a trace id of its own");
  assert.notEqual(parent, PARENT);
  assert.deepEqual(
    valuesOf(headers, "tracestate"),
    request.state === undefined ? [] : [request.state],
  );
  if (request.isRandom === true)
    assert.equal(Number.parseInt(flags ?? "", 16) & 2, 2, "random flag");
  return parent;
}

function valuesOf(headers: HeaderPairs, wanted: string): string[] {
  return headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
}

function refused(name: string, ...traceparents: string[]): SuiteCase {
  return {
    name,
    requests: traceparents.map((traceparent) => ({
      headers: [["traceparent", traceparent]],
      trace: "starts",
    })),
  };
}

function continued(name: string, ...traceparents: string[]): SuiteCase {
  return {
    name,
    requests: traceparents.map((traceparent) => ({
      headers: [["traceparent", traceparent]],
      trace: "continues",
    })),
  };
}

/** Tracestate headers of one request, and the propagated one. */
function states(
  name: string,
  ...rows: (readonly [headers: string[], state?: string])[]
): SuiteCase {
  return { name, requests: rows.map(([headers, state]) => withStates(headers, state)) };
}

function withStates(headers: string[], state: string | undefined): SuiteRequest {
  return {
    headers: [["traceparent", FLAGS_00], ...headers.map((value) => ["tracestate", value] as const)],
    trace: "continues",
    state,
  };
}

function numbered(first: number, last: number): string {
  const members: string[] = [];
  for (let n = first; n <= last; n++) {
    const two = String(n).padStart(2, "0");
    members.push(`bar${two}=${two}`);
  }
  return members.join(",");
}

const KEY = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
const VALUE = Array.from({ length: 0x7f - 0x20 }, (_, n) => String.fromCharCode(0x20 + n))
  .join("")
  .replace(/[,=]/g, "");

export const suite: readonly SuiteCase[] = [
  {
    name: "both_traceparent_and_tracestate_missing",
    requests: [{ headers: [], trace: "starts" }],
  },
  continued("traceparent_included_tracestate_missing", FLAGS_01),
  {
    name: "traceparent_duplicated",
    requests: [
      {
        headers: [
          ["traceparent", `00-${TRACE.slice(0, 31)}1-${PARENT}-01`],
          ["traceparent", FLAGS_01],
        ],
        trace: "starts",
      },
    ],
  },
  {
    name: "traceparent_header_name",
    requests: ["trace-parent", "trace.parent"].map((name) => ({
      headers: [[name, FLAGS_01]],
      trace: "starts",
    })),
  },
  {
    name: "traceparent_header_name_valid_casing",
    requests: ["TraceParent", "TrAcEpArEnT", "TRACEPARENT"].map((name) => ({
      headers: [[name, FLAGS_01]],
      trace: "continues",
    })),
  },
  refused("traceparent_version_0x00", `${FLAGS_01}.`, `${FLAGS_01}-what-the-future-will-be-like`),
  {
    name: "traceparent_version_0xcc",
    requests: [
      { headers: [["traceparent", `cc-${TRACE}-${PARENT}-01`]], trace: "continues" },
      { headers: [["traceparent", `cc-${TRACE}-${PARENT}-01-what-comes`]], trace: "continues" },
      { headers: [["traceparent", `cc-${TRACE}-${PARENT}-01.what-comes`]], trace: "starts" },
    ],
  },
  refused("traceparent_version_0xff", `ff-${TRACE}-${PARENT}-01`),
  refused(
    "traceparent_version_illegal_characters",
    `.0-${TRACE}-${PARENT}-01`,
    `0.-${TRACE}-${PARENT}-01`,
  ),
  refused(
    "traceparent_version_too_long",
    `000-${TRACE}-${PARENT}-01`,
    `0000-${TRACE}-${PARENT}-01`,
  ),
  refused("traceparent_version_too_short", `0-${TRACE}-${PARENT}-01`),
  refused("traceparent_trace_id_all_zero", `00-${"0".repeat(32)}-${PARENT}-01`),
  refused(
    "traceparent_trace_id_illegal_characters",
    `00-.${TRACE.slice(1)}-${PARENT}-01`,
    `00-${TRACE.slice(1)}.-${PARENT}-01`,
  ),
  refused("traceparent_trace_id_too_long", `00-${TRACE}3-${PARENT}-01`),
  refused("traceparent_trace_id_too_short", `00-${TRACE.slice(1)}-${PARENT}-01`),
  refused("traceparent_parent_id_all_zero", `00-${TRACE}-${"0".repeat(16)}-01`),
  refused(
    "traceparent_parent_id_illegal_characters",
    `00-${TRACE}-.${PARENT.slice(1)}-01`,
    `00-${TRACE}-${PARENT.slice(1)}.-01`,
  ),
  refused("traceparent_parent_id_too_long", `00-${TRACE}-${PARENT}7-01`),
  refused("traceparent_parent_id_too_short", `00-${TRACE}-${PARENT.slice(1)}-01`),
  refused(
    "traceparent_trace_flags_illegal_characters",
    `00-${TRACE}-${PARENT}-.0`,
    `00-${TRACE}-${PARENT}-0.`,
  ),
  refused("traceparent_trace_flags_too_long", `00-${TRACE}-${PARENT}-001`),
  refused("traceparent_trace_flags_too_short", `00-${TRACE}-${PARENT}-1`),
  continued(
    "traceparent_ows_handling",
    ` ${FLAGS_01}`,
    `\t${FLAGS_01}`,
    `${FLAGS_01} `,
    `${FLAGS_01}\t`,
    `\t ${FLAGS_01} \t`,
  ),
  {
    name: "tracestate_included_traceparent_missing",
    requests: ["foo=1", "foo=1,bar=2"].map((value) => ({
      headers: [["tracestate", value]],
      trace: "starts",
    })),
  },
  states("tracestate_included_traceparent_included", [["foo=1,bar=2"], "foo=1,bar=2"]),
  {
    name: "tracestate_header_name",
    requests: ["trace-state", "trace.state"].map((name) => ({
      headers: [
        ["traceparent", FLAGS_00],
        [name, "foo=1"],
      ],
      trace: "continues",
    })),
  },
  {
    name: "tracestate_header_name_valid_casing",
    requests: ["TraceState", "TrAcEsTaTe", "TRACESTATE"].map((name) => ({
      headers: [
        ["traceparent", FLAGS_00],
        [name, "foo=1"],
      ],
      trace: "continues",
      state: "foo=1",
    })),
  },
  states("tracestate_empty_header", [[""]], [["foo=1", ""], "foo=1"], [["", "foo=1"], "foo=1"]),
  states("tracestate_multiple_headers_different_keys", [
    ["foo=1,bar=2", "rojo=1,congo=2", "baz=3"],
    "foo=1,bar=2,rojo=1,congo=2,baz=3",
  ]),
  states(
    "tracestate_duplicated_keys",
    [["foo=1,foo=1"], "foo=1"],
    [["foo=1,foo=2"], "foo=1"],
    [["foo=1", "foo=1"], "foo=1"],
    [["foo=1", "foo=2"], "foo=1"],
  ),
  states(
    "tracestate_all_allowed_characters",
    [[`${KEY}=${VALUE}`], `${KEY}=${VALUE}`],
    [[`${KEY}@a-z0-9_-*/=${VALUE}`], `${KEY}@a-z0-9_-*/=${VALUE}`],
  ),
  states(
    "tracestate_ows_handling",
    [["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"],
    [["foo=1\t \t,\t \tbar=2,\t \tbaz=3"], "foo=1,bar=2,baz=3"],
    [[" foo=1"], "foo=1"],
    [["\tfoo=1"], "foo=1"],
    [["foo=1 "], "foo=1"],
    [["foo=1\t"], "foo=1"],
    [["\t foo=1 \t"], "foo=1"],
  ),
  states("tracestate_key_illegal_characters", [["foo =1"]], [["FOO=1"]], [["foo.bar=1"]]),
  states(
    "tracestate_key_illegal_vendor_format",
    [["foo@=1,bar=2"], "foo@=1,bar=2"],
    [["@foo=1,bar=2"]],
    [["foo@@bar=1,bar=2"], "foo@@bar=1,bar=2"],
    [["foo@bar@baz=1,bar=2"], "foo@bar@baz=1,bar=2"],
  ),
  states(
    "tracestate_member_count_limit",
    [[numbered(1, 10), numbered(11, 20), numbered(21, 30), numbered(31, 32)], numbered(1, 32)],
    [[numbered(1, 10), numbered(11, 20), numbered(21, 30), numbered(31, 33)]],
  ),
  states(
    "tracestate_key_length_limit",
    [["foo=1", `${"z".repeat(256)}=1`], `foo=1,${"z".repeat(256)}=1`],
    [["foo=1", `${"z".repeat(257)}=1`]],
    [
      ["foo=1", `${"t".repeat(241)}@${"v".repeat(14)}=1`],
      `foo=1,${"t".repeat(241)}@${"v".repeat(14)}=1`,
    ],
    [["foo=1", `${"t".repeat(242)}@v=1`], `foo=1,${"t".repeat(242)}@v=1`],
    [["foo=1", `t@${"v".repeat(15)}=1`], `foo=1,t@${"v".repeat(15)}=1`],
  ),
  states("tracestate_value_illegal_characters", [["foo=bar=baz"]], [["foo=,bar=3"]]),
  {
    name: "multiple_requests_with_valid_traceparent",
    requests: [{ headers: [["traceparent", FLAGS_01]], calls: 3, trace: "continues" }],
  },
  {
    name: "multiple_requests_without_traceparent",
    requests: [{ headers: [], calls: 3, trace: "starts" }],
  },
  {
    name: "multiple_requests_with_illegal_traceparent",
    requests: [
      {
        headers: [["traceparent", `00-${"0".repeat(32)}-${PARENT}-01`]],
        calls: 3,
        trace: "starts",
      },
    ],
  },
  {
    name: "propagates_random_flag",
    requests: [
      {
        headers: [["traceparent", `00-${TRACE}-${PARENT}-02`]],
        trace: "continues",
        isRandom: true,
      },
    ],
  },
];
