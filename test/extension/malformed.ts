/** A module that is no usable extension, and what its report has. */
export interface MalformedModule {
  readonly title: string;
  readonly text: string;
  /** Matches one of the lines. Undefined: nothing is wrong with what it exports. */
  readonly line: RegExp | undefined;
  /** Whether the rest of the configuration, a health check, is used. */
  readonly usesRest: boolean;
}

/** Modules without a configuration. */
const whole: readonly (readonly [text: string, line: RegExp])[] = [
  ["export default 1;", /received a number, expected an object, or a function that returns one/],
  ["export default 'hunter2';", /received a string/],
  ["export default true;", /received a boolean/],
  ["export default null;", /received null/],
  ["export default undefined;", /received undefined/],
  ["export default Symbol('hunter2');", /received a symbol/],
  ["export default 10n;", /received a bigint/],
  ["export default [];", /received an empty list/],
  ["export default [{ spanProcessors: [] }];", /received a list/],
  ["export default () => 1;", /received a number/],
  ["export default () => undefined;", /received undefined/],
  ["export default () => [1];", /received a list/],
  ["export default async () => 'hunter2';", /received a string/],
  ["export default Promise.resolve(7);", /received a number/],
  ["export default Promise.reject(new TypeError('hunter2'));", /it fails with TypeError at /],
  ["export default Promise.reject('hunter2');", /it fails with a string/],
  ["export default () => { throw new TypeError('hunter2'); };", /it fails with TypeError at /],
  ["export default () => { throw null; };", /it fails with null;/],
  ["export default () => { throw 'hunter2'; };", /it fails with a string/],
  ["export default async () => { throw undefined; };", /it fails with undefined;/],
  ["export default { get then() { throw new RangeError('hunter2'); } };", /fails with RangeError/],
  ["export default { then() { throw new RangeError('hunter2'); } };", /fails with RangeError/],
  ["export default { then() {} };", /received no configuration within \d+ ms/],
  ["export default new Promise(() => {});", /received no configuration within \d+ ms/],
  ["export default () => new Promise(() => {});", /received no configuration within \d+ ms/],
  ["await new Promise(() => {});", /received no configuration within \d+ ms/],
  ["export default class Extension {}", /it fails with TypeError/],
  ["throw new Error('hunter2');", /it fails with Error at /],
  ["throw Object.create(null);", /it fails with an object;/],
  ["const = 1;", /it fails with SyntaxError/],
  ["import './missing-file.mjs';", /it, or a module of it, is not found/],
  ["import 'missing-package';", /it, or a module of it, is not found/],
  ["undefinedFunction();", /it fails with ReferenceError/],
  [
    "export default new Proxy({}, { get() { throw new Error('hunter2'); } });",
    /it fails with Error/,
  ],
  [
    "const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); export default proxy;",
    /it fails with TypeError/,
  ],
];

const rest = "healthChecks: { rest() {} }";

/** Values that no key takes, as texts, and what the report calls them. */
const values: readonly (readonly [text: string, received: string])[] = [
  ["42", "a number"],
  ["'hunter2'", "a string"],
  ["true", "a boolean"],
  ["Symbol()", "a symbol"],
];

const lists = [
  ...["spanProcessors", "logRecordProcessors", "metricReaders"],
  ...["resourceDetectors", "instrumentations", "views"],
];
const components = ["traceExporter", "sampler", "idGenerator", "textMapPropagator"];
const functions = [
  ...["beforeSend", "beforeBreadcrumb"],
  ...["requestHook", "responseHook", "ignoreRequest", "spanName"],
];

/** Rows of one key with a wrong value beside a good one. */
function rowsOf(key: string): MalformedModule[] {
  return values.map(([text, received]) => ({
    title: `${key}: ${text}`,
    text: `export default { ${key}: ${text}, ${rest} };`,
    line: new RegExp(`${key}: received ${received}, expected .*; it is left out`),
    usesRest: true,
  }));
}

/** Other wrong values, by key. */
const special: readonly (readonly [text: string, line: RegExp | undefined])[] = [
  [
    "spanProcessors: {}",
    /spanProcessors: received an object without onStart and onEnd, expected a list of an object with onStart, onEnd; it is left out/,
  ],
  [
    "spanProcessors: { onStart() {}, onEnd() {} }",
    /spanProcessors: received an object, expected a list; a list of it is used/,
  ],
  [
    "spanProcessors: [null, { onStart() {}, onEnd() {} }]",
    /spanProcessors\[0\]: received null, expected an object with onStart, onEnd/,
  ],
  ["spanProcessors: [{ onStart() {} }]", /spanProcessors\[0\]: received an object without onEnd/],
  ["spanProcessors: [[], [undefined]]", /spanProcessors\[1\]\[0\]: received undefined/],
  [
    "spanProcessors: [new (class Broken {})()]",
    /received an instance of Broken without onStart and onEnd/,
  ],
  [
    "spanProcessors: [class Processor { onStart() {} onEnd() {} }]",
    /received a function without onStart and onEnd/,
  ],
  ["spanProcessors: null", /spanProcessors: received null/],
  ["logRecordProcessors: [{ onStart() {}, onEnd() {} }]", /received an object without onEmit/],
  [
    "sampler: {}",
    /sampler: received an object without shouldSample, expected an object with shouldSample/,
  ],
  ["sampler: null", /sampler: received null/],
  ["sampler: 'always_on'", /sampler: received a string/],
  [
    "idGenerator: { generateTraceId() {} }",
    /idGenerator: received an object without generateSpanId/,
  ],
  ["textMapPropagator: { inject() {} }", /received an object without extract and fields/],
  ["textMapPropagator: ['tracecontext']", /textMapPropagator: received a list without inject/],
  ["traceExporter: { send() {} }", /traceExporter: received an object without export/],
  ["beforeSend: {}", /beforeSend: received an object, expected a function/],
  ["redaction: 'hunter2'", /redaction: received a string, expected an object/],
  ["redaction: []", /redaction: received an empty list/],
  ["contextManager: {}", /contextManager has no effect: /],
  ["spanLimits: {}", /spanLimits has no effect: /],
  ["views: [7]", /views\[0\]: received a number, expected an object; it is left out/],
  [
    "views: [{ instrumentName: 'a', aggregation: { type: 9 } }]",
    /views\[0\]\.aggregation: received type 9, expected/,
  ],
  [
    "views: [{ instrumentName: 'a', aggregation: { type: 4, options: { boundaries: ['a'] } } }]",
    /views\[0\]\.aggregation: received other boundaries/,
  ],
  [
    "views: [{ instrumentName: 'a*', name: 'b' }]",
    /views\[0\]\.name: received a name for several instruments, expected/,
  ],
  ["views: [{ instrumentType: 'COUNT' }]", /views\[0\]\.instrumentType: received another text/],
  [
    "views: [{ name: 'a' }]",
    /views\[0\]: received no instrumentName, instrumentType, instrumentUnit or meterName/,
  ],
  ["autoDetectResources: false", /autoDetectResources has no effect: /],
  ["spanProcesors: []", /unknown key spanProcesors, did you mean spanProcessors\?; it is ignored/],
  ["spanProcessor: []", /did you mean spanProcessors\?/],
  ["samplers: []", /did you mean sampler\?/],
  ["BeforeSend() {}", /did you mean beforeSend\?/],
  ["healthcheck: {}", /did you mean healthChecks\?/],
  ["zzz: 1", /unknown key zzz; it is ignored/],
  ["['hunter3'.repeat(1000)]: 1", /unknown key hunter3/],
  ["__proto__: { spanProcessors: 42 }", undefined],
  ["get sampler() { throw new Error('hunter2'); }", undefined],
  ["sampler: undefined, spanProcessors: undefined", undefined],
];

const checks: readonly (readonly [text: string, line: RegExp])[] = [
  ["healthChecks: 1", /healthChecks: received a number, expected an object/],
  ["healthChecks: []", /healthChecks: received an empty list/],
  [
    "healthChecks: { stock: 1, rest() {} }",
    /healthChecks\.stock: received a number, expected a function, or an object with run/,
  ],
  ["healthChecks: { stock: {}, rest() {} }", /healthChecks\.stock: received an object/],
];

/** More than a hundred. */
export const malformedModules: readonly MalformedModule[] = [
  ...whole.map(([text, line]) => ({ title: text, text, line, usesRest: false })),
  ...[...lists, ...components, ...functions, "redaction", "resource"].flatMap(rowsOf),
  ...special.map(([entry, line]) => ({
    title: entry,
    text: `export default { ${entry}, ${rest} };`,
    line,
    usesRest: true,
  })),
  ...checks.map(([entry, line]) => ({
    title: entry,
    text: `export default { ${entry} };`,
    line,
    usesRest: entry.includes("rest"),
  })),
];
