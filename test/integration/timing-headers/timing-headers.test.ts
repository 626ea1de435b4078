import assert from "node:assert/strict";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { fileURLToPath } from "node:url";
import { preload, Program } from "../program.ts";

const file = fileURLToPath(new URL("apps/server.mjs", import.meta.url));

const NAMES = [
  ...["server-timing", "x-request-time", "x-query-count", "x-query-time", "x-cache-hits"],
  "x-cache-misses",
];

type Headers = Readonly<Record<string, unknown>>;

/** Reads the headers of a path over one version of HTTP. */
const clients: Readonly<
  Record<string, (ports: readonly number[], path: string) => Promise<Headers>>
> = {
  async "HTTP/1"([port], path) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    await response.text();
    return Object.fromEntries(response.headers);
  },
  async "HTTP/2"([, port], path) {
    const session = connect(`http://127.0.0.1:${port}`);
    try {
      return await new Promise<IncomingHttpHeaders>((resolve, reject) => {
        const stream = session.request({ ":path": path });
        let headers: IncomingHttpHeaders = {};
        stream.on("response", (received) => (headers = received));
        stream.on("end", () => resolve(headers)).on("error", reject);
        stream.resume();
      });
    } finally {
      session.close();
    }
  },
};

interface Row {
  readonly path: string;
  readonly title: string;
  readonly isTimed: (version: string) => boolean;
}

const rows: readonly Row[] = [
  { path: "/length", title: "whose length the app sets", isTimed: () => true },
  { path: "/empty", title: "without a body", isTimed: () => true },
  // Over HTTP/2 Node sends the head before it knows that nothing follows.
  { path: "/", title: "that ends with its body", isTimed: (version) => version === "HTTP/1" },
  { path: "/stream", title: "that is streamed", isTimed: () => false },
];

async function withServer(
  env: Readonly<Record<string, string>>,
  work: (ports: readonly number[], program: Program) => Promise<void>,
): Promise<void> {
  const shared = {
    OTEL_TRACES_EXPORTER: "none",
    OTEL_METRICS_EXPORTER: "none",
    OTEL_EXPORTER_PROMETHEUS_PORT: "0",
  };
  const program = new Program({ file, flags: preload.import, env: { ...shared, ...env } });
  try {
    const line = await program.waitForStdout((stdout) => /^(\d+ \d+)\n/.exec(stdout)?.[1]);
    await work(line.split(" ").map(Number), program);
  } finally {
    program.kill("SIGKILL");
    await program.ended;
  }
}

describe("Headers with the times of a request", () => {
  it("are sent with whole responses only, over both versions of HTTP", async () => {
    await withServer({ TELLTALE_SERVER_TIMING: "true" }, async (ports) => {
      for (const [version, read] of Object.entries(clients)) {
        for (const { path, title, isTimed } of rows) {
          const headers = await read(ports, path);
          const found = NAMES.filter((name) => name in headers);
          assert.deepEqual(found, isTimed(version) ? NAMES : [], `${version}: a response ${title}`);
          if (found.length > 0) assert.equal(headers["x-query-count"], "2", `${version}: ${title}`);
        }
      }
    });
  });

  it("leave those of the app as they are", async () => {
    await withServer({ TELLTALE_SERVER_TIMING: "true" }, async (ports) => {
      for (const [version, read] of Object.entries(clients)) {
        const headers = await read(ports, "/own");
        assert.equal(headers["x-query-count"], "mine", version);
        assert.equal(headers["server-timing"], "mine", version);
        assert.match(String(headers["x-query-time"]), /^\d+\.\d$/, version);
      }
    });
  });

  for (const [title, env] of [
    ["without the variable", {}],
    ["in production", { TELLTALE_SERVER_TIMING: "true", NODE_ENV: "production" }],
  ] as const) {
    it(`are not sent ${title}`, async () => {
      await withServer(env, async (ports) => {
        for (const read of Object.values(clients)) {
          const headers = await read(ports, "/length");
          assert.deepEqual(
            NAMES.filter((name) => name in headers),
            [],
          );
        }
      });
    });
  }
});
