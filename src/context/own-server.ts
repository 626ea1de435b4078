/**
 * Set to true on the servers of telltale: their requests are not recorded. In the registry of
 * symbols, because `telltale/testing` is another bundle than the preload.
 */
export const OWN_SERVER: unique symbol = Symbol.for("telltale.server") as never;
