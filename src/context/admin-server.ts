/** Set to true on the admin server: its requests are not recorded. */
export const ADMIN_SERVER: unique symbol = Symbol("telltale.server");
