import type { Plugin } from "esbuild";
import { root } from "./paths.ts";

/**
 * Lets the copy of `@opentelemetry/api` in the preload work with what we
 * registered ourselves (`src/register-api.ts`), not with what is on the global object
 * by then: an app's Sentry may have taken that over.
 */
export function ownApiPlugin(): Plugin {
  return {
    name: "own-api",
    setup({ onLoad }) {
      onLoad(
        { filter: /@opentelemetry[\\/]api[\\/]dist[\\/]internal[\\/]global-utils\.mjs$/ },
        () => ({
          contents: `export { getGlobal, registerGlobal, unregisterGlobal } from "./src/register-api.ts";`,
          resolveDir: root,
        }),
      );
    },
  };
}
