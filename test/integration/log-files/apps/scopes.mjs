import { logs } from "@opentelemetry/api-logs";

/* Emits an error with each of the loggers that are its arguments. */
for (const name of process.argv.slice(2))
  logs.getLogger(name).emit({ severityNumber: 17, body: "failed" });
