import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { node } from "../../nodes.ts";
import { converse, DISCONNECT } from "./conversation.ts";
import { HttpService } from "./service.ts";

/** Parts of Node or of telltale that `apps/hostile.mjs` breaks in its own process. */
const brokenParts = [
  "nothing",
  "clock",
  "random",
  "url",
  "properties",
  "sockets",
  "set headers",
  "routes",
  "sent headers",
  "api",
  "stderr",
];

describe("An app that breaks what telltale uses", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  after(() => receiver.close());

  for (const what of brokenParts) {
    it(`responds as without a preload: ${what}`, async () => {
      const options = { app: "hostile.mjs", node, args: [what] };
      const [bare, preloaded] = await Promise.all([
        HttpService.start(options),
        HttpService.start({ ...options, receiver }),
      ]);
      const [asBare, asPreloaded] = await Promise.all(
        [bare, preloaded].map((service) => runRequests(service)),
      );
      assert.deepEqual(asPreloaded?.answers, asBare?.answers);
      assert.deepEqual(asPreloaded?.ended, asBare?.ended);
      const lines = asPreloaded?.stderr.split("\n").slice(0, -1) ?? [];
      // Each of six parts of telltale reports at most once what it could not do.
      assert.ok(lines.length <= (what === "nothing" ? 0 : 6), lines.join("\n"));
      for (const line of lines) assert.match(line, /^telltale: /);
    });
  }
});

interface RunResult {
  readonly answers: readonly string[];
  readonly ended: object;
  readonly stderr: string;
}

const HOST = "Host: hostile\r\n";
const CLOSE = "Connection: close\r\n";

/** Has it break, asks for everything twice, leaves once, and stops it. */
async function runRequests(service: HttpService): Promise<RunResult> {
  await service.get("/break");
  const answers: string[] = [];
  for (let round = 0; round < 2; round++) {
    answers.push(
      await sendRaw(service, `GET / HTTP/1.1\r\n${HOST}${CLOSE}\r\n`),
      await sendRaw(service, `GET / HTTP/1.1\r\n${HOST}\r\nGET / HTTP/1.1\r\n${HOST}${CLOSE}\r\n`),
      await sendRaw(service, `POST / HTTP/1.1\r\n${HOST}${CLOSE}Content-Length: 4\r\n\r\nbody`),
      await sendRaw(service, `GET /call HTTP/1.1\r\n${HOST}${CLOSE}\r\n`),
    );
    const upload = `POST / HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 4\r\n\r\n`;
    await converse(service.connect(), [upload, /100 Continue/, "b", DISCONNECT]);
  }
  const { stderr, ...ended } = await service.stop();
  return { answers, ended: { code: ended.code, signal: ended.signal }, stderr };
}

async function sendRaw(service: HttpService, request: string): Promise<string> {
  const text = await converse(service.connect(), [request]);
  return text.replaceAll(/^(?:Date|x-request-id): .*\r\n/gm, "");
}
