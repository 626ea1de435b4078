import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import {
  captureException,
  job,
  setOrganization,
  setUser,
  withIsolationScope,
  withMonitor,
  withScope,
} from "telltale";
import winston from "winston";

/*
 * Sets users and organizations at many places, and logs after each. Prints its lines,
 * which name the user that they must have: `<place> <user or ->`.
 */
const { json, combine, timestamp } = winston.format;
const logger = winston.createLogger({
  format: combine(timestamp(), json()),
  transports: new winston.transports.Console(),
});

/** A queue in the process, whose worker runs outside of every request. */
const queue = [];
const queued = new EventEmitter();
const worker = (async () => {
  for (;;) {
    if (queue.length === 0) await once(queued, "item");
    const item = queue.shift();
    if (item === "end") return;
    await job("deliver", async () => {
      logger.info("job -");
      await pause(1);
      setUser({ id: item });
      setOrganization(item);
      logger.info(`job ${item}`);
      captureException(new Error(`job ${item}`));
    })();
  }
})();

async function authenticate(id) {
  await pause(1);
  await new Promise((resolve) => {
    setImmediate(() => {
      setUser({ id, email: `${id}@example.com` });
      setOrganization(`${id} inc`);
      resolve();
    });
  });
}

const places = {
  async deep(id) {
    logger.info("before -");
    await authenticate(id);
    await pause(1);
    logger.info(`deep ${id}`);
    const emitter = new EventEmitter().once("end", () => logger.info(`listener ${id}`));
    setTimeout(() => emitter.emit("end"), 1);
    await once(emitter, "end");
    captureException(new Error(`deep ${id}`));
    queue.push(id);
    queued.emit("item");
  },
  async scope(id) {
    await withScope(async (scope) => {
      scope.setTag("in", "scope");
      await authenticate(id);
      logger.info(`scope ${id}`);
      captureException(new Error(`scope ${id}`));
    });
    logger.info("after-scope -");
  },
  async object(id) {
    withScope((scope) => {
      scope.setUser({ id });
      logger.info(`object ${id}`);
      captureException(new Error(`object ${id}`));
    });
  },
  async isolation(id) {
    await withIsolationScope(async () => {
      await authenticate(id);
      logger.info(`isolation ${id}`);
      captureException(new Error(`isolation ${id}`));
    });
    logger.info("after-isolation -");
  },
  async monitor(id) {
    await withMonitor("monitor", async () => {
      await authenticate(id);
      logger.info(`monitor ${id}`);
      captureException(new Error(`monitor ${id}`));
    });
    logger.info("after-monitor -");
  },
  async batch(id) {
    await Promise.all(
      [`${id}-1`, `${id}-2`].map((item) =>
        withIsolationScope(async (scope) => {
          await pause(1);
          scope.setUser({ id: item });
          setOrganization(item);
          await pause(1);
          logger.info(`batch ${item}`);
          captureException(new Error(`batch ${item}`));
        }),
      ),
    );
    logger.info("after-batch -");
  },
  async removed(id) {
    await authenticate(id);
    setUser(null);
    setOrganization("acme");
    logger.info("removed -");
    captureException(new Error("removed -"));
  },
};

const server = createServer(async (request, response) => {
  const [, place, id] = request.url.split("/");
  await places[place](id);
  response.end();
});
await once(server.listen(0, "127.0.0.1"), "listening");
const origin = `http://127.0.0.1:${server.address().port}`;
const requests = Object.keys(places).flatMap((place) =>
  Array.from({ length: 5 }, (_, at) => fetch(`${origin}/${place}/${place}${at}`)),
);
for (const response of await Promise.all(requests)) await response.arrayBuffer();
server.close();
queue.push("end");
queued.emit("item");
await worker;
logger.info("process -");
