import { parseArgs } from "node:util";
import { startReceiver } from "./receiver.ts";

/**
 * The receiver as a process of its own: prints one line of JSON with its
 * addresses, and runs until it is killed.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "0" },
      "grpc-port": { type: "string" },
    },
  });
  const { url, port, grpcUrl, dsn } = await startReceiver({
    host: values.host,
    port: Number(values.port),
    ...(values["grpc-port"] === undefined ? {} : { grpcPort: Number(values["grpc-port"]) }),
  });
  process.stdout.write(`${JSON.stringify({ url, port, grpcUrl, dsn })}\n`);
}

void main();
