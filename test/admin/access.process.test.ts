import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import type { IncomingMessage } from "node:http";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { type Certificates, makeCertificates } from "../export/certificates.ts";
import { pollUntil, pollUntilTrue } from "../until.ts";
import { type AppProcess, spawnAppProcess, startAppProcess } from "./child.ts";

const TOKEN = "a-token-of-a-scraper";
const PASSWORD = "pass:word-of-a-scraper-é";

const bearer = (token: string): string => `Bearer ${token}`;
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

const BEARER = 'Bearer realm="telltale"';
const BASIC = 'Basic realm="telltale", charset="UTF-8"';

/** Variables, and the statuses of requests by their `Authorization` header. */
const servers: readonly {
  readonly title: string;
  readonly env: Readonly<Record<string, string>>;
  readonly challenge: string;
  readonly accepted: readonly string[];
  readonly rejected: readonly string[];
  /** The status of a probe without credentials; default: 200. */
  readonly probe?: 401;
  /** On stderr at start. */
  readonly line?: RegExp;
}[] = [
  {
    title: "a token",
    env: { TELLTALE_METRICS_TOKEN: TOKEN },
    challenge: BEARER,
    accepted: [bearer(TOKEN), `bearer ${TOKEN}`],
    rejected: [
      bearer(`${TOKEN}x`),
      bearer(TOKEN.slice(1)),
      bearer(TOKEN.toUpperCase()),
      bearer(""),
      "Bearer",
      TOKEN,
      `Token ${TOKEN}`,
      basic("", TOKEN),
      basic(TOKEN, ""),
    ],
  },
  {
    title: "a user",
    env: { TELLTALE_METRICS_USERNAME: "prometheus", TELLTALE_METRICS_PASSWORD: PASSWORD },
    challenge: BASIC,
    accepted: [basic("prometheus", PASSWORD)],
    rejected: [
      basic("prometheus", `${PASSWORD}x`),
      basic("prometheus", ""),
      basic("Prometheus", PASSWORD),
      basic("", PASSWORD),
      bearer(PASSWORD),
      "Basic",
      "Basic %%%",
      `Basic ${PASSWORD}`,
    ],
  },
  {
    title: "a token or a user",
    env: {
      TELLTALE_METRICS_TOKEN: TOKEN,
      TELLTALE_METRICS_USERNAME: "prometheus",
      TELLTALE_METRICS_PASSWORD: PASSWORD,
    },
    challenge: `${BEARER}, ${BASIC}`,
    accepted: [bearer(TOKEN), basic("prometheus", PASSWORD)],
    rejected: [bearer(PASSWORD), basic("prometheus", TOKEN)],
  },
  {
    title: "a token for probes too",
    env: { TELLTALE_METRICS_TOKEN: TOKEN, TELLTALE_PROBES_AUTH: "true" },
    challenge: BEARER,
    accepted: [bearer(TOKEN)],
    rejected: [bearer("x")],
    probe: 401,
  },
  {
    title: "a token that is too short, and so nothing",
    env: { TELLTALE_METRICS_TOKEN: "short" },
    challenge: "",
    accepted: [],
    rejected: [bearer("short"), bearer("")],
    line: /^telltale: TELLTALE_METRICS_TOKEN: received \*\*\*, expected at least 16 characters; using no access by it$/m,
  },
  {
    title: "a password without a user, and so nothing",
    env: { TELLTALE_METRICS_PASSWORD: PASSWORD },
    challenge: "",
    accepted: [],
    rejected: [basic("", PASSWORD)],
    line: /^telltale: TELLTALE_METRICS_PASSWORD: received \*\*\*, expected TELLTALE_METRICS_USERNAME too; using no access by it$/m,
  },
  {
    title: "a user without a password, and so nothing",
    env: { TELLTALE_METRICS_USERNAME: "prometheus" },
    challenge: "",
    accepted: [],
    rejected: [basic("prometheus", "")],
    line: /^telltale: TELLTALE_METRICS_USERNAME: received "prometheus", expected TELLTALE_METRICS_PASSWORD or TELLTALE_METRICS_PASSWORD_FILE too; using no access by it$/m,
  },
];

describe("The admin server that requires", () => {
  for (const { title, env, challenge, accepted, rejected, probe = 200, line } of servers) {
    describe(title, () => {
      let child: AppProcess;
      before(async () => {
        child = await startAppProcess(env);
      });
      after(() => child.stop());

      it("serves its pages with it", async () => {
        for (const authorization of accepted) {
          for (const path of ["/metrics", "/healthz", "/readyz"]) {
            const response = await fetch(child.url + path, { headers: { authorization } });
            assert.equal(response.status, 200, `${path} ${authorization}`);
          }
        }
      });

      it("rejects everything else, and shows nothing", async () => {
        for (const authorization of [undefined, ...rejected]) {
          for (const path of ["/metrics", "/metrics?x=1", "/summary", "/", "/unknown"]) {
            const headers = authorization === undefined ? {} : { authorization };
            for (const method of ["GET", "HEAD", "POST"]) {
              const response = await fetch(child.url + path, { method, headers });
              assert.equal(response.status, 401, `${method} ${path} ${authorization}`);
              assert.equal(response.headers.get("www-authenticate"), challenge);
              const body = method === "HEAD" ? "" : "Valid credentials are required.\n";
              assert.equal(await response.text(), body);
            }
          }
        }
      });

      it(`responds to probes without credentials with ${probe}`, async () => {
        for (const path of ["/livez", "/readyz", "/healthz"]) {
          assert.equal((await fetch(child.url + path)).status, probe, path);
        }
      });

      it("prints no secret", () => {
        if (line !== undefined) assert.match(child.stderr(), line);
        for (const secret of [TOKEN, PASSWORD, "short"])
          assert.ok(!child.stderr().includes(secret));
      });
    });
  }
});

describe("Secrets in files", () => {
  const folder = mkdtempSync(join(tmpdir(), "telltale-secrets-"));
  after(() => rmSync(folder, { recursive: true }));

  it("are read again when they have changed, and rejected while they are unusable", async () => {
    const token = join(folder, "token");
    const password = join(folder, "password");
    writeFileSync(token, `${TOKEN}\n`);
    const child = await startAppProcess({
      TELLTALE_METRICS_TOKEN_FILE: token,
      TELLTALE_METRICS_USERNAME: "prometheus",
      TELLTALE_METRICS_PASSWORD_FILE: password,
    });
    const statusOf = async (authorization: string): Promise<number> =>
      (await fetch(`${child.url}/metrics`, { headers: { authorization } })).status;
    try {
      assert.equal(await statusOf(bearer(TOKEN)), 200);
      // There is no file of the password yet.
      assert.equal(await statusOf(basic("prometheus", PASSWORD)), 401);
      await pollUntilTrue(() => child.stderr().includes("ENOENT"), "a line");
      writeFileSync(`${password}.new`, PASSWORD);
      renameSync(`${password}.new`, password);
      await pollUntilTrue(
        async () => (await statusOf(basic("prometheus", PASSWORD))) === 200,
        "the password",
      );
      const renewed = "a-renewed-token-of-a-scraper";
      writeFileSync(token, renewed);
      await pollUntilTrue(async () => (await statusOf(bearer(renewed))) === 200, "the new token");
      assert.equal(await statusOf(bearer(TOKEN)), 401);
      writeFileSync(token, "short");
      await pollUntilTrue(async () => (await statusOf(bearer("short"))) === 401, "no token");
      await pollUntilTrue(async () => (await statusOf(bearer(renewed))) === 401, "no old token");
      await pollUntilTrue(() => child.stderr().includes("less than 16"), "a second line");
      assert.equal((await fetch(`${child.url}/livez`)).status, 200);
      assert.deepEqual(child.stderr().trimEnd().split("\n"), [
        "telltale: TELLTALE_METRICS_PASSWORD_FILE: the secret can't be read from the file (ENOENT); requests are rejected until it can",
        "telltale: TELLTALE_METRICS_TOKEN_FILE: the secret can't be read from the file (it has less than 16 characters); requests are rejected until it can",
      ]);
    } finally {
      await child.stop();
    }
  });
});

describe("The admin server with a certificate", () => {
  let certificates: Certificates;
  let folder: string;
  let env: Record<string, string>;
  const children: AppProcess[] = [];

  before(() => {
    certificates = makeCertificates();
    folder = mkdtempSync(join(tmpdir(), "telltale-tls-"));
    env = {
      TELLTALE_ADMIN_CERTIFICATE: join(folder, "tls.crt"),
      TELLTALE_ADMIN_KEY: join(folder, "tls.key"),
    };
  });
  beforeEach(() => write(certificates.server));
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.stop()));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("serves its pages by HTTPS, with the same limits", async () => {
    const child = await start({ TELLTALE_METRICS_TOKEN: TOKEN });
    const metrics = await page(child, "/metrics", { authorization: bearer(TOKEN) });
    assert.equal(metrics.status, 200);
    assert.match(metrics.body, /^# HELP target_info/);
    assert.equal((await page(child, "/metrics")).status, 401);
    assert.equal((await page(child, "/livez")).status, 200);
  });

  it("renews it when the files have changed, and keeps it while they are unusable", async () => {
    const child = await start();
    assert.equal(await subjectOf(child), "server");
    write(certificates.client);
    await pollUntilTrue(async () => (await subjectOf(child)) === "client", "the new certificate");
    write({ cert: certificates.server.cert, key: certificates.client.key });
    await pollUntilTrue(async () => {
      assert.equal(await subjectOf(child), "client");
      return child.stderr().includes("can't be used");
    }, "a line");
    write(certificates.server);
    await pollUntilTrue(async () => (await subjectOf(child)) === "server", "the first again");
    assert.match(
      child.stderr(),
      /^telltale: the changed files of TELLTALE_ADMIN_CERTIFICATE and TELLTALE_ADMIN_KEY can't be used \(ERR_\w+\); the previous certificate is used until they can\n$/,
    );
  });

  for (const [title, bytes] of [
    ["plain HTTP", "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"],
    ["nothing", ""],
    ["half a handshake", Buffer.from("16030100a5010000a10303", "hex")],
    ["garbage", Buffer.from([0, 1, 2, 250, 255, 13, 10, 13, 10])],
  ] as const) {
    it(`disconnects a hundred clients that send ${title}, and goes on`, async () => {
      const child = await start();
      const sockets = Array.from({ length: 100 }, () => {
        const socket = connectTcp(child.port, "127.0.0.1");
        socket.on("error", () => {});
        socket.write(bytes);
        return socket.resume();
      });
      assert.equal((await page(child, "/livez")).status, 200);
      const isFree = async (): Promise<true | undefined> =>
        Number(await child.command("connections")) <= 1 || undefined;
      await pollUntil(isFree, "all are freed");
      for (const socket of sockets) socket.destroy();
      assert.equal((await page(child, "/metrics")).status, 200);
      assert.equal(child.stderr(), "");
    });
  }

  it("limits the connections of clients that keep them after their handshake", async () => {
    const child = await start();
    const sockets: TLSSocket[] = [];
    // One after the other: on a busy machine, some of many at once would be closed before the end
    // of their handshake.
    while (sockets.length < 100) sockets.push(await handshake(child));
    assert.equal((await page(child, "/livez")).status, 200);
    await pollUntilTrue(async () => Number(await child.command("connections")) <= 64, "64");
    for (const socket of sockets) socket.destroy();
  });

  it("does not keep the process alive by an open connection", async () => {
    const child = await start();
    const socket = await handshake(child);
    await child.command("end");
    assert.equal(await child.ended, 0);
    socket.destroy();
  });

  for (const [title, change, line] of [
    [
      "the key is missing",
      { TELLTALE_ADMIN_KEY: "" },
      /TELLTALE_ADMIN_KEY is missing, HTTPS requires both; \/metrics and \/healthz are unavailable, retrying every 30 s/,
    ],
    [
      "the certificate is missing",
      { TELLTALE_ADMIN_CERTIFICATE: "" },
      /TELLTALE_ADMIN_CERTIFICATE is missing, HTTPS requires both; /,
    ],
    [
      "a file does not exist",
      { TELLTALE_ADMIN_KEY: "/nowhere/tls.key" },
      /the files of TELLTALE_ADMIN_CERTIFICATE and TELLTALE_ADMIN_KEY can't be used \(ENOENT\); /,
    ],
    [
      "a file is a device",
      { TELLTALE_ADMIN_KEY: "/dev/zero" },
      /the files of TELLTALE_ADMIN_CERTIFICATE and TELLTALE_ADMIN_KEY can't be used \(no certificate and its key\); /,
    ],
  ] as const) {
    it(`is not replaced by HTTP if ${title}`, async () => {
      const child = await spawnAppProcess("stay", { ...env, ...change });
      children.push(child);
      await pollUntilTrue(() => child.stderr().includes("\n"), "a line");
      assert.match(child.stderr(), line);
      await assert.rejects(fetch(`${child.url}/livez`));
      assert.equal(child.stderr().split("\n").length, 2);
    });
  }

  function write({ cert, key }: { readonly cert: string; readonly key: string }): void {
    writeFileSync(join(folder, "tls.crt"), cert);
    writeFileSync(join(folder, "tls.key"), key);
  }

  async function start(more: Readonly<Record<string, string>> = {}): Promise<AppProcess> {
    const child = await spawnAppProcess("stay", { ...env, ...more });
    children.push(child);
    await pollUntilTrue(
      () =>
        page(child, "/livez").then(
          ({ status }) => status === 200,
          () => false,
        ),
      "an open port",
    );
    return child;
  }

  async function page(
    child: AppProcess,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly body: string }> {
    const { ca } = certificates;
    const request = get({ port: child.port, host: "127.0.0.1", path, headers, ca, agent: false });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    let body = "";
    for await (const part of response.setEncoding("utf8")) body += part;
    return { status: response.statusCode ?? 0, body };
  }

  async function handshake({ port }: AppProcess): Promise<TLSSocket> {
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
    socket.on("error", () => {});
    await once(socket, "secureConnect");
    return socket.resume();
  }

  async function subjectOf(child: AppProcess): Promise<string> {
    const socket = await handshake(child);
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return String(CN);
  }
});
