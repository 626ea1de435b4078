import { run } from "./registries.cjs";

const { default: prom } = await import(process.argv[2]);
const telltale = await import(process.env.TELLTALE);
await run({ prom, telltale, url: process.env.PAGE });
