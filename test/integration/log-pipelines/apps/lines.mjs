import { createServer } from "node:http";
import { logs, SeverityNumber } from "@opentelemetry/api-logs";
import pino from "pino";
import { logSecurityEvent, setOrganization, setUser, time } from "telltale";
import { createLogger } from "telltale/logger";
import winston from "winston";

/*
 * Answers one request with lines of all loggers and all of their levels, then crashes. The
 * argument is a secret, which is in some of the lines.
 */
const [secret] = process.argv.slice(2);
const { combine, json, timestamp } = winston.format;

const own = createLogger("shop.orders", { level: "silly" });
const loggers = [
  winston.createLogger({
    level: "silly",
    levels: winston.config.npm.levels,
    format: combine(timestamp(), json()),
    transports: [new winston.transports.Console()],
  }),
  winston.createLogger({
    level: "debug",
    levels: winston.config.syslog.levels,
    format: combine(timestamp(), json()),
    transports: [new winston.transports.Console()],
  }),
  winston.createLogger({
    level: "audited",
    levels: { urgent: 0, audited: 1 },
    format: json(),
    transports: [new winston.transports.Console()],
  }),
];
const pinoLogger = pino({ level: "trace" }, pino.destination({ sync: true }));

const server = createServer(async (_request, response) => {
  setUser({ id: "u-7" });
  setOrganization("o-3");
  for (const level of Object.keys(winston.config.npm.levels))
    own[level](`own ${level}`, { order: 12 });
  own.error("not placed", new Error("first line\nsecond line"));
  own.info("signed in", { password: secret, authorization: `Bearer ${secret}` });
  for (const logger of loggers)
    for (const level of Object.keys(logger.levels)) logger.log(level, `winston ${level}`);
  for (const level of Object.keys(pinoLogger.levels.values))
    pinoLogger[level]({ nested: { list: [1] } }, `pino ${level}`);
  for (const severityText of ["WARN", "ERROR", "FATAL"])
    logs.getLogger("api").emit({
      severityNumber: SeverityNumber[severityText],
      severityText,
      body: `api ${severityText}`,
    });
  console.log("printed");
  console.error("printed as an error");
  logSecurityEvent("failed_login", { account: "ada" });
  logSecurityEvent("login", { account: "ada" });
  await time("import-orders", async () => {});
  response.end();
}).listen(0, "127.0.0.1", async () => {
  await fetch(`http://127.0.0.1:${server.address().port}/orders?token=${secret}`);
  setImmediate(() => {
    throw new Error("crashed\non two lines");
  });
});
