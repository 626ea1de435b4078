import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { freePort } from "../../free-port.ts";
import { parsePage, samplesOf } from "../../metrics/exposition.ts";
import { nodes } from "../../nodes.ts";
import { preload, Program } from "../program.ts";

const file = fileURLToPath(new URL("app.mjs", import.meta.url));

type State = Readonly<Record<string, number>>;

/** What each step shows of the app's server, without levels of 0. */
const STEPS: Readonly<Record<string, State>> = {
  "two idle connections": { idle: 2 },
  "calls in flight, on three connections": { active: 3, "GET in flight": 3 },
  "the same connections, idle again": { idle: 3 },
};

describe("The metrics of client connections", () => {
  for (const node of nodes) {
    it(`show those of node:http and fetch, on Node ${node.name}`, async () => {
      const { code, stdout, stderr } = await new Program({
        file,
        node: node.path,
        flags: preload.import,
        env: {
          OTEL_TRACES_EXPORTER: "none",
          OTEL_LOGS_EXPORTER: "none",
          OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
        },
      }).ended;
      assert.deepEqual([code, stderr], [0, ""]);
      const states = stdout.trimEnd().split("\n").map(stateOf);
      for (const [at, [title, expected]] of Object.entries(STEPS).entries())
        assert.deepEqual(states[at], expected, title);
      assert.deepEqual(states.at(-1), { closed: 3 }, "all closed, each with a duration");
    });
  }
});

function stateOf(line: string): State {
  const { port, page } = JSON.parse(line) as { readonly port: number; readonly page: string };
  const parsed = parsePage(page);
  const state: Record<string, number> = {};
  const add = (name: string, titleOf: (labels: Readonly<Record<string, string>>) => string) => {
    for (const { labels, value } of samplesOf(parsed, name))
      if (labels["server_port"] === String(port) && value > 0) state[titleOf(labels)] = value;
  };
  add("http_client_open_connections", (labels) => String(labels["http_connection_state"]));
  add("http_client_active_requests", (labels) => `${labels["http_request_method"]} in flight`);
  add("http_client_connection_duration_seconds_count", () => "closed");
  return state;
}
