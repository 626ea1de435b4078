import { fileURLToPath } from "node:url";
import { ways } from "./process-ways.mjs";

const [place, value] = process.argv.slice(2);
ways[place](value, fileURLToPath(import.meta.url));
