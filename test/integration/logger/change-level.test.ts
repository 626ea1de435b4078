import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { fileURLToPath } from "node:url";
import { freePort } from "../../free-port.ts";
import { nodes } from "../../nodes.ts";
import { pollUntilTrue } from "../../until.ts";
import { preload, Program } from "../program.ts";

const TOKEN = "a-token-of-an-operator";

/** A running service, and what its loggers write. */
class Service {
  readonly #program: Program;
  readonly #adminPort: number;
  #url = "";
  #requests = 0;

  constructor(program: Program, adminPort: number) {
    this.#program = program;
    this.#adminPort = adminPort;
  }

  static async start(node?: string, env: Readonly<Record<string, string>> = {}): Promise<Service> {
    const adminPort = await freePort();
    const program = new Program({
      file: fileURLToPath(new URL("apps/debugged.mjs", import.meta.url)),
      flags: preload.import ?? [],
      ...(node !== undefined && { node }),
      env: {
        OTEL_TRACES_EXPORTER: "none",
        OTEL_LOGS_EXPORTER: "none",
        OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: "console",
        TELLTALE_ADMIN_TOKEN: TOKEN,
        ...env,
      },
    });
    const service = new Service(program, adminPort);
    const port = await program.waitForStdout((text) => /^\d+/.exec(text)?.[0]);
    service.#url = `http://127.0.0.1:${port}`;
    await pollUntilTrue(
      () =>
        service.admin("GET", "").then(
          () => true,
          () => false,
        ),
      "the admin server",
    );
    return service;
  }

  /** Sends a request, and returns the names of the loggers that wrote its line of level debug. */
  async debugLines(
    path?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<string[]> {
    const target = path ?? `/request-${this.#requests++}`;
    await (await fetch(this.#url + target, { headers })).text();
    const { pathname } = new URL(this.#url + target);
    const stdout = await this.#program.waitForStdout((text) =>
      text.includes(`\nlogged ${pathname}\n`) ? text : undefined,
    );
    return stdout
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Readonly<Record<string, string>>)
      .filter(({ message }) => message === pathname)
      .map(({ logger = "" }) => logger);
  }

  /** Returns the levels of the loggers as a request sees them. */
  async levels(headers: Readonly<Record<string, string>>): Promise<readonly string[]> {
    return (await (await fetch(this.#url, { headers })).json()) as readonly string[];
  }

  /** Calls `setLogLevel` in the service. */
  async set(...args: readonly unknown[]): Promise<void> {
    await this.debugLines(`/set?args=${encodeURIComponent(JSON.stringify(args))}`);
  }

  admin(method: string, query: string, authorization = `Bearer ${TOKEN}`): Promise<Response> {
    const url = `http://127.0.0.1:${this.#adminPort}/loggers${query}`;
    return fetch(url, { method, headers: authorization === "" ? {} : { authorization } });
  }

  signal(signal: NodeJS.Signals): void {
    this.#program.kill(signal);
  }

  /** Ends the service, and returns what it printed on stderr. */
  async stop(): Promise<string> {
    this.#program.kill("SIGTERM");
    return (await this.#program.ended).stderr;
  }
}

/** Returns a header that is signed with `secret`. */
function debugHeader(expiry: number | string, secret: string): string {
  return `${expiry}.${createHmac("sha256", secret).update(String(expiry)).digest("hex")}`;
}

const SECRET = "a-secret-of-operators";
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

/** Headers that are not valid. */
const invalidHeaders: readonly (readonly [title: string, value: () => string])[] = [
  ["of another secret", () => debugHeader(inSeconds(60), `${SECRET}x`)],
  ["that has expired", () => debugHeader(inSeconds(-1), SECRET)],
  ["that is valid for more than a day", () => debugHeader(inSeconds(25 * 60 * 60), SECRET)],
  ["with another time", () => debugHeader(inSeconds(60), SECRET).replace(/^\d/, "9")],
  ["with a signature that is cut off", () => debugHeader(inSeconds(60), SECRET).slice(0, -1)],
  ["with a longer signature", () => `${debugHeader(inSeconds(60), SECRET)}0`],
  ["without a signature", () => String(inSeconds(60))],
  ["of a time that is none", () => debugHeader("1e12", SECRET)],
  ["that is only text", () => "true"],
];

const ALL = ["api", "api.cache", "winston"];

describe("The level of loggers at run time", () => {
  for (const { name, path } of nodes) {
    it(`is changed by setLogLevel, by name and for all, on Node ${name}`, async () => {
      const service = await Service.start(path);
      assert.deepEqual(await service.debugLines(), []);
      await service.set("api.cache", "debug");
      assert.deepEqual(await service.debugLines(), ["api.cache"]);
      await service.set("winston", "debug");
      assert.deepEqual(await service.debugLines(), ["api.cache", "winston"]);
      await service.set("*", "silly");
      assert.deepEqual(await service.debugLines(), ALL);
      for (const changed of ["*", "winston", "api.cache"]) await service.set(changed, null);
      assert.deepEqual(await service.debugLines(), []);
      assert.equal(await service.stop(), "");
    });
  }

  it("takes precedence over TELLTALE_LOG_LEVELS", async () => {
    const service = await Service.start(undefined, { TELLTALE_LOG_LEVELS: "api=none,*=debug" });
    assert.deepEqual(await service.debugLines(), []);
    await service.set("api", "debug");
    assert.deepEqual(await service.debugLines(), ["api", "api.cache"]);
    await service.set("*", "error");
    await service.set("api", null);
    assert.deepEqual(await service.debugLines(), []);
    await service.stop();
  });

  it("is what it was after the time of a change", async () => {
    const service = await Service.start();
    await service.set("*", "debug", 1);
    await pollUntilTrue(
      async () => (await service.debugLines()).length === 0,
      "the end of the change",
    );
    const response = await service.admin("POST", "?level=debug&seconds=0.001");
    assert.equal(response.status, 200);
    await pollUntilTrue(
      async () => (await service.debugLines()).length === 0,
      "the end of the change",
    );
    assert.deepEqual(await (await service.admin("GET", "")).json(), { levels: [] });
    await service.stop();
  });

  it("is debug for all after the signal of TELLTALE_LOG_LEVEL_SIGNAL, until the next one", async () => {
    const service = await Service.start(undefined, { TELLTALE_LOG_LEVEL_SIGNAL: "SIGUSR2" });
    assert.deepEqual(await service.debugLines(), []);
    service.signal("SIGUSR2");
    await pollUntilTrue(
      async () => (await service.debugLines()).length === ALL.length,
      "the first signal",
    );
    service.signal("SIGUSR2");
    await pollUntilTrue(async () => (await service.debugLines()).length === 0, "the second signal");
    assert.equal(
      await service.stop(),
      "telltale: SIGUSR2: all loggers write lines of level debug for 10 minutes; a second signal ends it\n" +
        "telltale: SIGUSR2: loggers have their own levels again\n",
    );
  });

  it("is not changed by other input, which is reported in one line", async () => {
    for (const [args, message] of [
      [
        ["api", "loud"],
        'received the level "loud", expected one of none, fatal, error, warn, info, http, verbose, debug, silly, trace',
      ],
      [["a b", "debug"], 'received the name "a b", expected that of a logger, or *'],
      [["api", "debug", -1], "received the time -1, expected milliseconds from 1 to 2147483647"],
    ] as const) {
      const service = await Service.start();
      await service.set(...args);
      assert.deepEqual(await service.debugLines(), []);
      assert.equal(await service.stop(), `telltale: setLogLevel ${message}; no level is changed\n`);
    }
  });

  it("is changed by an authenticated request to the admin server", async () => {
    const service = await Service.start();
    const changed = await service.admin("POST", "?name=api&level=debug&seconds=600");
    const { levels } = (await changed.json()) as { levels: { name: string; until: string }[] };
    assert.equal(levels[0]?.name, "api");
    assert.ok(Date.parse(levels[0].until) > Date.now());
    assert.deepEqual(await service.debugLines(), ["api", "api.cache"]);
    await service.admin("POST", "?level=debug");
    assert.deepEqual(await service.debugLines(), ALL);
    await service.admin("DELETE", "");
    await service.admin("DELETE", "?name=api");
    assert.deepEqual(await service.debugLines(), []);
    await service.stop();
  });

  it("is not changed by a request without the token, or by a wrong one", async () => {
    const service = await Service.start();
    const wrong = ["", "Bearer", `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Basic ${TOKEN}`];
    for (const authorization of wrong) {
      for (const method of ["GET", "POST", "DELETE"]) {
        const response = await service.admin(method, "?level=debug", authorization);
        assert.equal(response.status, 401);
        assert.equal(response.headers.get("www-authenticate"), 'Bearer realm="telltale"');
      }
    }
    for (const query of ["?level=loud", "?name=a%20b&level=debug", "?level=debug&seconds=x", ""]) {
      assert.equal((await service.admin("POST", query)).status, 400);
    }
    assert.equal((await service.admin("PUT", "?level=debug")).status, 405);
    assert.deepEqual(await service.debugLines(), []);
    assert.equal(await service.stop(), "");
  });

  it("has no page without TELLTALE_ADMIN_TOKEN, or with a short one", async () => {
    for (const token of ["", "short"]) {
      const service = await Service.start(undefined, { TELLTALE_ADMIN_TOKEN: token });
      for (const authorization of ["", "Bearer ", `Bearer ${token}`]) {
        assert.equal((await service.admin("POST", "?level=debug", authorization)).status, 404);
      }
      const stderr = await service.stop();
      assert.equal(stderr.includes("expected at least 16 characters"), token === "short");
      assert.ok(!stderr.includes("short"));
    }
  });
});

describe("The signed header x-telltale-debug", () => {
  for (const { name, path } of nodes) {
    it(`shows the lines of level debug of its request only, on Node ${name}`, async () => {
      const service = await Service.start(path, { TELLTALE_DEBUG_SECRET: SECRET });
      const headers = { "x-telltale-debug": debugHeader(inSeconds(60), SECRET) };
      const requests = Array.from({ length: 20 }, async (_, index) => {
        const isDebugged = index % 2 === 0;
        const lines = await service.debugLines(`/${index}`, isDebugged ? headers : {});
        assert.deepEqual(lines, isDebugged ? ALL : []);
      });
      await Promise.all(requests);
      assert.equal(await service.stop(), "");
    });
  }

  it("is ignored if it is not valid", async () => {
    const service = await Service.start(undefined, { TELLTALE_DEBUG_SECRET: SECRET });
    for (const [title, value] of invalidHeaders) {
      const lines = await service.debugLines(undefined, { "x-telltale-debug": value() });
      assert.deepEqual(lines, [], title);
    }
    assert.equal(await service.stop(), "");
  });

  it("has no effect without TELLTALE_DEBUG_SECRET", async () => {
    const service = await Service.start();
    const headers = { "x-telltale-debug": debugHeader(inSeconds(60), "") };
    assert.deepEqual(await service.debugLines(undefined, headers), []);
    await service.stop();
  });

  it("shows more lines than a level that was set, and never fewer", async () => {
    const service = await Service.start(undefined, { TELLTALE_DEBUG_SECRET: SECRET });
    const headers = { "x-telltale-debug": debugHeader(inSeconds(60), SECRET) };
    await service.set("*", "error");
    assert.deepEqual(await service.debugLines(undefined, headers), ALL);
    await service.set("*", "silly");
    const response = await service.levels(headers);
    assert.deepEqual(response.slice(0, 2), ["silly", "silly"]);
    await service.stop();
  });
});
