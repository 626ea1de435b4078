import { createServer } from "node:http";
import pino from "pino";
import { logSecurityEvent } from "telltale";

/*
 * A server that logs lines when it is requested, and prints its port. `/lines/FROM/COUNT` logs
 * lines with the numbers from FROM on, every tenth at another level; `/LEVEL/COUNT` as many
 * lines of a level; `/failed_login/COUNT` security events. The argument is a secret.
 */
const [secret] = process.argv.slice(2);
const log = pino({ base: null }, { write: () => {} });
const levels = ["info", "info", "warn", "info", "error", "info", "info", "info", "info", "info"];

const actions = {
  lines: (from, count) => {
    for (let line = from; line < from + count; line++)
      log[levels[line % 10]](
        { line, text: "x".repeat(100), password: secret, url: `https://shop:${secret}@db/orders` },
        "order placed\non two lines",
      );
  },
  failed_login: (count) => {
    for (let index = 0; index < count; index++) logSecurityEvent("failed_login");
  },
};

const server = createServer((request, response) => {
  const [action, ...numbers] = request.url.slice(1).split("/");
  const [first, second] = numbers.map(Number);
  if (action in actions) actions[action](first, second);
  else for (let index = 0; index < first; index++) log[action](`a line at ${action}`);
  response.end();
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
