import { run } from "./bunyan-lines.cjs";

const { default: bunyan } = await import(process.argv[2]);
await run(bunyan);
