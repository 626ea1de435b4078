import { handlers } from "../../../error-sources/apps/thrown.mjs";

/*
 * Sends messages to itself, each when the one before is done or has failed as often as it shall.
 * Arguments: a module of `apps/`, the library, and the messages. Ends at SIGTERM.
 */
const [program, installed, messages] = process.argv.slice(2);
const { BROKER, QUEUE, TELLTALE } = process.env;
const { setTag } = await import(TELLTALE);

let attempts = 0;
let end;

const work = ({ id, place, value, failures, isRetried }) => {
  attempts += 1;
  console.log(`attempt ${attempts} of ${id}`);
  setTag("case", id);
  if (attempts > failures) return end(id);
  if (attempts === failures && !isRetried) setImmediate(() => end(id));
  return (handlers[place] ?? handlers.async)(value, () => {});
};

// A module of `apps/` prints by it.
globalThis.print = console.log;
const library = await import(installed);
const { receiver, sender } = await import(`../${program}.cjs`);
const receiving = await receiver(library, BROKER, QUEUE, work);
const sending = await sender(library, BROKER, QUEUE);
for (const message of JSON.parse(messages)) {
  await receiving.isReady?.();
  const ended = Promise.withResolvers();
  attempts = 0;
  end = (id) => id === message.id && ended.resolve();
  await sending.send(message);
  await ended.promise;
}
process.once("SIGTERM", async () => {
  await receiving.close();
  await sending.close();
});
console.log("ready");
