import { chunks } from "../src/chunks.ts";
import { bundle } from "./build/bundle.ts";

const entries = {
  start: "src/start.ts",
  index: "src/index.ts",
  cli: "src/cli/main.ts",
  ...Object.fromEntries(
    Object.entries(chunks).map(([name, path]) => [name, path.replace("./", "src/")]),
  ),
};

const made = await bundle(entries, {});
for (const name of made.missing) console.log(`not there yet: ${name}`);
console.table([...made.files].map(([name, f]) => ({ name, bytes: f.bytes, imports: f.imports.join(" ") })));
