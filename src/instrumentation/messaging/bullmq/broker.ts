import type { Broker } from "../../../context/messaging.ts";
import { propertyOf } from "../../../property.ts";

/**
 * Returns the server of a queue by its option `connection`: an ioredis client or
 * its options, or those of PostgreSQL. Undefined for a cluster or a local socket.
 */
export function bullmqBrokerOf(connection: unknown): Broker | undefined {
  const known = typeof connection === "object" && connection !== null ? connection : undefined;
  if (known === undefined) return undefined;
  if (!brokers.has(known))
    brokers.set(known, brokerFromOptions(propertyOf(known, "options") ?? known));
  return brokers.get(known);
}

/** One object per connection, shared by its jobs. */
const brokers = new WeakMap<object, Broker | undefined>();

function brokerFromOptions(options: unknown): Broker | undefined {
  const url = propertyOf(options, "url") ?? propertyOf(options, "connectionString");
  if (typeof url === "string") return brokerFromUrl(url);
  const host = propertyOf(options, "host");
  if (typeof host !== "string" || host === "") return undefined;
  const port = Number(propertyOf(options, "port"));
  return Number.isInteger(port) && port > 0 ? { address: host, port } : { address: host };
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  "redis:": 6379,
  "rediss:": 6379,
  "postgres:": 5432,
  "postgresql:": 5432,
};

function brokerFromUrl(text: string): Broker | undefined {
  const url = URL.parse(text);
  if (url === null || url.hostname === "") return undefined;
  const address = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? DEFAULT_PORTS[url.protocol] : Number(url.port);
  return port === undefined ? { address } : { address, port };
}
