/** A counter of the app that matters to the business: orders, sign-ups, payments. */
export interface BusinessCounter {
  /** Its name in Prometheus: `shop_orders_total`. */
  readonly metric: string;
  /** The title of its panels. */
  readonly title: string;
  /** Labels by which it is shown, as they are in Prometheus. */
  readonly by: readonly string[];
}
