import * as fc from "fast-check";
import { hostileTexts } from "./hostile-texts.ts";

/**
 * Functions that create any value, some of which can't be read, changed or written as
 * JSON. They are functions because the generator itself reads the values that it creates.
 */
export const anyValue: fc.Arbitrary<() => unknown> = fc.oneof(
  { weight: 4, arbitrary: plainValue().map((value) => () => value) },
  { weight: 2, arbitrary: text().map((value) => () => value) },
  { weight: 1, arbitrary: plainValue().map((value) => () => unreadable(value)) },
  { weight: 1, arbitrary: plainValue().map((value) => () => circular(value)) },
  { weight: 1, arbitrary: plainValue().map((value) => () => frozen(value)) },
  {
    weight: 1,
    arbitrary: fc.tuple(text(), plainValue()).map((parts) => () => failure(...parts)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom({}, [], Function.prototype).map((target) => () => revoked(target)),
  },
);

function text(): fc.Arbitrary<string> {
  return fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...hostileTexts));
}

function plainValue(): fc.Arbitrary<unknown> {
  return fc.anything({
    key: text(),
    values: [
      text(),
      fc.double(),
      fc.bigInt(),
      fc.boolean(),
      fc.constant(null),
      fc.func(fc.anything()),
    ],
    maxDepth: 2,
    maxKeys: 3,
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
    withTypedArray: true,
  });
}

/** Freezes what can be frozen: no typed array. */
function frozen(value: unknown): unknown {
  return ArrayBuffer.isView(value) ? value : Object.freeze(value);
}

function unreadable(value: unknown): unknown {
  const throws = (): never => {
    throw value;
  };
  return Object.defineProperties(
    { value },
    {
      getter: { get: throws, enumerable: true },
      toJSON: { value: throws, enumerable: true },
      toString: { value: throws },
      message: { get: throws, enumerable: true },
      stack: { get: throws, enumerable: true },
    },
  );
}

function circular(value: unknown): unknown {
  const circle: Record<string, unknown> = { value };
  circle["self"] = circle;
  circle["error"] = new Error("circle", { cause: circle });
  return circle;
}

function failure(message: string, cause: unknown): Error {
  return Object.assign(new TypeError(message, { cause }), { code: message, cause });
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}
