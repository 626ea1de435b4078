import { once } from "node:events";
import { createServer } from "node:http";
import winston from "winston";

/** An app that logs with the console, and with a winston logger that writes to the console. */
class Printing extends winston.Transport {
  log(info, callback) {
    setImmediate(() => this.emit("logged", info));
    console.log(`printed ${info.message}`);
    setImmediate(() => callback());
  }
}

const logger = winston.createLogger({
  transports: [
    new winston.transports.Console({ forceConsole: true, format: winston.format.simple() }),
  ],
});
const busy = winston.createLogger({ transports: [new Printing({ highWaterMark: 1 })] });

const server = createServer((request, response) => {
  console.log("plain");
  console.log("%s has %d", "shelf", 3, { of: "cups" });
  console.info({ item: "cup", inner: { deep: [1, 2] } });
  console.debug("\u001b[31mred\u001b[39m");
  console.warn("low");
  console.error("failed:", Object.assign(new RangeError("no cup left"), { code: "E_STOCK" }));
  console.table([{ cup: 1 }]);
  console.assert(false, "a cup is %s", "missing");
  console.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 });
  console.trace("here");
  console.log();
  logger.info("from winston");
  for (const at of [1, 2, 3]) busy.info(`busy ${at}`);
  response.end();
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address();
await (await fetch(`http://127.0.0.1:${port}/`)).arrayBuffer();
server.close();
await once(server, "close");
console.log("closed");
