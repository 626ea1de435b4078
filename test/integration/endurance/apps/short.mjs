import { createServer } from "node:http";
import { trace } from "@opentelemetry/api";
import { captureException } from "telltale";

/* Serves until it gets SIGTERM, with telemetry of each kind. */
trace.getTracer("short").startSpan("work").end();
captureException(new Error("short"));
const server = createServer((_request, response) => response.end());
server.listen(0, "127.0.0.1", () => console.log("ready"));
