import { once } from "node:events";

/** Listens, sends requests to each path one after another, and returns their results by path. */
export async function request(server, counts) {
  if (!server.listening) await once(server.listen(0, "127.0.0.1"), "listening");
  const outcomes = {};
  for (const [path, count] of Object.entries(counts)) {
    const statuses = [];
    for (let sent = 0; sent < count; sent++) {
      const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`);
      const text = await response.text();
      const headers = ["retry-after", "ratelimit-policy"].map((name) => response.headers.get(name));
      statuses.push([response.status, text, ...headers].filter(Boolean).join(" "));
    }
    outcomes[path.split("/").at(-1)] = statuses.join(", ");
  }
  return outcomes;
}
