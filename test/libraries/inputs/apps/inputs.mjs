import { createRequire } from "node:module";
import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "node:util";
import { libraries } from "./libraries.mjs";

/*
 * Passes a library inputs that the app reuses: plain and frozen. Prints the outcome
 * of each call, and the input after it.
 */
const [name, group, installed, url, limitMs] = process.argv.slice(2);
const require = createRequire(new URL(`../../${group}/package.json`, import.meta.url));

/** Calls `work` with one input: once plain, twice frozen. */
async function hand(what, make, work) {
  const plain = make();
  await report(`${what}, plain`, plain, work);
  const frozen = deepFrozen(make());
  await report(`${what}, frozen`, frozen, work);
  await report(`${what}, frozen, again`, frozen, work);
}

/** Invalid arguments, as some apps pass them. */
const oddInputs = [undefined, null, 0, "", {}, [], () => {}, Symbol("odd")];

/** Calls `work` with each invalid argument, and prints the outcome within the time limit. */
async function handOdd(what, work) {
  for (const oddInput of oddInputs) {
    await report(`${what}, odd`, oddInput, async (input) => {
      const result = await Promise.race([work(input), pause(Number(limitMs), "no result")]);
      return typeof result === "object" ? typeof result : result;
    });
  }
}

async function report(what, input, work) {
  let outcome = "done";
  try {
    const result = await work(input);
    if (result !== undefined) outcome = result;
  } catch (error) {
    outcome = `${error?.name}: ${error?.message}`;
  }
  const text = inspect({ what, outcome, input }, { depth: 6, breakLength: 100 });
  console.log(text.replaceAll(/\b\d{5}\b/g, "PORT"));
}

function deepFrozen(value) {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  for (const key of Reflect.ownKeys(value)) deepFrozen(value[key]);
  return Object.freeze(value);
}

await libraries[name]({ require, library: require(installed), url, hand, handOdd });
