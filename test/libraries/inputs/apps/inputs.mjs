import { createRequire } from "node:module";
import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "node:util";
import { libraries } from "./libraries.mjs";

/*
 * Hands a library inputs that the app uses again: as they are, and frozen. Says
 * of each what came of the call, and what the input is afterwards.
 */
const [name, group, installed, url] = process.argv.slice(2);
const require = createRequire(new URL(`../../${group}/package.json`, import.meta.url));

/** Calls `work` with one input three times over: once as it is, twice frozen. */
async function hand(what, make, work) {
  const plain = make();
  await tell(`${what}, plain`, plain, work);
  const frozen = deepFrozen(make());
  await tell(`${what}, frozen`, frozen, work);
  await tell(`${what}, frozen, again`, frozen, work);
}

/** Arguments that nobody should hand over, and somebody does. */
const oddities = [undefined, null, 0, "", {}, [], () => {}, Symbol("odd")];

/** Calls `work` with each of the oddities, and says what comes of it within a while. */
async function handOdd(what, work) {
  for (const oddity of oddities) {
    await tell(`${what}, odd`, oddity, async (input) => {
      const result = await Promise.race([work(input), pause(300, "nothing comes of it")]);
      return typeof result === "object" ? typeof result : result;
    });
  }
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

await libraries[name]({ require, library: require(installed), url, hand, handOdd });
