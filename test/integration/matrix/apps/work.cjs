const http = require("node:http");
const { trace } = require("@opentelemetry/api");
const winston = require("winston");

const stock = process.env.STOCK_URL;
const tracer = trace.getTracer("warehouse", "1.2.3");

const log = winston.createLogger({
  format: winston.format.json(),
  transports: [new winston.transports.Console()],
});

async function lookUp(id) {
  log.info("requested", { item: id });
  const [shelf, price] = await Promise.all([shelfOf(id), priceOf(id)]);
  return { id, shelf, price };
}

function order(id) {
  log.warn("out of stock", { item: id });
  throw new RangeError(`no ${id} left`);
}

function shelfOf(id) {
  return tracer.startActiveSpan("find shelf", async (span) => {
    span.setAttribute("item.id", id);
    const response = await fetch(`${stock}/shelves/${id}?token=secret`);
    const { shelf } = await response.json();
    log.info("found", { shelf });
    span.end();
    return shelf;
  });
}

function priceOf(id) {
  return new Promise((resolve, reject) => {
    http
      .get(`${stock}/prices/${id}`, (answer) => {
        let body = "";
        answer.setEncoding("utf8");
        answer.on("data", (text) => (body += text));
        answer.on("end", () => resolve(JSON.parse(body).price));
      })
      .on("error", reject);
  });
}

function open(port) {
  log.info("open", { port });
}

module.exports = { lookUp, open, order };
