const { trace } = require("@opentelemetry/api");
const winston = require("winston");
const endsOf = require("./ends.cjs");

const [name, argument] = process.argv.slice(2);
const log = winston.createLogger({
  format: winston.format.json(),
  transports: [new winston.transports.Console()],
});
endsOf(trace.getTracer("ends"), log)[name](argument);
