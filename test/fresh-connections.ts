import http from "node:http";
import https from "node:https";

/*
 * Lets each request of a test have a connection of its own, by `fetch` and by `http` without an
 * agent. A kept connection may be closed by its server while the next request is on its way, at
 * any pause between two requests. mocha loads this file before all tests (`.mocharc.json`); it
 * does not concern the programs that they start.
 */

/** Where Node keeps the dispatcher of `fetch`. */
const DISPATCHER = Symbol.for("undici.globalDispatcher.2");

/** The class of that dispatcher; a `pipelining` of 0 closes each connection after its request. */
type Dispatcher = new (options: { readonly pipelining: number }) => object;

// The dispatcher exists from the first request on.
await fetch("data:,");
const { constructor } = Reflect.get(globalThis, DISPATCHER) as { constructor: Dispatcher };
Reflect.set(globalThis, DISPATCHER, new constructor({ pipelining: 0 }));

http.globalAgent = new http.Agent();
https.globalAgent = new https.Agent();
