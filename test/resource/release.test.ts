import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { _INTERNAL_getReleaseFromCommitEnv as releaseOfSentry } from "@sentry/core/server";
import { parseConfig } from "../../src/config/parse.ts";
import { commitVariables, environmentOf } from "../../src/env.ts";
import { detectResourceAttributes } from "../../src/resource/attributes.ts";
import { detectRelease } from "../../src/resource/release.ts";

const COMMIT = "1f".repeat(20);
const HEAD = "2e".repeat(20);

describe("The release", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-release-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  interface Row {
    readonly env?: Readonly<Record<string, string>>;
    readonly package?: { readonly name: string; readonly version?: string };
    readonly head?: string;
    readonly release: readonly [name: string, source: string] | undefined;
    /** `service.version` and `vcs.ref.head.revision` of the resource. */
    readonly resource: readonly [version: string | undefined, commit: string | undefined];
  }

  const shop = { name: "shop", version: "1.2.3" };
  const attributes = (value: string): Record<string, string> => ({
    OTEL_RESOURCE_ATTRIBUTES: value,
  });
  const rows: readonly Row[] = [
    { release: undefined, resource: [undefined, undefined] },
    { head: HEAD, release: [HEAD, ".git"], resource: [undefined, HEAD] },
    { package: { name: "shop" }, head: HEAD, release: [HEAD, ".git"], resource: [undefined, HEAD] },
    {
      package: shop,
      head: HEAD,
      release: ["shop@1.2.3", "package.json"],
      resource: ["1.2.3", HEAD],
    },
    {
      package: shop,
      env: { OTEL_SERVICE_NAME: "pay" },
      release: ["pay@1.2.3", "package.json"],
      resource: ["1.2.3", undefined],
    },
    {
      package: { name: "@acme/shop", version: "1.2.3" },
      release: ["acme-shop@1.2.3", "package.json"],
      resource: ["1.2.3", undefined],
    },
    {
      package: shop,
      head: HEAD,
      env: { GITHUB_SHA: COMMIT },
      release: [COMMIT, "GITHUB_SHA"],
      resource: ["1.2.3", COMMIT],
    },
    {
      // Not an id of a commit: it stays out of the resource.
      env: { SOURCE_VERSION: "main/42" },
      release: ["main-42", "SOURCE_VERSION"],
      resource: [undefined, undefined],
    },
    {
      package: shop,
      env: { ...attributes("service.version=9"), GITHUB_SHA: COMMIT },
      release: ["shop@9", "OTEL_RESOURCE_ATTRIBUTES"],
      resource: ["9", COMMIT],
    },
    {
      package: shop,
      env: { ...attributes(`vcs.ref.head.revision=${HEAD}`), GITHUB_SHA: COMMIT },
      release: [HEAD, "OTEL_RESOURCE_ATTRIBUTES"],
      resource: ["1.2.3", HEAD],
    },
    {
      package: shop,
      env: attributes("service.version="),
      head: HEAD,
      release: [HEAD, ".git"],
      resource: [undefined, HEAD],
    },
    {
      package: shop,
      head: HEAD,
      env: { ...attributes("deployment.environment.name=x"), SENTRY_RELEASE: "store@7.0.0" },
      release: ["store@7.0.0", "SENTRY_RELEASE"],
      resource: ["7.0.0", HEAD],
    },
    {
      package: shop,
      head: HEAD,
      env: { SENTRY_RELEASE: "build-17", GITHUB_SHA: COMMIT },
      release: ["build-17", "SENTRY_RELEASE"],
      resource: ["build-17", COMMIT],
    },
    {
      package: shop,
      head: HEAD,
      env: { SENTRY_RELEASE: COMMIT },
      release: [COMMIT, "SENTRY_RELEASE"],
      resource: ["1.2.3", COMMIT],
    },
    {
      package: shop,
      env: { ...attributes("service.version=9"), SENTRY_RELEASE: "store@7" },
      release: ["store@7", "SENTRY_RELEASE"],
      resource: ["9", undefined],
    },
    {
      package: shop,
      env: { SENTRY_RELEASE: "latest" },
      release: ["shop@1.2.3", "package.json"],
      resource: ["1.2.3", undefined],
    },
  ];
  for (const [index, { env = {}, package: manifest, head, release, resource }] of rows.entries()) {
    const given = [
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
      ...(manifest === undefined ? [] : [`${manifest.name}@${manifest.version ?? ""}`]),
      ...(head === undefined ? [] : ["a repository"]),
    ];
    it(`is ${release?.join(" of ") ?? "unknown"} with ${given.join(", ") || "nothing"}`, () => {
      const home = join(folder, String(index));
      mkdirSync(join(home, ".git"), { recursive: true });
      if (manifest !== undefined)
        writeFileSync(join(home, "package.json"), JSON.stringify(manifest));
      // An empty repository: the search must not find the one of this checkout.
      writeFileSync(join(home, ".git/HEAD"), head ?? "");
      const { config } = parseConfig(environmentOf(env));
      const found = detectResourceAttributes(config, home);
      const detected = detectRelease(config, found);
      assert.deepEqual(detected && [detected.name, detected.source], release);
      assert.deepEqual([found["service.version"], found["vcs.ref.head.revision"]], resource);
    });
  }

  it("is unknown without a script, except from variables", () => {
    const { config } = parseConfig(environmentOf({ RENDER_GIT_COMMIT: COMMIT }));
    const none = detectRelease(parseConfig(new Map()).config, { "service.name": "x" });
    assert.equal(none, undefined);
    assert.equal(detectRelease(config, { "service.name": "x" })?.name, COMMIT);
  });

  it("is the commit that Sentry's SDK reads, from the same variables in the same order", () => {
    const before = { ...process.env };
    const values = Object.fromEntries(commitVariables.map((name) => [name, `${name}-1`]));
    try {
      Object.assign(process.env, values);
      for (const name of commitVariables) {
        const { config } = parseConfig(environmentOf(process.env));
        assert.equal(detectRelease(config, {})?.name, releaseOfSentry());
        assert.equal(config.commit?.variable, name);
        delete process.env[name];
      }
      assert.equal(releaseOfSentry(), undefined);
    } finally {
      for (const name of commitVariables) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
  });

  it("is no variable whose value is its own name, as some build systems set it", () => {
    const { config, issues } = parseConfig(environmentOf({ GIT_COMMIT: "GIT_COMMIT" }));
    assert.equal(config.commit, undefined);
    assert.deepEqual(issues, []);
  });
});
