import { throwAt } from "../work.mjs";

/** Returns the claims of a token, as a library for tokens does, by the user that the client names. */
export function claimsOf(headers) {
  const name = new Headers(headers).get("x-test-login");
  return { sub: `id-${name}`, email: `${name}@shop.example`, role: "admin", password: "hunter2" };
}

/** Logs a line, and fails, in the way of all handlers. */
export async function order(id) {
  console.log(`order ${id}`);
  await new Promise((resolve) => setImmediate(resolve));
  throwAt(id);
}

/** Reads and parses a body, for frameworks without a parser. */
export async function readJson(stream) {
  let text = "";
  for await (const chunk of stream) text += chunk;
  return JSON.parse(text);
}
