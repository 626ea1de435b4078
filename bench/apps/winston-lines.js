import { Writable } from "node:stream";
import winston from "winston";
import { measureLines } from "./measure-lines.js";

/* Measures lines of winston 3 with timestamp() and json(), which its stream discards. */
const { format, transports } = winston;
const stream = new Writable({ write: (_chunk, _encoding, next) => next() });
const log = winston
  .createLogger({
    format: format.combine(format.timestamp(), format.json()),
    transports: [new transports.Stream({ stream })],
  })
  .child({ app: "shop" });

await measureLines({
  "a message": () => log.info("plain line"),
  "message, two fields": () => log.info("ordered", { item: "cup", count: 3 }),
  "message, two nested objects": () =>
    log.info("nested", { user: { id: 3, name: "ada" }, place: { city: "Zug" } }),
});
