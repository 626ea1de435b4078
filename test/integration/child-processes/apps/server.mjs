// A server that was started with a trace in its environment, and starts processes itself.
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { connect } from "node:net";
import { promisify } from "node:util";
import { trace } from "@opentelemetry/api";

const tracer = trace.getTracer("server");
const variables = async () => (await promisify(execFile)("env")).stdout;
const named = (text) => text.split("\n").filter((line) => /^(TRACE|BAGGAGE)/.test(line));

tracer.startSpan("before").end();
const before = named(await variables());
const server = createServer(async (_request, response) => {
  response.end(JSON.stringify(named(await variables())));
});
server.listen(0, "127.0.0.1", async () => {
  // Node's client would join the trace of this process.
  const client = connect(server.address().port, "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const response = Buffer.concat(await client.toArray()).toString();
  const during = JSON.parse(/\[.*\]/.exec(response)[0]);
  server.close(async () => {
    tracer.startSpan("later").end();
    console.log(JSON.stringify({ before, during, after: named(await variables()) }));
  });
});
