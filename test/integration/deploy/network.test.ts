import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request as forward } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates } from "../../export/certificates.ts";
import { freePort } from "../../free-port.ts";
import { organizationToken, runDeploy, shop } from "./deploy-program.ts";
import { SentryApi } from "./sentry-api.ts";

describe("The network of telltale deploy", () => {
  const { ca, server } = makeCertificates();
  let plain: SentryApi;
  let secure: SentryApi;
  let caFile = "";
  let folder = "";
  before(async () => {
    [plain, secure] = await Promise.all([SentryApi.start(), SentryApi.start(server)]);
    folder = mkdtempSync(join(tmpdir(), "telltale-deploy-"));
    caFile = join(folder, "ca.pem");
    writeFileSync(caFile, ca);
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await Promise.all([plain.close(), secure.close()]);
  });
  beforeEach(() => {
    plain.clear();
    secure.clear();
  });

  it("trusts the certificates of NODE_EXTRA_CA_CERTS", async () => {
    const { code, stderr } = await runDeploy(shop, {
      env: { SENTRY_AUTH_TOKEN: organizationToken(secure.url), NODE_EXTRA_CA_CERTS: caFile },
    });
    assert.deepEqual(
      { code, stderr, deploys: secure.deploys },
      { code: 0, stderr: "", deploys: 1 },
    );
  });

  it("trusts no other certificate, and sends nothing then", async () => {
    const { code, stderr } = await runDeploy(shop, {
      env: { SENTRY_AUTH_TOKEN: organizationToken(secure.url) },
    });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^telltale: [^\n]+ got a certificate that is not trusted \(\w+\); check NODE_EXTRA_CA_CERTS\n$/,
    );
    assert.deepEqual(secure.calls, []);
  });

  it("uses the proxy of Node, whose password is not printed", async () => {
    const targets: string[] = [];
    const proxy = createServer((request, response) => {
      targets.push(`${request.headers["proxy-authorization"]} ${request.url}`);
      const { method, headers, url = "" } = request;
      const onward = forward(url, { method, headers }, (answer: IncomingMessage) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const { port } = proxy.address() as AddressInfo;
    const { code, stdout, stderr } = await runDeploy(shop, {
      env: {
        SENTRY_AUTH_TOKEN: organizationToken(plain.url),
        NODE_USE_ENV_PROXY: "1",
        HTTP_PROXY: `http://user:s3cret@127.0.0.1:${port}`,
      },
    });
    proxy.closeAllConnections();
    proxy.close();
    await once(proxy, "close");
    assert.deepEqual({ code, stderr, deploys: plain.deploys }, { code: 0, stderr: "", deploys: 1 });
    const credentials = `Basic ${Buffer.from("user:s3cret").toString("base64")}`;
    assert.equal(targets[0], `${credentials} ${plain.url}/api/0/organizations/acme/releases/`);
    assert.ok(!stdout.includes("s3cret"));
  });

  it("is not tried again for a host that does not exist", async () => {
    const { code, stderr } = await runDeploy(shop, {
      env: { SENTRY_AUTH_TOKEN: organizationToken("http://sentry.invalid") },
    });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^telltale: [^\n]+ failed \((?:ENOTFOUND\); check SENTRY_URL|EAI_AGAIN\)[^\n]*)\n/,
    );
  });

  it("is tried until the time limit where nothing listens", async () => {
    const port = await freePort();
    const { code, stderr } = await runDeploy([...shop, "--timeout", "3"], {
      env: { SENTRY_AUTH_TOKEN: organizationToken(`http://127.0.0.1:${port}`) },
    });
    assert.equal(code, 1);
    const lines = stderr.trimEnd().split("\n");
    assert.match(lines[0] ?? "", / failed \(ECONNREFUSED\); the next attempt is in [\d.]+ s$/);
    assert.match(
      lines.at(-1) ?? "",
      / failed \(ECONNREFUSED\), and --timeout \(3 s\) leaves no time for another attempt$/,
    );
  });

  it("has the last answer in its report where the time limit cuts a retry short", async () => {
    const busy = { status: 503, body: { detail: "busy" } } as const;
    plain.answer("release", busy, busy, { status: "none" });
    const { code, stderr } = await runDeploy([...shop, "--timeout", "2"], {
      env: { SENTRY_AUTH_TOKEN: organizationToken(plain.url) },
    });
    assert.equal(code, 1);
    assert.match(
      stderr.trimEnd().split("\n").at(-1) ?? "",
      / answered 503 \(busy\), and --timeout \(2 s\) leaves no time for another attempt$/,
    );
  });
});
