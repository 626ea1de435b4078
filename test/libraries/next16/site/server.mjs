import express from "express";
import next from "next";

/* Next within an Express app that has one route for all of Next's paths. */
const app = next({ dev: false, dir: import.meta.dirname, hostname: "127.0.0.1", port: 0 });
await app.prepare();
const handle = app.getRequestHandler();
const outer = express();
outer.get("/plain/:id", (request, response) => response.json({ id: request.params.id }));
outer.all("/{*rest}", (request, response) => handle(request, response));
const server = outer.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
