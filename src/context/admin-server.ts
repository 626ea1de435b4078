/** Set to true on our own server: `entry/` leaves its requests alone. */
export const ADMIN_SERVER: unique symbol = Symbol("telltale.server");
