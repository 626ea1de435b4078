/** Returns values that break code which trusts them: a new list at each call. */
export function hostileValues() {
  const circular = {};
  circular.self = circular;
  let deep = {};
  for (let level = 0; level < 20_000; level++) deep = { deep };
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return [
    circular,
    deep,
    proxy,
    {
      get value() {
        throw new Error("getter");
      },
    },
    {
      toJSON() {
        throw new Error("toJSON");
      },
    },
    {
      toString() {
        throw new Error("toString");
      },
    },
    Object.create(null),
    Symbol("symbol"),
    10n ** 30n,
    Number.NaN,
    new Date(Number.NaN),
    "\u0000\u001B[31m\uD800\r\nlevel=error",
    "x".repeat(1_000_000),
    new Map([[{}, new Set([1])]]),
    new Uint8Array(100_000),
    () => {},
    [undefined, null, [[[]]]],
    { __proto__: null, constructor: { prototype: {} }, hasOwnProperty: 1 },
  ];
}
