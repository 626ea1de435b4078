import type { ServiceName, Services } from "./services.ts";

/** Something that breaks, and the alerts that it has to lead to. */
export interface Fault {
  readonly title: string;
  readonly plant: (services: Services) => Promise<void> | void;
  readonly remove: (services: Services) => Promise<void> | void;
  /** Alerts that have to be sent, and nothing else. */
  readonly alerts: readonly ExpectedAlert[];
  /** Alerts of the same cause, which fire and must not be sent. */
  readonly inhibited?: readonly string[];
}

export interface ExpectedAlert {
  readonly name: string;
  readonly service: ServiceName;
  /** In the summary. */
  readonly summary: (services: Services) => string | RegExp;
}

const slowest = /takes [2-9]\.?\d*s/;

export const faults: readonly Fault[] = [
  {
    title: "an error spike",
    plant: (services) => services.setPrices("failing"),
    remove: (services) => services.setPrices("usual"),
    alerts: [
      {
        name: "HighErrorRatio",
        service: "shop",
        summary: () => /^[\d.]+% of the requests to shop fail$/m,
      },
    ],
    inhibited: ["ElevatedErrorRatio", "ExceptionsRise"],
  },
  {
    title: "latency",
    plant: (services) => services.setPrices("slow"),
    remove: (services) => services.setPrices("usual"),
    alerts: [
      { name: "SlowRequests", service: "shop", summary: () => slowest },
      { name: "SlowQueries", service: "shop", summary: () => /^postgresql takes [2-9]\S* for/m },
    ],
  },
  {
    title: "a stopped database",
    plant: (services) => services.stopPostgres(),
    remove: (services) => services.startPostgres(),
    alerts: [
      {
        name: "DatabaseUnreachable",
        service: "shop",
        summary: () => "shop has no connection to postgresql",
      },
    ],
    inhibited: ["HighErrorRatio", "ElevatedErrorRatio", "ExceptionsRise"],
  },
  {
    title: "a stopped Redis",
    plant: (services) => services.stopRedis(),
    remove: (services) => services.startRedis(),
    alerts: (["shop", "cart"] as const).map((service) => ({
      ...{ name: "RedisUnreachable", service },
      summary: () => `${service} has no connection to redis`,
    })),
    inhibited: ["HighErrorRatio", "SlowQueries", "SlowRequests"],
  },
  {
    title: "a full disk",
    plant: (services) => services.fillDisk(),
    remove: (services) => services.emptyDisk(),
    // Both services see the same file systems.
    alerts: (["shop", "cart"] as const).map((service) => ({
      ...{ name: "LowDiskSpace", service },
      summary: ({ mountpoint }) => `of ${mountpoint} on `,
    })),
  },
  {
    title: "a killed process",
    plant: (services) => services.killProcess("shop"),
    remove: (services) => services.startProcess("shop"),
    alerts: [
      {
        name: "ServiceDown",
        service: "shop",
        summary: () => /^127\.0\.0\.1:\d+ of shop does not answer$/m,
      },
    ],
    inhibited: ["ServiceGone"],
  },
];
