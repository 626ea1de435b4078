import assert from "node:assert/strict";
import {
  type ApiImplementations,
  allowForeignRegistration,
  getGlobal,
  registerApi,
  registerGlobal,
  registeredSdk,
  withoutMeterProvider,
} from "../src/register-api.ts";

const API = Symbol.for("opentelemetry.js.api.1");
const LOGS_API = Symbol.for("io.opentelemetry.js.api.logs");
const globals = globalThis as Record<symbol, unknown>;

/** Stand-ins, compared by identity. */
function createImplementations(): ApiImplementations {
  return { trace: {}, metrics: {}, logs: {}, context: {}, propagation: {} } as never;
}

function registered(): Partial<ApiImplementations> & { readonly version?: string } {
  return globals[API] as ApiImplementations;
}

describe("The registration with the OpenTelemetry API", () => {
  let before: [unknown, unknown];
  let own: ApiImplementations;
  beforeEach(() => {
    before = [globals[API], globals[LOGS_API]];
    delete globals[API];
    delete globals[LOGS_API];
    own = createImplementations();
  });
  afterEach(() => {
    [globals[API], globals[LOGS_API]] = before;
  });

  it("fits every copy of the API 1.x, for all signals", () => {
    registerApi(own);
    assert.deepEqual(registered(), { ...own, version: "1.999.0" });
    assert.equal((globals[LOGS_API] as () => unknown)(), own.logs);
  });

  it("keeps what another SDK has registered", () => {
    const trace = {} as never;
    globals[API] = { version: "1.9.0", trace };
    registerApi(own);
    assert.equal(registered().trace, trace);
    assert.equal(registered().metrics, own.metrics);
  });

  for (const [title, api, version] of [
    ["nothing", undefined, undefined],
    ["a diagnostics logger only", { version: "1.9.0", diag: {} }, undefined],
    ["a tracer provider", { version: "1.9.0", trace: {} }, "1.9.0"],
    ["a propagator without a version", { propagation: {} }, "unknown"],
  ] as const) {
    it(`finds ${version === undefined ? "no SDK" : `an SDK (${version})`} where ${title} is registered`, () => {
      globals[API] = api;
      assert.equal(registeredSdk(), version);
    });
  }

  it("returns telltale's implementations to its own code, whatever is registered", () => {
    registerApi(own);
    globals[API] = { trace: {} };
    assert.equal(getGlobal("trace"), own.trace);
    assert.equal(registerGlobal(), false);
  });

  it("hides the meter provider while an instrumentation is constructed", () => {
    registerApi(own);
    assert.equal(
      withoutMeterProvider(() => getGlobal("metrics")),
      undefined,
    );
    assert.throws(() => withoutMeterProvider(() => assert.fail("broken")));
    assert.equal(getGlobal("metrics"), own.metrics);
  });

  /** Registrations of an SDK during its setup. */
  const registrations = [
    ["nothing", undefined],
    ["a tracer provider", { version: "1.9.0", trace: {} }],
    ["a diagnostics logger only", { version: "1.9.0", diag: {} }],
  ] as const;
  for (const [title, foreign] of registrations) {
    const isForeign = foreign !== undefined && "trace" in foreign;
    it(`${isForeign ? "is replaced by" : "stays, despite"} ${title} of an SDK during its setup`, async () => {
      registerApi(own);
      const settled = new Promise((resolve) => allowForeignRegistration(resolve));
      assert.equal(globals[API], undefined);
      if (foreign !== undefined) {
        globals[API] = { ...foreign };
        assert.equal(registered().metrics, own.metrics);
      }
      const result = await settled;
      assert.equal(result, isForeign ? globals[API] : undefined);
      assert.equal(registered().trace, isForeign ? foreign.trace : own.trace);
      assert.equal(registered().metrics, own.metrics);
      assert.equal(registered().version, "1.999.0");
    });
  }

  it("reports a registration from before at once", () => {
    registerApi(own);
    const foreign = { trace: {} };
    globals[API] = foreign;
    const reported: unknown[] = [];
    allowForeignRegistration((registration) => reported.push(registration));
    assert.deepEqual(reported, [foreign]);
  });
});
