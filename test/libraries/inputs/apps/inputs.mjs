import { createRequire } from "node:module";
import { inspect } from "node:util";
import { libraries } from "./libraries.mjs";

/*
 * Hands a library inputs that the app uses again: as they are, and frozen. Says
 * of each what came of the call, and what the input is afterwards.
 */
const [name, group, installed, url, run] = process.argv.slice(2);
const require = createRequire(new URL(`../../${group}/package.json`, import.meta.url));

/** Calls `work` with one input three times over: once as it is, twice frozen. */
async function hand(what, make, work) {
  const plain = make();
  await tell(`${what}, plain`, plain, work);
  const frozen = deepFrozen(make());
  await tell(`${what}, frozen`, frozen, work);
  await tell(`${what}, frozen, again`, frozen, work);
}

async function tell(what, input, work) {
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

await libraries[name]({ require, library: require(installed), url, run, hand });
