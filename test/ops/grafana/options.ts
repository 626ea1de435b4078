import { defaultOptions, type OpsOptions } from "../../../src/ops/options/ops-options.ts";

/** Options under which all rules of dashboards have to hold. */
export const optionRows: readonly { readonly title: string; readonly options: OpsOptions }[] = [
  { title: "the defaults", options: defaultOptions },
  {
    title: "all options",
    options: {
      ...defaultOptions,
      services: [{ name: "shop", team: "web" }, { name: "payments.v2" }],
      links: {
        runbooks: "https://docs.example/runbooks",
        grafana: "https://grafana.example",
        errors: "https://sentry.example/issues/?query={service}&start={start}&end={end}",
      },
      business: [
        { metric: "shop_orders_total", title: "Orders", by: ["kind"] },
        { metric: "shop_visits_total", title: "Visits", by: [] },
      ],
      grafana: {
        interval: "15s",
        prometheus: "http://prometheus:9090",
        logs: { store: "victorialogs", url: "http://logs:9428" },
        traces: { store: "tempo", url: "http://tempo:3200" },
      },
    },
  },
];
