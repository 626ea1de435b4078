// Fails in requests, jobs and outside of both, and prints the metrics page.
import { createServer } from "node:http";
import express from "express";
import { captureException, job } from "../../../dist/index.js";

const ADMIN = process.env.OTEL_EXPORTER_PROMETHEUS_PORT;

const app = express();
app.get("/fail/:id", () => {
  throw new TypeError("broken");
});
app.get("/captured", (_, response) => {
  captureException(new RangeError("too many"));
  response.end();
});
app.get("/both", () => {
  const error = Object.assign(new Error("no stock"), { code: "ENOSTOCK" });
  captureException(error);
  throw error;
});
app.get("/text", () => {
  // oxlint-disable-next-line typescript/only-throw-error -- a text has no type.
  throw "a text";
});
app.get("/hostile", () => {
  throw new Proxy(new Error("hostile"), {
    get() {
      throw new Error("no");
    },
  });
});
app.get("/named/:id", (request) => {
  throw Object.assign(new Error("odd"), { name: `Error of order ${request.params.id}` });
});
app.get("/refused", () => {
  throw Object.assign(new Error("refused"), { status: 403 });
});
app.get("/fine", (_, response) => response.end());
// Its default logs errors.
app.use((error, request, response, _next) => {
  response.statusCode = request.path === "/refused" ? error.status : 500;
  response.end();
});

const server = createServer(app).listen(0, "127.0.0.1", async () => {
  const paths = ["/fail/1", "/fail/2", "/captured", "/both", "/text", "/refused", "/fine"];
  const odd = ["/hostile", "/named/123456", "/named/654321"];
  for (const path of [...paths, ...odd])
    await (await fetch(`http://127.0.0.1:${server.address().port}${path}`)).text();
  const failing = job("nightly-20260101", () => Promise.reject(new SyntaxError("no")));
  await failing().catch(() => {});
  captureException(new URIError("outside"));
  console.log(await (await fetch(`http://127.0.0.1:${ADMIN}/metrics`)).text());
  server.close();
});
