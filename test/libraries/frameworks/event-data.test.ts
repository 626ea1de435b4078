import assert from "node:assert/strict";
import type { ReceivedEvent, ReceivedLog, ReceivedSpan } from "../../../src/testing/received.ts";
import { startReceiver } from "../../../src/testing/receiver.ts";
import { PrefetchQueue } from "../../integration/prefetch-queue.ts";
import type { FrameworkRow } from "./row.ts";
import { rows } from "./rows.ts";
import { startApp } from "./run.ts";

/** Users that send a request each, all at once. */
const logins = Array.from({ length: 10 }, (_, at) => `user${at}`);

describe("The user and the data of a request", () => {
  const runs = new PrefetchQueue<FrameworkRow, RunTelemetry>(rows, run);
  after(() => runs.drain());
  for (const row of rows) {
    describe(`in ${row.installed}, ${row.moduleSystem.toUpperCase()}, Node ${row.node}`, () => {
      let telemetry: RunTelemetry;
      before(async () => {
        telemetry = await runs.get(row);
      });

      it("reach the events of that request", () => {
        assert.equal(telemetry.events.length, logins.length);
        for (const login of logins) checkEvent(eventOf(telemetry, login), login);
      });

      it("reach the log records and the span", () => {
        for (const login of logins) {
          const id = `id-${login}`;
          const line = telemetry.logs.filter(({ body }) => body === `order ${orderOf(login)}`);
          assert.deepEqual(
            line.map(({ attributes }) => attributes["user.id"]),
            [id],
          );
          const spans = telemetry.spans.filter(({ attributes }) => attributes["user.id"] === id);
          assert.deepEqual(
            spans.map(({ attributes }) => attributes["url.path"]),
            [`/orders/${orderOf(login)}`],
          );
        }
      });
    });
  }
});

interface RunTelemetry {
  readonly events: readonly ReceivedEvent[];
  readonly logs: readonly ReceivedLog[];
  readonly spans: readonly ReceivedSpan[];
}

/** Returns the number of the order of a user, of two digits. */
function orderOf(login: string): string {
  return String(logins.indexOf(login) + 10);
}

function eventOf({ events }: RunTelemetry, login: string): ReceivedEvent {
  const found = events.find(
    ({ exception }) => exception?.values?.at(-1)?.value === `failed ${orderOf(login)}`,
  );
  assert.ok(found, `there is no event of ${login}`);
  return found;
}

function checkEvent({ user, request }: ReceivedEvent, login: string): void {
  assert.deepEqual(user, {
    id: `id-${login}`,
    email: `${login}@shop.example`,
    ip_address: "127.0.0.1",
  });
  const { headers, ...rest } = request as Record<string, unknown>;
  assert.deepEqual(rest, {
    method: "POST",
    url: `/orders/${orderOf(login)}`,
    query_string: "page=2&token=[Filtered]",
    cookies: { theme: "dark", "connect.sid": "[Filtered]" },
    data: { item: "pen", password: "[Filtered]", buyer: { name: login, apiKey: "[Filtered]" } },
  });
  const { authorization, "x-plan": plan } = headers as Record<string, string>;
  assert.deepEqual([authorization, plan], ["[Filtered]", "gold"]);
}

async function run(row: FrameworkRow): Promise<RunTelemetry> {
  const receiver = await startReceiver();
  const env = {
    OTEL_NODE_DISABLED_INSTRUMENTATIONS: "",
    TELLTALE_USER_FIELDS: "id,email",
    TELLTALE_DATA_COLLECTION: "userInfo,cookies,httpHeaders,httpBodies,urlQueryParams",
  };
  const program = startApp({ ...row, app: `event-data/${row.app}` }, env, receiver);
  try {
    const port = Number(await program.waitForStdout((text) => /^port (\d+)\n/m.exec(text)?.[1]));
    await Promise.all(logins.map((login) => sendOrder(port, login)));
    program.kill("SIGTERM");
    const { stderr } = await program.ended;
    await receiver.settled();
    const { events, logs, spans } = receiver;
    assert.deepEqual(events.length, logins.length, stderr);
    return { events, logs, spans: spans.filter(({ kind }) => kind === "SERVER") };
  } finally {
    program.kill("SIGKILL");
    await Promise.all([program.ended, receiver.close()]);
  }
}

async function sendOrder(port: number, login: string): Promise<void> {
  const response = await fetch(
    `http://127.0.0.1:${port}/orders/${orderOf(login)}?page=2&token=abc`,
    {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-test-login": login,
        "x-plan": "gold",
        authorization: "Bearer abc",
        cookie: "theme=dark; connect.sid=s%3Aabc",
      },
      body: JSON.stringify({ item: "pen", password: "abc", buyer: { name: login, apiKey: "abc" } }),
    },
  );
  await response.text();
  assert.equal(response.status, 500);
}
