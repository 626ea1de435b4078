/** A processor that sets an attribute, and lets the app end. */
const processor = `{
  onStart: (span) => span.setAttribute("from", import.meta?.filename ?? "unknown"),
  onEnd: () => { globalThis.hasSeenSpan = true; },
}`;
const inCommonJs = processor.replace("import.meta?.filename", "__filename");

/** Modules that export the same in all ways. */
export const modules: Readonly<Record<string, string>> = {
  "object.mjs": `export default { spanProcessors: [${processor}] };`,
  "named.mjs": `export const spanProcessors = [${processor}];`,
  "function.cjs": `module.exports = () => ({ spanProcessors: [${inCommonJs}] });`,
  "compiled.cjs": `exports.__esModule = true; exports.default = { spanProcessors: [${inCommonJs}] };`,
  "asynchronous.mjs": `export default async () => {
      await new Promise(setImmediate);
      return { spanProcessors: [${processor}] };
    };`,
  "awaits.mjs": `await new Promise(setImmediate);
    export default { spanProcessors: [${processor}] };`,
  "typed.ts": `interface Settable { setAttribute(key: string, value: string): unknown }
    export default { spanProcessors: [{
      onStart: (span: Settable) => span.setAttribute("from", import.meta.filename),
      onEnd: () => { (globalThis as Record<string, unknown>).hasSeenSpan = true; },
    }] };`,
};

/** Those of which the app's start does not wait. */
export const asynchronous: ReadonlySet<string> = new Set(["asynchronous.mjs", "awaits.mjs"]);

const throwing = `() => { throw new TypeError("hunter2"); }`;
const rejecting = `async () => { throw new TypeError("hunter2"); }`;

/** Modules that fail, and the lines that report it. */
export const failing: readonly (readonly [name: string, text: string, lines: readonly RegExp[]])[] =
  [
    [
      "throws.mjs",
      `throw new RangeError("hunter2");`,
      [
        /the module can't be used: it fails with RangeError at .*throws\.mjs:1.*; telltale runs without it$/,
      ],
    ],
    [
      "rejects.mjs",
      `export default ${rejecting};`,
      [/it fails with TypeError at .*rejects\.mjs:1/],
    ],
    ["hangs.mjs", `await new Promise(() => {});`, []],
    [
      "nonsense.mjs",
      `export default 42;`,
      [
        /received a number, expected an object, or a function that returns one; telltale runs without it$/,
      ],
    ],
    [
      "hostile.mjs",
      `const processor = { onStart: ${throwing}, onEnding: ${rejecting}, onEnd: ${throwing}, forceFlush: ${rejecting} };
    export default {
      spanProcesors: [processor],
      spanProcessors: [processor, "hunter2"],
      logRecordProcessors: [{ onEmit: ${throwing} }],
      sampler: { shouldSample: ${throwing} },
      idGenerator: { generateTraceId: () => "hunter2", generateSpanId: ${throwing} },
      textMapPropagator: { inject: ${throwing}, extract: ${throwing}, fields: () => ["traceparent"] },
      beforeSend: ${throwing},
      healthChecks: { stock: ${throwing} },
      redaction: { fields: 42 },
    };`,
      [
        /unknown key spanProcesors, did you mean spanProcessors\?; it is ignored$/,
        /spanProcessors\[1\]: received a string, expected an object with onStart, onEnd; it is left out$/,
        /spanProcessors\[0\]\.onStart threw TypeError at .*; it misses this span$/,
        /spanProcessors\[0\]\.onEnding threw TypeError/,
        /spanProcessors\[0\]\.onEnd threw TypeError/,
        /spanProcessors\[0\]\.forceFlush threw TypeError/,
        /logRecordProcessors\[0\]\.onEmit threw TypeError/,
        /sampler\.shouldSample threw TypeError.*; the sampler of OTEL_TRACES_SAMPLER decides$/,
        /idGenerator\.generateTraceId returned another string, expected 32 lower-case hex digits, not all 0; a random id is used$/,
        /idGenerator\.generateSpanId threw TypeError.*; a random id is used$/,
        /textMapPropagator\.inject threw TypeError/,
        /beforeSend threw TypeError/,
      ],
    ],
  ];
