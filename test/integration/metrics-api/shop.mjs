import * as telltale from "../../../dist/index.js";
import { run } from "./shop.cjs";

/** `REGISTER` is the preload, for an app that starts it itself. */
await run(telltale, async () => {
  if (process.env.REGISTER) await import(process.env.REGISTER);
});
