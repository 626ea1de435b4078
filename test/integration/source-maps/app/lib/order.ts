/** Lines without code in JavaScript shift the positions of the source. */
interface Order {
  readonly id: number;
}

export function place(order: Order): never {
  const total: number = order.id * 2;
  throw new Error(`failed ${total}`);
}
