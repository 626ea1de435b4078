import { type LibraryRow, variants } from "../row.ts";

export const rows: readonly LibraryRow[] = variants("prom-client", "prom-client14").map(
  (variant) => ({
    ...variant,
    library: "prom-client",
    supports: "metrics of all registries, on the page of telltale",
  }),
);
