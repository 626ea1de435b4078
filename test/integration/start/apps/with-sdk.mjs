import { once } from "node:events";
import { createRequire } from "node:module";
import { trace } from "@opentelemetry/api";

/*
 * An app that records a span per request. With `starts` it also starts OpenTelemetry's
 * SDK, `before` or `after` its server.
 */

const [when] = process.argv.slice(2);

async function startSdk() {
  const { NodeSDK } = await import("@opentelemetry/sdk-node");
  const { InMemorySpanExporter, SimpleSpanProcessor } = await import("@opentelemetry/sdk-trace");
  const { DiagConsoleLogger, DiagLogLevel, diag } = await import("@opentelemetry/api");
  diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.ERROR);
  const exporter = new InMemorySpanExporter();
  const spanProcessors = [new SimpleSpanProcessor({ exporter })];
  const { HttpInstrumentation } = await import("@opentelemetry/instrumentation-http");
  const { UndiciInstrumentation } = await import("@opentelemetry/instrumentation-undici");
  const instrumentations = [new HttpInstrumentation(), new UndiciInstrumentation()];
  const sdk = new NodeSDK({ spanProcessors, logRecordProcessors: [], instrumentations });
  sdk.start();
  return sdk;
}

let sdk = when === "before" ? await startSdk() : undefined;
// Required, as in a CommonJS app: the SDK can patch only these.
const { createServer } = createRequire(import.meta.url)("node:http");
const server = createServer((_request, response) => {
  trace.getTracer("app").startActiveSpan("own", (span) => {
    setTimeout(() => {
      span.end();
      response.end(trace.getActiveSpan() === span ? "same" : "lost");
    }, 1);
  });
});
await once(server.listen(0, "127.0.0.1"), "listening");
if (when === "after") sdk = await startSdk();
const response = await fetch(`http://127.0.0.1:${server.address().port}/`);
const answer = await response.text();
const hasId = response.headers.has("x-request-id");
await sdk?.shutdown();
console.log(
  JSON.stringify({ answer, hasId, finished: (await globalThis.finishedSpans?.()) ?? [] }),
);
server.close();
server.closeAllConnections();
