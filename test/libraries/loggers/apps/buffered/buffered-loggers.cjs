"use strict";

/** The loggers of the tests of `TELLTALE_LOG_BUFFER`, by name. Each writes JSON to stdout. */
exports.createLoggers = ({ winston, pino, createLogger }) => ({
  telltale: () => createLogger("shop"),
  winston: () =>
    winston.createLogger({
      format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
      transports: [
        new winston.transports.Console(),
        new winston.transports.Console({ level: "error", silent: true }),
      ],
    }),
  "winston with a format of its transport": () =>
    winston.createLogger({
      transports: [
        new winston.transports.Console({
          format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
        }),
      ],
    }),
  // All of its transports have their own level: the lines go to that of the lowest.
  "winston with levels of its transports": () =>
    winston.createLogger({
      level: "silly",
      format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
      transports: [
        new winston.transports.Console({ level: "info" }),
        new winston.transports.Console({
          level: "error",
          format: winston.format.printf(() => "e"),
        }),
      ],
    }),
  pino: () => pino(),
  "pino's child": () => pino().child({ child: true }),
  "pino with streams": () =>
    pino({}, pino.multistream([{ level: "debug", stream: process.stdout }])),
  // Their level is info by default.
  "pino with streams of level info": () => pino({}, pino.multistream([{ stream: process.stdout }])),
  "pino with a hook": () =>
    pino({
      hooks: {
        logMethod(args, method) {
          method.apply(this, args);
        },
      },
    }),
});
