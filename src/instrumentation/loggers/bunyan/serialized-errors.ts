import { findErrorField, isErrorInstance, readDataProperty } from "../../../logs/data-property.ts";
import { copyFunctionProperties, replaceMethod } from "../../loading/replace-method.ts";

type Serializer = (this: unknown, value: unknown) => unknown;

type Serializers = Record<string, Serializer>;

/** A logger of bunyan, with its serializers. */
interface SerializingLogger {
  readonly serializers?: Serializers | null;
}

/**
 * Remembers which error a field was made of. Bunyan serializes the fields of a line
 * before any method that can be patched receives them.
 */
export class SerializedErrors {
  readonly #errors = new WeakMap<object, Error>();
  /** The last error that a serializer has turned into a text, and that text. */
  #lastText: { readonly text: unknown; readonly error: WeakRef<Error> } | undefined = undefined;
  readonly #wrapped = new WeakSet<Serializer>();

  /** Patches bunyan's own serializer of errors, and those that loggers get. */
  patch(exports: { readonly stdSerializers?: object; readonly prototype: object }): void {
    const { stdSerializers, prototype } = exports;
    if (stdSerializers !== undefined)
      replaceMethod(stdSerializers, "err", (original) => this.#wrap(original as Serializer));
    replaceMethod<SerializingLogger, [Serializers]>(prototype, "addSerializers", (original) => {
      const wrapAll = (logger: SerializingLogger, added: Serializers): void =>
        this.#wrapAdded(logger, added);
      return function (added, ...rest) {
        const result = original.call(this, added, ...rest);
        wrapAll(this, added);
        return result;
      };
    });
  }

  /** Returns the first error that a line reports, as it was before it was serialized. */
  find(line: object): Error | undefined {
    const unserialized = findErrorField(line);
    if (unserialized !== undefined) return unserialized[1];
    for (const key of Object.keys(line)) {
      const error = this.#errorOf(readDataProperty(line, key));
      if (error !== undefined) return error;
    }
    return undefined;
  }

  #errorOf(serialized: unknown): Error | undefined {
    if (typeof serialized === "object" && serialized !== null) return this.#errors.get(serialized);
    const last = this.#lastText;
    return last?.text === serialized ? last?.error.deref() : undefined;
  }

  #wrapAdded({ serializers }: SerializingLogger, added: object): void {
    for (const name of Object.keys(added)) {
      const serializer = serializers?.[name];
      if (serializers && serializer !== undefined && !this.#wrapped.has(serializer))
        serializers[name] = copyFunctionProperties(this.#wrap(serializer), serializer);
    }
  }

  #wrap(serializer: Serializer): Serializer {
    const remember = (error: Error, serialized: unknown): void => this.#remember(error, serialized);
    const wrapped: Serializer = function (value) {
      const serialized = serializer.call(this, value);
      if (isErrorInstance(value)) remember(value, serialized);
      return serialized;
    };
    this.#wrapped.add(wrapped);
    return wrapped;
  }

  #remember(error: Error, serialized: unknown): void {
    if (typeof serialized === "object" && serialized !== null) this.#errors.set(serialized, error);
    else if (typeof serialized === "string")
      this.#lastText = { text: serialized, error: new WeakRef(error) };
  }
}
