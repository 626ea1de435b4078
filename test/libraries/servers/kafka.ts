import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts } from "../../free-port.ts";
import { Daemon, greet } from "./daemon.ts";
import { mavenJars } from "./maven-jars.ts";

const run = promisify(execFile);
const pom = join(import.meta.dirname, "kafka", "pom.xml");

/** The ports of the broker and of its controller. */
export type KafkaPorts = readonly [number, number];

export interface Kafka {
  /** `host:port` of its only broker. */
  readonly url: string;
  readonly ports: KafkaPorts;
  stop(): Promise<void>;
}

/**
 * Starts a Kafka of one node (KRaft) from Maven Central, because Debian has none.
 * Topics are created on first use. It needs `java` and, once per version, `mvn`.
 *
 * @param ports those of a broker that has been stopped. Default: free ones.
 */
export async function startKafka(ports?: KafkaPorts): Promise<Kafka> {
  const classpath = join(await mavenJars("kafka", pom), "*");
  const [port = 0, controller = 0] = ports ?? (await freePorts(2));
  const daemon = new Daemon("kafka");
  const settings = join(daemon.directory, "server.properties");
  writeFileSync(settings, properties(port, controller, join(daemon.directory, "data")));
  const java = [
    "java",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-cp",
    classpath,
  ];
  const format = [...java, "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", settings];
  await run(format[0] ?? "", format.slice(1));
  await daemon.start({
    name: "kafka",
    command: ["java", ...java.slice(1), "kafka.Kafka", settings],
    isReady: () => greet(port, apiVersions, isCorrelated),
  });
  return { url: `127.0.0.1:${port}`, ports: [port, controller], stop: () => daemon.stop() };
}

/** Any 16 bytes in base64url. */
const CLUSTER = "dGVsbHRhbGUtdGVzdHMtMQ";

function properties(port: number, controller: number, logs: string): string {
  return Object.entries({
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "log.dirs": logs,
    "num.partitions": 1,
    "offsets.topic.num.partitions": 1,
    "offsets.topic.replication.factor": 1,
    "transaction.state.log.num.partitions": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    // The only consumer of a group need not wait for others.
    "group.initial.rebalance.delay.ms": 0,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

const CORRELATION = 7;

/** https://kafka.apache.org/protocol#The_Messages_ApiVersions, version 0, without a client id. */
const apiVersions = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, CORRELATION, 0xff, 0xff]);

function isCorrelated(answer: Buffer): boolean {
  return answer.length >= 8 && answer.readInt32BE(4) === CORRELATION;
}
