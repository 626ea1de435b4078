import assert from "node:assert/strict";
import { environmentOf, isSdkDisabled, readEnvironment } from "../../src/env.ts";

describe("the environment", () => {
  it("contains telltale's and standard variables", () => {
    const environment = environmentOf({
      OTEL_SERVICE_NAME: "shop",
      SENTRY_RELEASE: "1",
      TELLTALE_EAGER: "true",
      NODE_ENV: "test",
    });
    assert.deepEqual(
      [...environment.keys()],
      ["OTEL_SERVICE_NAME", "SENTRY_RELEASE", "TELLTALE_EAGER", "NODE_ENV"],
    );
  });

  it("does not contain any other variable", () => {
    const environment = environmentOf({
      DATABASE_URL: "postgres://user:password@db",
      MY_OTEL_NAME: "x",
      NODE_OPTIONS: "--import telltale/register",
    });
    assert.equal(environment.size, 0);
  });

  it("trims white space", () => {
    assert.equal(
      environmentOf({ OTEL_SERVICE_NAME: "\t shop \n" }).get("OTEL_SERVICE_NAME"),
      "shop",
    );
  });

  for (const blank of ["", " ", "\t\n "]) {
    it(`treats ${JSON.stringify(blank)} as unset`, () => {
      assert.equal(environmentOf({ OTEL_SERVICE_NAME: blank }).has("OTEL_SERVICE_NAME"), false);
    });
  }

  it("contains the variables that PM2's cluster mode sets later", () => {
    const own = { OTEL_SERVICE_NAME: "shop", OTEL_SDK_DISABLED: true, DATABASE_URL: "x", env: {} };
    process.env["pm2_env"] = JSON.stringify(own);
    try {
      assert.equal(readEnvironment().get("OTEL_SERVICE_NAME"), "shop");
      assert.equal(readEnvironment().has("DATABASE_URL"), false);
      assert.equal(isSdkDisabled(), true);
      process.env["pm2_env"] = "{";
      assert.equal(isSdkDisabled(), false);
    } finally {
      delete process.env["pm2_env"];
    }
  });

  it("is a copy of process.env, which stays unchanged", () => {
    const before = { ...process.env };
    const environment = readEnvironment();
    assert.deepEqual({ ...process.env }, before);
    assert.deepEqual([...environment], [...environmentOf(before)]);
  });
});
