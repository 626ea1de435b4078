import { basename } from "node:path";

for (const name of process.argv.slice(2)) await import(name);
const ours = globalThis.loaded.filter((url) => url.includes("/dist/"));
console.log(JSON.stringify(ours.map((url) => basename(url))));
