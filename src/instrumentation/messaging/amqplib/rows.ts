import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/messaging/amqplib/adaptor.ts");

export const amqplibRows: readonly LibraryRow[] = [
  {
    package: "amqplib",
    files: ["lib/channel_model.js", "lib/callback_model.js", "lib/channel.js"],
    versions: ">=0.10 <3",
    load,
    instrumentation: "amqplib",
  },
];
