import type { Attributes } from "@opentelemetry/api";

/** A database server and one of its databases. */
export interface DatabaseTarget {
  /** `db.system.name`: a well-known value of the semantic conventions. */
  readonly system: string;
  /** `db.namespace`. */
  readonly namespace?: string | undefined;
  /** `server.address`: a host, or the path of a socket. */
  readonly address?: string | undefined;
  /** `server.port`. */
  readonly port?: number | undefined;
}

const MAX_CACHED = 500;

/** A database with the attributes that all its spans and metrics share. */
export class CallTarget {
  readonly attributes: Attributes;
  /** One object per operation, by which the metric finds its series without an allocation. */
  readonly #byOperation = new Map<string, Attributes>();

  constructor({ system, namespace, address, port }: DatabaseTarget) {
    const attributes: Attributes = { "db.system.name": system };
    if (namespace !== undefined && namespace !== "") attributes["db.namespace"] = namespace;
    if (address !== undefined && address !== "") attributes["server.address"] = address;
    if (port !== undefined && !Number.isNaN(port)) attributes["server.port"] = port;
    this.attributes = attributes;
  }

  /** Adds `db.operation.name` and, where it is known, `db.collection.name`. */
  attributesOf(operation: string | undefined, collection?: string): Attributes {
    if (operation === undefined) return this.attributes;
    const key = collection === undefined ? operation : `${operation} ${collection}`;
    const known = this.#byOperation.get(key);
    if (known !== undefined) return known;
    const attributes: Attributes = { ...this.attributes, "db.operation.name": operation };
    if (collection !== undefined) attributes["db.collection.name"] = collection;
    if (this.#byOperation.size < MAX_CACHED) this.#byOperation.set(key, attributes);
    return attributes;
  }
}
