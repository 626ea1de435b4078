import { types } from "node:util";
import { propertyOf } from "../../../property.ts";
import {
  copyFunctionProperties,
  type Method,
  replaceMethod,
} from "../../loading/replace-method.ts";

/** Reports what a function of the app throws. Never throws. */
type OnThrown = (thrown: unknown) => void;

/** Methods of a procedure's builder that get functions of the app which tRPC calls in a procedure. */
const CODE_METHODS: ReadonlySet<string> = new Set(["query", "mutation", "subscription", "use"]);

/**
 * Watches the functions that a builder of procedures gets, and those of all builders
 * that it returns: tRPC keeps what they threw only if it is an `Error` of this realm.
 */
export function watchBuilder(builder: object, onThrown: OnThrown): void {
  for (const [name, member] of Object.entries(builder)) {
    if (typeof member !== "function") continue;
    const hasCode = CODE_METHODS.has(name);
    replaceMethod(builder, name, (original) => {
      return function (...args) {
        const watched = hasCode ? args.map((arg) => watchFunction(arg, onThrown)) : args;
        const result = Reflect.apply(original, this, watched);
        if (isBuilder(result)) watchBuilder(result, onThrown);
        return result;
      };
    });
  }
}

function isBuilder(value: unknown): value is object {
  return (
    typeof value === "object" &&
    typeof propertyOf(value, "use") === "function" &&
    typeof propertyOf(value, "query") === "function"
  );
}

/** Returns the function with a report of what it throws, or anything else as it is. */
export function watchFunction(value: unknown, onThrown: OnThrown): unknown {
  if (typeof value !== "function") return value;
  const watched: Method = function (...args) {
    try {
      const result: unknown = Reflect.apply(value, this, args);
      if (types.isPromise(result)) void Promise.prototype.then.call(result, undefined, onThrown);
      return result;
    } catch (error) {
      onThrown(error);
      throw error;
    }
  };
  return copyFunctionProperties(watched, value);
}

/** Values that procedures of a unit of work have thrown, until tRPC reports their failure. */
export class ThrownValues {
  readonly #byUnit = new WeakMap<object, unknown[]>();

  /** Remembers what tRPC does not keep as it is. */
  add(unit: object, thrown: unknown): void {
    if (thrown instanceof Error) return;
    const values = this.#byUnit.get(unit);
    if (values === undefined) this.#byUnit.set(unit, [thrown]);
    else if (values.length < MAX_VALUES) values.push(thrown);
  }

  /** Returns, and forgets, the value that tRPC's error stands for; undefined if it is what was thrown. */
  take(unit: object, error: object): { readonly value: unknown } | undefined {
    const values = this.#byUnit.get(unit) ?? [];
    const index = values.findIndex((value) => standsFor(propertyOf(error, "cause"), value));
    return index === -1 ? undefined : { value: values.splice(index, 1)[0] };
  }
}

/** As of the failures of a request. */
const MAX_VALUES = 20;

/** Whether tRPC makes `cause` of `value`. */
function standsFor(cause: unknown, value: unknown): boolean {
  if (value === null || value === undefined || typeof value === "function" || Array.isArray(value))
    return cause === undefined;
  if (typeof value !== "object")
    return propertyOf(cause, "message") === (value as { toString(): string }).toString();
  if (propertyOf(propertyOf(cause, "constructor"), "name") !== "UnknownCauseError") return false;
  return Object.keys(value).every((key) => propertyOf(cause, key) === propertyOf(value, key));
}
