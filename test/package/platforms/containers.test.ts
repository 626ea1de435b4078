import assert from "node:assert/strict";
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../scripts/node.mjs";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { Program, telemetryEnv } from "../../integration/program.ts";
import { programOrSkip } from "../../programs.ts";
import { pollUntilTrue } from "../../until.ts";
import { type InstalledPackage, installPackage, npm } from "../installed.ts";
import { type Container, Images } from "./images.ts";
import { type ContainerOptions, startContainer } from "./read-only-root.ts";
import { recipe } from "./recipes.ts";

const app = join(import.meta.dirname, "apps", "shop.mjs");

/** What the operator sets in each pod: pkg/instrumentation of its repository. */
const OPERATOR_FOLDER = "/otel-auto-instrumentation-nodejs";
const OPERATOR_ENV = {
  NODE_OPTIONS: ` --require ${OPERATOR_FOLDER}/autoinstrumentation.js`,
  OTEL_SERVICE_NAME: "shop",
  OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
  OTEL_TRACES_SAMPLER_ARG: "1",
  OTEL_PROPAGATORS: "tracecontext,baggage",
  OTEL_RESOURCE_ATTRIBUTES:
    "k8s.container.name=shop,k8s.namespace.name=default,k8s.node.name=one,k8s.pod.name=shop-1",
};

describe("A container", function () {
  this.timeout(10 * 60_000);
  let installed: InstalledPackage;
  let images: Images;
  let receiver: Receiver;

  before(async function () {
    programOrSkip(this, "buildah");
    programOrSkip(this, "busybox");
    installed = await installPackage();
    images = new Images();
    receiver = await startReceiver();
    await images.addBusybox();
    await images.addDistroless();
    await images.build(operatorContext(), "telltale-autoinstrumentation");
  });
  beforeEach(() => receiver.clear());
  afterEach(() => Program.killAll());
  after(async () => {
    images?.remove();
    await receiver?.close();
    await installed?.remove();
  });

  /** The folder of the operator's image, with the tarball of npm. */
  const operatorContext = (): string => {
    const context = join(images.folder, "operator");
    cpSync(join(root, "platforms", "operator"), context, { recursive: true });
    copyFileSync(installed.tarball, join(context, "telltale-0.1.0.tgz"));
    return context;
  };
  /** A folder with the app, and with the tarball in its package.json. */
  const appContext = async (name: string): Promise<string> => {
    const context = join(images.folder, name);
    mkdirSync(context);
    copyFileSync(app, join(context, "app.js"));
    copyFileSync(installed.tarball, join(context, "telltale-0.1.0.tgz"));
    const dependencies = { telltale: "file:telltale-0.1.0.tgz" };
    const manifest = { name: "shop", version: "1.2.3", type: "module", dependencies };
    writeFileSync(join(context, "package.json"), JSON.stringify(manifest));
    await npm(context, images.folder, ["install", "--package-lock-only", "--offline"]);
    return context;
  };
  /** Runs an app, asks it and its admin server, and stops it. */
  const checkApp = async (container: Container, options: Partial<ContainerOptions> = {}) => {
    const metricsPort = await freePort();
    const program = startContainer(container, {
      ...options,
      env: {
        ...telemetryEnv(receiver),
        OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort),
        ...options.env,
      },
    });
    const port = await program.waitForStdout((text) => /^port (\d+)\n/m.exec(text)?.[1]);
    const response = await fetch(`http://127.0.0.1:${port}/orders`);
    assert.equal(await response.text(), "3 lamps");
    const isHealthy = async (): Promise<boolean> => {
      const health = await fetch(`http://127.0.0.1:${metricsPort}/healthz`).catch(() => {});
      return health?.status === 200;
    };
    await pollUntilTrue(isHealthy, "the admin server");
    program.kill("SIGTERM");
    const { signal, stderr } = await program.ended;
    assert.deepEqual(
      [signal, stderr.replace(/^telltale: metrics and health .*\n/, "")],
      ["SIGTERM", ""],
    );
    await receiver.settled();
    const span = receiver.spans.find(({ kind }) => kind === "SERVER");
    assert.ok(span, "no span");
    return span;
  };

  it("of two stages with npm runs as no root, on a read-only root without a shell", async () => {
    await images.addNode();
    await images.build(await appContext("npm"), "shop-npm", recipe("containers.md", "npm"));
    const container = await images.createContainer("shop-npm");
    assert.equal(container.configuration.User, "65532");
    assert.ok(!existsSync(join(container.root, "bin/sh")));
    const { resource } = await checkApp(container);
    assert.equal(resource.attributes["service.version"], "1.2.3");
  });

  it("without npm has the package of our image", async () => {
    const dockerfile = recipe("containers.md", "without npm");
    await images.build(await appContext("plain"), "shop-plain", dockerfile);
    await checkApp(await images.createContainer("shop-plain"));
  });

  it("is instrumented by the OpenTelemetry Operator with our image", async () => {
    const volume = join(images.folder, "volume");
    mkdirSync(volume);
    chmodSync(volume, 0o777);
    // The init container.
    const copy = ["cp", "-r", "/autoinstrumentation/.", OPERATOR_FOLDER];
    const init = await images.createContainer("telltale-autoinstrumentation");
    await images.run(init, copy, { [OPERATOR_FOLDER]: volume });
    const dockerfile = `FROM gcr.io/distroless/nodejs24-debian12:nonroot\nCOPY app.js package.json /app/\nCMD ["/app/app.js"]\n`;
    await images.build(await appContext("uninstrumented"), "shop-uninstrumented", dockerfile);
    const { resource } = await checkApp(await images.createContainer("shop-uninstrumented"), {
      env: OPERATOR_ENV,
      volumes: { [volume]: OPERATOR_FOLDER },
    });
    assert.equal(resource.attributes["service.name"], "shop");
    assert.equal(resource.attributes["k8s.pod.name"], "shop-1");
  });
});
