/*
 * A small imitation of AWS's runtime for Node. Loads the handler named in the
 * environment as its `UserFunction` does (require for CommonJS, import for ES
 * modules), calls it with each event of the arguments, and prints the results. Then it
 * is frozen, which is no exit of the process: the test kills it.
 */
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const { LAMBDA_TASK_ROOT: taskRoot, _HANDLER: handler } = process.env;
const [module, exported] = basename(handler).split(".");
const base = resolve(taskRoot, dirname(handler), module);
const path = [".js", ".mjs", ".cjs"].map((end) => base + end).find((file) => existsSync(file));
const loaded = path.endsWith(".mjs")
  ? await import(pathToFileURL(path).href)
  : createRequire(import.meta.url)(path);
const { CONTEXT } = process.env;
const context = CONTEXT
  ? JSON.parse(CONTEXT)
  : {
      awsRequestId: "8b2c7c7e-0000-4000-8000-000000000001",
      invokedFunctionArn: "arn:aws:lambda:eu-central-1:123456789012:function:orders",
      functionName: "orders",
      getRemainingTimeInMillis: () => 3000,
    };
for (const event of process.argv.slice(2)) {
  const answer = await loaded[exported](JSON.parse(event), context).catch((error) => error.message);
  console.log(JSON.stringify(answer));
}
process.kill(process.pid, "SIGKILL");
