import { createRequire } from "node:module";
import { measureLines } from "./measure-lines.js";

/* Measures lines of pino 10 that are written to /dev/null. */
const require = createRequire(new URL("../../test/libraries/loggers/rows.ts", import.meta.url));
const pino = require("pino");

const log = pino(pino.destination({ dest: "/dev/null", sync: true, minLength: 4096 })).child({
  app: "shop",
});
const fields = { item: "cup", count: 3 };

await measureLines({
  "a message": () => log.info("plain line"),
  "message, two fields": () => log.info(fields, "ordered"),
  "message, two nested objects": () =>
    log.info({ user: { id: 3, name: "ada" }, place: { city: "Zug" } }, "nested"),
});
