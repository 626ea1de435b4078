import { createServer } from "node:http";
import { pino } from "pino";

/*
 * An HTTP server that logs COUNT lines from the number FROM on at `/lines/FROM/COUNT`, each with
 * SIZE more characters at `/lines/FROM/COUNT/SIZE`, and exits by itself at `/exit`. Prints
 * its port.
 */
const log = pino({ base: null }, { write: () => {} });

const server = createServer((request, response) => {
  const [path, from = 0, count = 0, size = 0] = request.url.slice(1).split("/");
  for (let line = Number(from); line < Number(from) + Number(count); line++)
    log.info({ line, text: "x".repeat(Number(size)) }, "a line");
  response.end();
  if (path === "exit") process.exit();
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
