import { createRequire } from "node:module";
import { startedRecorder } from "../observation/start.ts";

interface EnvironmentConfig {
  readonly projectConfig: {
    readonly testEnvironmentOptions: Readonly<Record<string, unknown>>;
  };
}

interface Environment {
  readonly global: object;
}

type EnvironmentClass = new (config: EnvironmentConfig, context: unknown) => Environment;

/**
 * Creates the environment that `withTelltale` was given, and passes what the preload has
 * published on the global object of the process to that of the tests. jest calls it with `new`.
 */
export function createEnvironment(config: EnvironmentConfig, context: unknown): Environment {
  startedRecorder();
  const { telltale, ...testEnvironmentOptions } = config.projectConfig.testEnvironmentOptions;
  const { environment: path } = telltale as { readonly environment: string };
  const projectConfig = { ...config.projectConfig, testEnvironmentOptions };
  const Base = loadEnvironment(path);
  const environment = new Base({ ...config, projectConfig }, context);
  shareGlobals(environment.global);
  return environment;
}

function loadEnvironment(path: string): EnvironmentClass {
  const exports = createRequire(import.meta.url)(path) as
    | EnvironmentClass
    | { readonly default: EnvironmentClass };
  return "default" in exports ? exports.default : exports;
}

/** Globals of the preload, of OpenTelemetry's API and of Sentry's SDK. */
const SHARED = /^(?:telltale|opentelemetry\.js\.api|io\.opentelemetry\.js\.api)/;

function shareGlobals(global: object): void {
  const symbols = Object.getOwnPropertySymbols(globalThis);
  const shared = symbols.filter((symbol) => SHARED.test(Symbol.keyFor(symbol) ?? ""));
  // Accessors: jest empties the objects that are values of globals when a test file ends.
  for (const key of [...shared, "__SENTRY__"]) {
    Object.defineProperty(global, key, {
      configurable: true,
      get: (): unknown => Reflect.get(globalThis, key),
      set(value: unknown) {
        Object.defineProperty(global, key, { configurable: true, writable: true, value });
      },
    });
  }
}

// oxlint-disable-next-line import/no-default-export
export { createEnvironment as default };
