const openMetrics = { accept: "application/openmetrics-text; version=1.0.0" };
const protobuf = {
  accept:
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
};

/** Fills registries, and prints what the page and the app's own functions show, as JSON. */
exports.run = async ({ prom, telltale, url }) => {
  const other = new prom.Registry();
  fill(prom, other);
  fillBroken(prom);
  telltale.counter("shop.orders").add(5);
  const merged = prom.Registry.merge([prom.register, other]);
  const pages = { classic: await read(url), openmetrics: await read(url, openMetrics) };
  pages.protobuf = Buffer.from(await read(url, protobuf, "arrayBuffer")).toString("base64");
  const cluster = prom.AggregatorRegistry.aggregate([
    await other.getMetricsAsJSON(),
    await other.getMetricsAsJSON(),
  ]);
  const own = { merged: await merged.metrics(), cluster: await cluster.metrics() };
  prom.register.removeSingleMetric("app_orders_total");
  const after = await read(url);
  process.stdout.write(JSON.stringify({ pages, own, after }));
};

function fill(prom, other) {
  prom.collectDefaultMetrics();
  const orders = new prom.Counter({
    name: "app_orders_total",
    help: 'Orders\nof "all" shops.',
    labelNames: ["kind"],
  });
  orders.inc({ kind: 'a "b" \\ c' }, 3);
  new prom.Counter({ name: "app_visits", help: "Visits." }).inc(7);
  const wait = new prom.Histogram({ name: "app_wait_seconds", help: "Waits.", buckets: [0.5, 1] });
  wait.observe(0.7);
  new prom.Summary({ name: "app_size_bytes", help: "Sizes.", percentiles: [0.5] }).observe(20);
  other.setDefaultLabels({ team: "a" });
  exports.stock = new prom.Gauge({
    name: "app_stock",
    help: "Stock.",
    registers: [other],
    async collect() {
      await new Promise((resolve) => setImmediate(resolve));
      this.set(4);
    },
  });
}

/** Metrics that must not be on the page, each for another reason. */
function fillBroken(prom) {
  const broken = new prom.Registry();
  const registers = [broken];
  new prom.Gauge({ name: "process_uptime_seconds", help: "Ours.", registers }).set(1);
  new prom.Gauge({ name: "app_stock", help: "Another one.", registers }).set(1);
  const throwing = new prom.Gauge({
    name: "app_throwing",
    help: "Throws.",
    registers,
    collect() {
      throw new Error("no database");
    },
  });
  const hung = new prom.Gauge({
    name: "app_hung",
    help: "Never answers.",
    registers,
    collect: () => new Promise(() => {}),
  });
  const strange = new prom.Gauge({ name: "app_strange", help: "Strange.", registers });
  strange.get = () => ({ name: "app_strange", type: "gauge", values: [{ value: "many" }] });
  const unreadable = new prom.Registry();
  const hidden = { name: "app_unreadable", help: "Unreadable.", registers: [unreadable] };
  new prom.Gauge(hidden).set(1);
  unreadable.getMetricsAsArray = () => {
    throw new Error("unreadable");
  };
  exports.kept = [broken, unreadable, throwing, hung];
}

/** The server starts after the app's code. */
async function read(url, headers = {}, body = "text") {
  for (;;) {
    const response = await fetch(url, { headers }).catch(() => undefined);
    if (response !== undefined) return response[body]();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

if (require.main === module) {
  exports.run({
    prom: require(process.argv[2]),
    telltale: require(process.env.TELLTALE),
    url: process.env.PAGE,
  });
}
