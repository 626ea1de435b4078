import { createServer } from "node:http";
import { trace } from "@opentelemetry/api";
import {
  addBreadcrumb,
  captureException,
  captureMessage,
  setContext,
  setTag,
  setUser,
  withScope,
} from "telltale";

/* An app that is bundled into one file, with telltale's API and with OpenTelemetry's. */

const server = createServer((_request, response) => {
  const span = trace.getTracer("app").startSpan("own");
  setUser({ id: "ada" });
  setTag("shop", "main");
  setContext("cart", { items: 3 });
  addBreadcrumb({ message: "looked around" });
  const ids = [captureException(new Error("in the bundle")), captureMessage("a word", "warning")];
  const scoped = withScope(() => "scoped");
  span.end();
  response.end(JSON.stringify({ ids: ids.map((id) => typeof id), scoped }));
});

// No top-level await: one of the bundles is CommonJS.
server.listen(0, "127.0.0.1", async () => {
  const response = await fetch(`http://127.0.0.1:${server.address().port}/`);
  console.log(await response.text());
  server.close();
  server.closeAllConnections();
});
