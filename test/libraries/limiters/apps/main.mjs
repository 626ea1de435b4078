/**
 * Runs the cases of one library, in all its versions at once, and prints their results:
 *
 *     node main.mjs express-rate-limit esm URL express-rate-limit express-rate-limit-7
 */
import { createRequire } from "node:module";

const [library, moduleSystem, url, ...installed] = process.argv.slice(2);
const require = createRequire(import.meta.url);
/** Loads an export, else the whole module. */
const load = async (name, exported) => {
  const loaded = moduleSystem === "cjs" ? require(name) : await import(name);
  return loaded[exported] ?? loaded.default ?? loaded;
};

const { run } = await import(`./${library}.mjs`);
const results = await Promise.all(installed.map((name) => run({ load, installed: name, url })));
for (const [at, outcomes] of results.entries()) {
  for (const [name, outcome] of Object.entries(outcomes)) {
    console.log(`${installed[at]} ${name}: ${outcome}`);
  }
}
