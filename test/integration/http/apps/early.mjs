import http from "node:http";

/* Loaded before the preload: creates a server before it. */

globalThis.early = http.createServer((_request, response) => response.end("early"));
