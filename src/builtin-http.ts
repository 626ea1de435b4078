import type * as Http from "node:http";

/*
 * `node:http` for the bundle: the build redirects imports of it to this module.
 *
 * For an `import` of it from an ES module Node reads every export, including the
 * getters of WebSocket and its events, which load undici: 20 ms on 22, 24 and 26,
 * where getting the module itself takes 2.7 (measured).
 */
const http: typeof Http = process.getBuiltinModule("node:http");

// oxlint-disable-next-line import/no-default-export -- `node:http` has one.
export default http;
export const Agent: typeof Http.Agent = http.Agent;
export const ClientRequest: typeof Http.ClientRequest = http.ClientRequest;
export const IncomingMessage: typeof Http.IncomingMessage = http.IncomingMessage;
export const METHODS: typeof Http.METHODS = http.METHODS;
export const STATUS_CODES: typeof Http.STATUS_CODES = http.STATUS_CODES;
export const Server: typeof Http.Server = http.Server;
export const ServerResponse: typeof Http.ServerResponse = http.ServerResponse;
export const createServer: typeof Http.createServer = http.createServer;
export const get: typeof Http.get = http.get;
export const globalAgent: typeof Http.globalAgent = http.globalAgent;
export const request: typeof Http.request = http.request;
