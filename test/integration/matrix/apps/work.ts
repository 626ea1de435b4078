import http from "node:http";
import { trace } from "@opentelemetry/api";
import winston from "winston";

export interface Item {
  readonly id: string;
  readonly shelf: string;
  readonly price: number;
}

const stock: string = process.env["STOCK_URL"] ?? "";
const tracer = trace.getTracer("warehouse", "1.2.3");

const log = winston.createLogger({
  format: winston.format.json(),
  transports: [new winston.transports.Console()],
});

export async function lookUp(id: string): Promise<Item> {
  log.info("requested", { item: id });
  const [shelf, price] = await Promise.all([shelfOf(id), priceOf(id)]);
  return { id, shelf, price };
}

export function order(id: string): never {
  log.warn("out of stock", { item: id });
  throw new RangeError(`no ${id} left`);
}

function shelfOf(id: string): Promise<string> {
  return tracer.startActiveSpan("find shelf", async (span) => {
    span.setAttribute("item.id", id);
    const response = await fetch(`${stock}/shelves/${id}?token=secret`);
    const { shelf } = (await response.json()) as { shelf: string };
    log.info("found", { shelf });
    span.end();
    return shelf;
  });
}

function priceOf(id: string): Promise<number> {
  return new Promise((resolve, reject) => {
    http
      .get(`${stock}/prices/${id}`, (answer) => {
        let body = "";
        answer.setEncoding("utf8");
        answer.on("data", (text: string) => (body += text));
        answer.on("end", () => resolve((JSON.parse(body) as { price: number }).price));
      })
      .on("error", reject);
  });
}

export function open(port: number): void {
  log.info("open", { port });
}
