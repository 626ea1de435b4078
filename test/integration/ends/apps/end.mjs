import { trace } from "@opentelemetry/api";
import winston from "winston";
import endsOf from "./ends.cjs";

const [name, argument] = process.argv.slice(2);
const log = winston.createLogger({
  format: winston.format.json(),
  transports: [new winston.transports.Console()],
});
endsOf(trace.getTracer("ends"), log)[name](argument);
