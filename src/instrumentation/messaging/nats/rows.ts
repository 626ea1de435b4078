import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/messaging/nats/adaptor.ts");

export const natsRows: readonly LibraryRow[] = [
  {
    package: "nats",
    files: [
      ...["nats", "queued_iterator", "jsclient", "jsmsg"].map(
        (name) => `lib/nats-base-client/${name}.js`,
      ),
      ...["jsclient", "jsmsg", "consumer"].map((name) => `lib/jetstream/${name}.js`),
    ],
    versions: ">=2.12 <3",
    load,
    instrumentation: "nats",
  },
  {
    package: "@nats-io/nats-core",
    files: ["lib/nats.js", "lib/queued_iterator.js"],
    versions: ">=3 <4",
    load,
    instrumentation: "nats",
  },
  {
    package: "@nats-io/jetstream",
    files: ["lib/jsclient.js", "lib/jsmsg.js", "lib/consumer.js"],
    versions: ">=3 <4",
    load,
    instrumentation: "nats",
  },
];
