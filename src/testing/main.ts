import { parseArgs } from "node:util";
import { startReceiver } from "./receiver.ts";

/**
 * Runs the receiver as a separate process. It prints its addresses as one line of JSON
 * and runs until it is killed.
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
