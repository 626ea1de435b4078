import { setTimeout as startTimer } from "../node-globals.ts";

/**
 * Replaces the global in the SDK's packages (`scripts/build/sdk-packages.ts`): their
 * timers of retries and time limits would keep the process of the app alive.
 */
export const setTimeout: typeof startTimer = ((...args: Parameters<typeof startTimer>) =>
  startTimer(...args).unref()) as typeof startTimer;
