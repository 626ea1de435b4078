import { run } from "./pino-lines.cjs";

const { default: pino } = await import(process.argv[2]);
await run(pino);
