import { Writable } from "node:stream";
import winston from "winston";
import Transport from "winston-transport";
import { createLogger } from "telltale/logger";

/*
 * Logs COUNT lines with a transport that has a fault, from the line 2 on, and a sound one,
 * whose lines it prints: `node transports.mjs FAULT COUNT`. With "later" as third argument
 * the faulty transport is added to the logger, else it is one of its options.
 */
const [fault, count, when] = process.argv.slice(2);

const isBad = ({ message }) => message === "line 2";
const format = winston.format((info) => {
  if (isBad(info)) throw new Error("format broke");
  return info;
})();

class Faulty extends Transport {
  log(info, done) {
    if (fault === "throws" && isBad(info)) throw new Error("transport broke");
    if (fault === "fails" && isBad(info)) return done(new Error("disk full"));
    if (fault !== "hangs") setImmediate(() => done());
    return undefined;
  }
}

const lines = [];
const sound = new winston.transports.Stream({
  stream: new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(chunk).message);
      done();
    },
  }),
});
const faulty = new Faulty(fault === "format" ? { format } : {});
const logger = createLogger("api", { transports: when === "later" ? [sound] : [faulty, sound] });
if (when === "later") logger.add(faulty);
for (let line = 0; line < Number(count); line++) logger.info(`line ${line}`);
await new Promise((resolve) => setImmediate(resolve));

const isComplete = lines.every((line, at) => line === `line ${at}`);
console.log(lines.length, isComplete, logger.transports.includes(faulty));
logger.remove(faulty);
logger.info("after");
console.log(lines.at(-1), logger.transports.length, logger.listenerCount("data"));
