const { once } = require("node:events");
const { setTimeout: pause } = require("node:timers/promises");

/** Starts an Express app that calls the functions of `telltale`, as it was imported. */
exports.startService = function startService({ telltale, express, winston, trace }) {
  const tracer = trace.getTracer("orders");
  const log = winston.createLogger({
    format: winston.format.json(),
    transports: [new winston.transports.Console()],
  });
  const app = express();

  app.get("/orders/:id", async (request, response) => {
    const { id } = request.params;
    telltale.setRequestId(`order-${id}`);
    telltale.setTags({ order: id });
    telltale.setExtra("items", [id]);
    telltale.setExtras({ total: { amount: id } });
    await telltale.withIsolationScope(async (scope) => {
      scope.setTag("inner", id);
      await pause(1);
    });
    log.info("charged", { order: id });
    const eventId = tracer.startActiveSpan("charge", (span) => {
      const context = { level: "warning", tags: { declined: true }, extra: { card: "none" } };
      const event = telltale.captureMessage(`order ${id} is declined`, context);
      span.end();
      return event;
    });
    response.json({ eventId, isLast: telltale.lastEventId() === eventId });
  });

  app.get("/fails", () => {
    throw new Error("no shelf");
  });

  app.get("/plain", (_request, response) => void response.send("plain"));

  /** Keeps its trace while it runs; spans end before, meanwhile and after its response. */
  app.get("/kept", async (_request, response) => {
    tracer.startSpan("ended").end();
    telltale.keepTrace();
    const running = tracer.startSpan("running");
    response.send("kept");
    await once(response, "close");
    running.end();
    tracer.startSpan("late").end();
  });

  /** Keeps its trace after its end. */
  app.get("/kept-late", async (_request, response) => {
    tracer.startSpan("ended").end();
    response.send("kept");
    await once(response, "close");
    await pause(1);
    telltale.keepTrace();
    tracer.startSpan("late").end();
  });

  app.get("/request-id", (request, response) => {
    telltale.setRequestId(request.query.id);
    response.send("an id");
  });

  app.get("/flush", async (_request, response) => {
    response.json(await telltale.flush(60_000));
  });

  const server = app.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
};
