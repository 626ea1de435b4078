import assert from "node:assert/strict";
import { routes } from "../../../src/viewer/server/routes.ts";
import type { Route } from "../../../src/viewer/server/route.ts";
import { WRITE_HEADER } from "../../../src/viewer/server/request-guard.ts";
import {
  COOKIE,
  send,
  startTestServer,
  type TestRequest,
  type TestServer,
  TOKEN,
} from "./test-server.ts";

/** A request that a route must refuse. */
interface Attack {
  readonly title: string;
  readonly status: number;
  /** Routes that it does not concern. */
  readonly except?: (route: Route) => boolean;
  readonly request: (route: Route, port: number) => TestRequest;
}

const authorized = { authorization: `Bearer ${TOKEN}` } as const;
const isForApps = (route: Route): boolean => route.access === "app";

/** Sends what a client of the route would, with other headers. */
function legitimate(route: Route, headers: Readonly<Record<string, string>> = {}): TestRequest {
  const isRead = route.method === "GET";
  return {
    method: route.method,
    headers: {
      ...(isForApps(route) ? {} : authorized),
      ...(isRead ? {} : { "content-type": "application/json", [WRITE_HEADER]: "1" }),
      ...headers,
    },
    ...(route.method === "POST" ? { body: "{}" } : {}),
  };
}

const foreignHosts: readonly ((port: number) => string)[] = [
  (port) => `evil.example:${port}`,
  (port) => `localhost.evil.example:${port}`,
  (port) => `127.0.0.1.nip.io:${port}`,
  (port) => `app.localhost:${port}`,
  (port) => `127.0.0.2:${port}`,
  (port) => `[::ffff:127.0.0.1]:${port}`,
  (port) => `localhost:${port + 1}`,
  () => "localhost",
];

const foreignOrigins: readonly ((port: number) => string)[] = [
  () => "https://evil.example",
  () => "null",
  (port) => `https://localhost:${port}`,
  (port) => `http://localhost:${port + 1}`,
  (port) => `http://127.0.0.1:${port}`,
  () => "http://localhost",
  () => "",
];

const attacks: readonly Attack[] = [
  ...foreignHosts.map((hostOf): Attack => ({
    title: `the host name ${hostOf(9465)} (DNS rebinding)`,
    status: 421,
    request: (route, port) => ({ ...legitimate(route), host: hostOf(port) }),
  })),
  ...foreignOrigins.map((originOf): Attack => ({
    title: `the origin ${originOf(9465) || "(empty)"}`,
    status: 403,
    request: (route, port) => legitimate(route, { origin: originOf(port) }),
  })),
  ...["cross-site", "same-site"].map((site): Attack => ({
    title: `a ${site} request`,
    status: 403,
    request: (route) => legitimate(route, { "sec-fetch-site": site }),
  })),
  {
    title: "no token",
    status: 401,
    except: isForApps,
    request: (route) => legitimate(route, { authorization: "" }),
  },
  ...[
    { authorization: "Bearer wrong" },
    { authorization: `Basic ${TOKEN}` },
    { authorization: "Bearer " },
    { authorization: "", cookie: `telltale_viewer=${COOKIE}` },
    { authorization: "", cookie: `other=${COOKIE}` },
    { authorization: "", "x-telltale-viewer": TOKEN },
  ].map((headers): Attack => ({
    title: `the headers ${JSON.stringify(headers)}`,
    status: 401,
    except: isForApps,
    request: (route) => legitimate(route, headers),
  })),
  {
    title: "a change with the cookie and without the header of changes",
    status: 403,
    except: (route) => isForApps(route) || route.method === "GET",
    request: (route, port) => {
      const { headers, ...rest } = legitimate(route);
      return {
        ...rest,
        headers: {
          ...headers,
          [WRITE_HEADER]: "",
          authorization: "",
          cookie: `telltale_viewer_${port}=${COOKIE}`,
        },
      };
    },
  },
  {
    title: "telemetry of a browser on the page's own origin",
    status: 403,
    except: (route) => !isForApps(route),
    request: (route, port) => legitimate(route, { origin: `http://localhost:${port}` }),
  },
  {
    title: "telemetry of a browser without an origin",
    status: 403,
    except: (route) => !isForApps(route),
    request: (route) => legitimate(route, { "sec-fetch-site": "none" }),
  },
  ...["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""].map(
    (type): Attack => ({
      title: `a body of type ${type || "(none)"}, which forms of other sites can send`,
      status: 415,
      except: ({ method }) => method !== "POST",
      request: (route) => legitimate(route, { "content-type": type }),
    }),
  ),
];

describe("The security of the viewer's server", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  for (const route of routes) {
    const path = route.path.replaceAll(/:\w+/g, "1");
    for (const attack of attacks) {
      if (attack.except?.(route) === true) continue;
      it(`${route.method} ${route.path} refuses ${attack.title}`, async () => {
        server.calls.length = 0;
        const { status, body } = await send(server.port, path, attack.request(route, server.port));
        assert.equal(status, attack.status, body);
        assert.deepEqual(server.calls, [], "nothing was read or changed");
      });
    }

    it(`${route.method} ${route.path} lets a legitimate client in`, async () => {
      const query = path === "/agent/commands" ? "?service=shop" : "";
      const pending = send(server.port, `${path}${query}`, {
        ...legitimate(route),
        headOnly: true,
      });
      if (query !== "") {
        await new Promise((resolve) => setImmediate(resolve));
        server.deps.commands.add({ type: "profile", kind: "cpu" }, undefined);
      }
      const { status } = await pending;
      assert.ok(![401, 403, 415, 421].includes(status), `status ${status}`);
    });

    it(`${route.method} ${route.path} permits no other origin anything and has the security headers`, async () => {
      for (const request of [legitimate(route), { method: "OPTIONS" }]) {
        const { headers } = await send(server.port, path, { ...request, headOnly: true });
        const cors = Object.keys(headers).filter((name) => name.startsWith("access-control-"));
        assert.deepEqual(cors, []);
        assert.equal(headers["x-content-type-options"], "nosniff");
        assert.equal(headers["referrer-policy"], "no-referrer");
        assert.equal(headers["cache-control"], "no-store");
        assert.match(String(headers["content-security-policy"]), /frame-ancestors 'none'/);
      }
    });
  }

  it("answers the same for paths that do not exist, as long as the token is missing", async () => {
    assert.equal((await send(server.port, "/api/nothing")).status, 401);
    assert.equal((await send(server.port, "/api/nothing", { headers: authorized })).status, 404);
  });

  for (const target of [
    "//evil.example/",
    "http://evil.example/",
    "*",
    "/%",
    "/api/requests/%zz",
  ]) {
    it(`answers the request target ${target} without an error of its own`, async () => {
      const { status } = await send(server.port, target, { headers: authorized });
      assert.ok(status >= 400 && status < 500, `status ${status}`);
    });
  }

  it("is reachable on loopback addresses only", async () => {
    const { networkInterfaces } = await import("node:os");
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === "IPv4");
    for (const { address } of others) {
      await assert.rejects(
        fetch(`http://${address}:${server.port}/`, { signal: AbortSignal.timeout(5000) }),
      );
    }
  });
});

describe("The token of the viewer's address", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  it("is exchanged for a cookie that scripts and other sites do not get", async () => {
    const { status, headers } = await send(server.port, `/?token=${TOKEN}`);
    assert.equal(status, 303);
    assert.equal(headers["location"], "/");
    const [cookie = ""] = [headers["set-cookie"] ?? []].flat();
    assert.equal(
      cookie,
      `telltale_viewer_${server.port}=${COOKIE}; Path=/; HttpOnly; SameSite=Strict`,
    );
    const page = await send(server.port, "/api/runs", {
      headers: { cookie: `theme=dark; ${cookie.split(";")[0]}` },
    });
    assert.equal(page.status, 200);
  });

  it("is refused if it is wrong, and sets no cookie", async () => {
    const { status, headers } = await send(server.port, "/?token=wrong");
    assert.equal(status, 401);
    assert.equal(headers["set-cookie"], undefined);
  });

  it("is in no response", async () => {
    const { body, headers } = await send(server.port, `/?token=${TOKEN}`);
    assert.ok(!`${body}${JSON.stringify(headers)}`.includes(TOKEN));
  });
});
