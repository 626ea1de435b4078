import { run } from "./pino-streams.cjs";

const { default: pino } = await import(process.argv[2]);
const { default: pretty } = await import("pino-pretty");
await run(pino, pretty);
