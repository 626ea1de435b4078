import { once } from "node:events";
import { createServer } from "node:http";
import { logs, metrics, trace } from "@opentelemetry/api";

const server = createServer((request, response) => response.end("hello")).listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${server.address().port}`;
for (const path of ["/orders", "/healthz"]) await (await fetch(url + path)).text();
trace.getTracer("noisy.library").startSpan("noise").end();
trace.getTracer("shop").startSpan("work").end();
const histogram = metrics.getMeter("shop").createHistogram("shop.basket", { unit: "1" });
histogram.record(3, { "shop.id": 1, "user.id": 7 });
const logger = logs.getLogger("shop");
logger.emit({ severityNumber: 5, body: "detail" });
logger.emit({ severityNumber: 13, body: "warning" });
server.close();
