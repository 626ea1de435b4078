import { play } from "../scenarios/play.mjs";

const [scenario, library, ...rest] = process.argv.slice(2);
await play(scenario, await import(library), rest);
