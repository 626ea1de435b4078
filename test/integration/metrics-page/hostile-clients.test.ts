import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { adminPage } from "../../admin-page.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { Random, testSeed } from "../../random.ts";
import { pollUntilTrue } from "../../until.ts";
import { malformedRequest } from "./malformed-requests.ts";
import { type PageService, startPageService } from "./service.ts";

const SLOW_CLIENTS = 1000;
const MALFORMED = 10_000;
/** Malformed requests at the same time. */
const CONCURRENCY = 40;
/** The requests of the app in a quiet time. */
const QUIET_REQUESTS = 300;

const SEED = testSeed();

describe("The app's requests go on as before", function () {
  this.timeout(600_000);
  let receiver: Receiver;
  let service: PageService;
  let sent = 0;

  before(async () => {
    receiver = await startReceiver();
    service = await startPageService(receiver);
  });

  after(async () => {
    await service.stop();
    await receiver.close();
  });

  it(`while ${SLOW_CLIENTS} slow clients hold connections of the admin port`, async () => {
    const quiet = await requestsDuring(async () => {}, QUIET_REQUESTS);
    const attack = new SlowClients(service.adminPort);
    try {
      const attacked = await requestsDuring(() => attack.whenAllConnected(), QUIET_REQUESTS);
      for (const path of ["/livez", "/readyz", "/metrics"]) await probe(path);
      assertAsBefore(quiet, attacked);
    } finally {
      attack.stop();
    }
  });

  it(`while a fuzzer sends ${MALFORMED} malformed requests to it (TEST_SEED=${SEED})`, async () => {
    const quiet = await requestsDuring(async () => {}, QUIET_REQUESTS);
    const attacked = await requestsDuring(() => fuzz(service.adminPort, new Random(SEED)), 1);
    assertAsBefore(quiet, attacked);
    const page = await adminPage(service.adminPort, "/metrics");
    // No malformed request has reached the app.
    assert.match(await page.text(), new RegExp(`^shop_orders_total\\{.*\\} ${sent}$`, "m"));
  });

  it("and the process has reported nothing of them, and exported the spans of these requests alone", async () => {
    service.program.kill("SIGTERM");
    const { signal, stderr } = await service.program.ended;
    // One line of the whole time, about an attribute of the app.
    assert.equal(
      stderr,
      'telltale: attributes "a.b" and "a_b" have the same label "a_b" on the Prometheus page, which gets both values joined by ";"\n',
    );
    assert.equal(signal, "SIGTERM");
    await receiver.settled();
    const servers = receiver.spans.filter(({ kind }) => kind === "SERVER");
    assert.equal(servers.length, sent);
  });

  /** Asks again if the connection was closed, as probes do: this process may be too slow to send a request. */
  async function probe(path: string): Promise<void> {
    const url = `http://127.0.0.1:${service.adminPort}${path}`;
    await pollUntilTrue(
      () =>
        fetch(url).then(
          ({ status }) => status === 200,
          () => false,
        ),
      path,
    );
  }

  /**
   * Sends requests to the app, one after another, until an attack ends.
   *
   * @returns the duration of each in milliseconds, in order of size.
   */
  async function requestsDuring(attack: () => Promise<void>, atLeast: number): Promise<number[]> {
    const over = new AbortController();
    const end = attack().finally(() => over.abort());
    const durations: number[] = [];
    while (!over.signal.aborted || durations.length < atLeast) {
      const began = performance.now();
      sent += 1;
      const response = await fetch(`${service.url}/${sent}`);
      assert.equal(response.status, 200);
      assert.equal(await response.text(), "done");
      durations.push(performance.now() - began);
    }
    await end;
    return durations.toSorted((a, b) => a - b);
  }
});

/**
 * Compares medians, which a busy host changes for both. The attackers need the same
 * processors, so that a request may take several times as long.
 */
function assertAsBefore(quiet: readonly number[], attacked: readonly number[]): void {
  const [before = 0, during = 0] = [quiet, attacked].map((all) => all[Math.floor(all.length / 2)]);
  assert.ok(
    during < 10 * before + 50,
    `a request took ${during.toFixed(1)} ms instead of ${before.toFixed(1)} ms`,
  );
}

/** Clients that send a byte of a request now and then, and connect again when they are disconnected. */
class SlowClients {
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  readonly #timer: NodeJS.Timeout;
  #connected = 0;
  #isStopped = false;
  #onAll: () => void = () => {};

  constructor(port: number) {
    this.#port = port;
    this.#timer = setInterval(() => this.#sendByte(), 500);
    for (let index = 0; index < SLOW_CLIENTS; index += 1) this.#connect();
  }

  /** Resolves once there were twice as many connections as clients. */
  async whenAllConnected(): Promise<void> {
    await new Promise<void>((resolve) => (this.#onAll = resolve));
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  #sendByte(): void {
    for (const socket of this.#sockets) if (socket.writable) socket.write("x");
  }

  #connect(): void {
    const socket = connect(this.#port, "127.0.0.1");
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("connect", () => {
      this.#connected += 1;
      if (this.#connected >= 2 * SLOW_CLIENTS) this.#onAll();
      socket.write("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
    });
    socket.once("close", () => {
      this.#sockets.delete(socket);
      const waitMs = 1000 + (this.#connected % 1000);
      if (!this.#isStopped) setTimeout(() => this.#isStopped || this.#connect(), waitMs);
    });
  }
}

/** Sends the malformed requests, each on a connection of its own, and waits for their ends. */
async function fuzz(port: number, random: Random): Promise<void> {
  const requests = Array.from({ length: MALFORMED }, () => malformedRequest(random));
  const next = requests.values();
  const send = async (): Promise<void> => {
    for (const bytes of next) {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      socket.resume();
      socket.end(bytes);
      await new Promise((resolve) => socket.once("close", resolve));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, send));
}
