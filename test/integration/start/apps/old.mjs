import { once } from "node:events";
import { createServer } from "node:http";
import { Worker } from "node:worker_threads";

/* For every Node: a server, a worker thread that is preloaded as well, an exit code. */

const server = createServer((_request, response) => response.end("hello"));
await once(server.listen(0, "127.0.0.1"), "listening");
const response = await fetch(`http://127.0.0.1:${server.address().port}/`);
console.log(await response.text(), [...response.headers.keys()].join(" "));
const worker = new Worker("process.stdout.write('worker ')", { eval: true });
await once(worker, "exit");
process.exit(3);
