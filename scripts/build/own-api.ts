import type { Plugin } from "esbuild";
import { root } from "./paths.ts";

/**
 * Makes the preload's copy of `@opentelemetry/api` use the providers registered in
 * `src/register-api.ts` instead of the global object, where an app's Sentry may
 * have replaced them.
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
