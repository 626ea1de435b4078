import http from "node:http";

/* Loaded before the preload: a server that is older than we are. */

globalThis.early = http.createServer((_request, response) => response.end("early"));
