import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { Profile } from "pprof-format";
import type { ProfileDetail, UnitSummary } from "../../../src/viewer/model.ts";
import { pollUntilTrue } from "../../until.ts";
import { preload, Program } from "../program.ts";
import { Http2Client } from "./http2-client.ts";
import { type OpenedViewer, openViewer } from "./opened-viewer.ts";

const file = fileURLToPath(new URL("shop.mjs", import.meta.url));
const source = readFileSync(file, "utf8").split("\n");

function lineOf(name: string): number {
  return source.findIndex((line) => line.includes(`function ${name}(`)) + 1;
}

const isProfiled = ({ profiles }: UnitSummary): boolean => profiles.length > 0;

describe("The profile of a request in the viewer", () => {
  let viewer: OpenedViewer;
  let shop: Shop;
  before(async () => {
    viewer = await openViewer(fileURLToPath(new URL(".", import.meta.url)));
    shop = await startShop(viewer.url);
  });
  after(async () => {
    shop.program.kill("SIGTERM");
    await shop.program.ended;
    await viewer.close();
  });
  beforeEach(async () => {
    await viewer.fetch("/api/requests", { method: "DELETE" });
  });

  /** Returns the one profile of the unit of work of a name. */
  async function profileOf(name: string): Promise<ProfileDetail> {
    const [unit] = await viewer.units(`name=${encodeURIComponent(name)}`, isProfiled);
    assert.equal(unit?.profiles.length, 1);
    return viewer.get(`/api/profiles/${unit.profiles[0]}`);
  }

  function checkHottest({ hot }: ProfileDetail, name: string): void {
    // Code of V8 and Node without a place may take longer on a busy machine.
    const hottest = hot.find(({ place }) => place !== undefined);
    assert.equal(hottest?.name, name);
    assert.equal(hottest.place?.file, file);
    assert.equal(hottest.place.shown, "shop.mjs");
    assert.equal(hottest.place.line, lineOf(name));
  }

  it("has the function that takes its time, and is one of the request's", async () => {
    await shop.get("/carts/7?telltale=profile");
    const profile = await profileOf("GET /carts/:id");
    checkHottest(profile, "priceOfCart");
    const { summary, byFile, byPackage, root } = profile;
    assert.equal(summary.kind, "cpu");
    assert.equal(summary.overlapping, 0);
    // On a busy machine Node's own code may take longer than the function.
    const ofFile = byFile.find(({ name }) => name === "shop.mjs");
    const ofApp = byPackage.find(({ name }) => name === "app");
    assert.ok(ofFile!.self > 100 && ofApp!.self >= ofFile!.self, JSON.stringify(byFile));
    assert.ok(
      root.value >= ofApp!.self && root.value < summary.durationMs + 1,
      JSON.stringify(summary),
    );
    const detail = await viewer.unit(summary.unit!);
    assert.deepEqual(
      detail.profiles.map(({ id }) => id),
      [summary.id],
    );
    // The start of the recording is no time of the request.
    assert.ok(detail.summary.durationMs <= summary.durationMs + 50);
  });

  it("has the function that allocates", async () => {
    await shop.get("/catalogue?telltale=allocations");
    const profile = await profileOf("GET /catalogue");
    assert.equal(profile.summary.kind, "allocation");
    checkHottest(profile, "loadCatalogue");
    assert.ok(profile.hot[0]!.self > 500_000);
  });

  it("is recorded to the end of a streamed response", async () => {
    await shop.get("/stream?telltale=profile");
    const profile = await profileOf("GET /stream");
    checkHottest(profile, "priceOfCart");
    assert.ok(profile.root.value > 60);
  });

  it("is recorded over HTTP/2", async () => {
    const client = new Http2Client(shop.http2Port);
    assert.equal(await client.get("/", { "x-telltale-profile": "cpu" }), "/");
    client.close();
    checkHottest(await profileOf("GET"), "priceOfCart");
  });

  it("is that of the next job, which the viewer has asked for", async () => {
    await command({ kind: "cpu", name: "prices", service: "shop" });
    await untilProfiled(() => shop.get("/job"));
    const profile = await profileOf("prices");
    checkHottest(profile, "priceOfCart");
    // The request that has started the job.
    assert.equal(profile.summary.overlapping, 1);
  });

  it("is that of the next request of a route, which the viewer has asked for", async () => {
    await command({ kind: "cpu", name: "GET /carts/:id" });
    await untilProfiled(async () => {
      await shop.get("/catalogue");
      await shop.get("/carts/8");
    });
    await shop.get("/carts/9");
    checkHottest(await profileOf("GET /carts/:id"), "priceOfCart");
    const profiled = await viewer.units("", isProfiled);
    assert.deepEqual(
      profiled.map(({ path }) => path),
      ["/carts/8"],
    );
  });

  it("has the number of requests in progress meanwhile", async () => {
    const waits = [shop.get("/waits"), shop.get("/waits")];
    await shop.get("/carts/1");
    const profiled = shop.get("/waits?telltale=profile");
    await shop.program.waitForStdout((text) => (/waiting: 3/.test(text) ? true : undefined));
    await shop.get("/continue");
    await Promise.all([...waits, profiled]);
    const profile = await profileOf("GET /waits");
    // Two that wait, and the one that ends the waiting.
    assert.equal(profile.summary.overlapping, 3);
  });

  it("leaves the request and its response as they are", async () => {
    const [plain, profiled] = [
      await shop.get("/carts/7?telltale=none"),
      await shop.get("/carts/7?telltale=profile", { "x-telltale-profile": "cpu" }),
    ];
    const { headers, ...request } = JSON.parse(profiled.body) as { headers: Headers };
    assert.deepEqual(request, {
      url: "/carts/7?telltale=profile",
      query: { telltale: "profile" },
    });
    assert.equal((headers as unknown as Record<string, string>)["x-telltale-profile"], "cpu");
    assert.equal(profiled.status, plain.status);
    assert.deepEqual(profiled.headerNames, plain.headerNames);
    assert.equal(shop.program.stderr, "");
  });

  it("is exported in each format of its kind", async () => {
    await shop.get("/carts/7?telltale=profile");
    const { summary } = await profileOf("GET /carts/:id");
    const path = `/api/profiles/${summary.id}/export?format=`;
    const cpu = await viewer.get<{ readonly samples: readonly number[] }>(`${path}cpuprofile`);
    assert.equal(cpu.samples.length, summary.samples);
    const pprof = await viewer.fetch(`${path}pprof`);
    assert.match(pprof.headers.get("content-disposition") ?? "", /^attachment; .*\.pb\.gz"$/);
    const content = Buffer.from(await pprof.arrayBuffer());
    assert.ok(Profile.decode(gunzipSync(content)).sample.length > 0);
    const scope = await viewer.get<{ readonly exporter: string }>(`${path}speedscope`);
    assert.equal(scope.exporter, "telltale");
    for (const [format, status] of [
      ["heapprofile", 404],
      ["text", 400],
      ["", 400],
    ] as const) {
      assert.equal((await viewer.fetch(path + format)).status, status, format);
    }
    assert.equal((await viewer.fetch("/api/profiles/unknown")).status, 404);
  });

  /** Requests again until the app, which asks for commands, has got one. */
  async function untilProfiled(request: () => Promise<unknown>): Promise<void> {
    await pollUntilTrue(async () => {
      await request();
      const { items } = await viewer.get<{ readonly items: readonly UnitSummary[] }>(
        "/api/requests?limit=100",
      );
      return items.some(isProfiled);
    }, "a profile");
  }

  /** Asks for a profile as the page does. */
  async function command(content: object): Promise<void> {
    const response = await viewer.fetch("/api/profiles/next", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(content),
    });
    assert.equal(response.status, 202, await response.text());
  }
});

interface Shop {
  readonly program: Program;
  readonly http2Port: number;
  get(path: string, headers?: Record<string, string>): Promise<ShopResponse>;
}

interface ShopResponse {
  readonly status: number;
  readonly body: string;
  readonly headerNames: readonly string[];
}

async function startShop(viewerUrl: string): Promise<Shop> {
  const program = new Program({
    file,
    flags: preload.import,
    env: {
      TELLTALE_VIEWER: viewerUrl,
      OTEL_SERVICE_NAME: "shop",
      OTEL_EXPORTER_PROMETHEUS_PORT: "0",
      OTEL_TRACES_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
      OTEL_METRICS_EXPORTER: "none",
    },
  });
  const ports = await program.waitForStdout((text) => /^(\{.*\})\n/.exec(text)?.[1]);
  const { port, http2Port } = JSON.parse(ports) as { port: number; http2Port: number };
  return {
    program,
    http2Port,
    async get(path, headers = {}) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      return {
        status: response.status,
        body: await response.text(),
        headerNames: [...response.headers.keys()],
      };
    },
  };
}
