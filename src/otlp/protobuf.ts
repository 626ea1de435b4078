/*
 * A protobuf decoder that is driven by a table of messages. It supports what OTLP needs:
 * no groups, no maps, no extensions. Field names and values are those of the JSON encoding
 * (64-bit integers, NaN and infinity are texts), so that both encodings of OTLP have the
 * same result.
 */

/** The fields of each message: `"1 name type, 2 name type[]"`, where a type is a scalar or a message. */
export type ProtobufSchema = Readonly<Record<string, string>>;

export type JsonObject = { [field: string]: unknown };

export type ProtobufDecoder = (message: string, bytes: Uint8Array) => JsonObject;

type Scalar =
  | "string"
  | "bytes"
  | "hex"
  | "bool"
  | "double"
  | "int64"
  | "uint32"
  | "sint32"
  | "fixed32"
  | "fixed64"
  | "sfixed64";

interface Field {
  readonly name: string;
  readonly type: string;
  readonly repeated: boolean;
}

type Fields = ReadonlyMap<number, Field>;

/** The limit of other protobuf decoders. Deeper nesting is an attack on the stack. */
const MAX_DEPTH = 100;

export function createDecoder(schema: ProtobufSchema): ProtobufDecoder {
  const messages = new Map<string, Fields>();
  for (const [name, fields] of Object.entries(schema)) messages.set(name, parseFields(fields));
  return (message, bytes) => readMessage(messages, message, new ProtobufReader(bytes), 0);
}

/**
 * Maximum number of values in a body. An empty message has two bytes, and about a
 * hundred as an object.
 */
const MAX_VALUES = 2_000_000;

function parseFields(text: string): Fields {
  const fields = new Map<number, Field>();
  for (const row of text.split(",")) {
    const [number = "", name = "", type = ""] = row.trim().split(" ");
    const repeated = type.endsWith("[]");
    fields.set(Number(number), { name, type: repeated ? type.slice(0, -2) : type, repeated });
  }
  return fields;
}

function readMessage(
  messages: ReadonlyMap<string, Fields>,
  message: string,
  reader: ProtobufReader,
  depth: number,
): JsonObject {
  if (depth > MAX_DEPTH) throw new RangeError("protobuf nested too deeply");
  const fields = messages.get(message);
  if (fields === undefined) throw new TypeError(`unknown message ${message}`);
  const result: JsonObject = {};
  while (!reader.done) {
    const tag = Number(reader.varint());
    const field = fields.get(tag >>> 3);
    if (field === undefined) reader.skip(tag & 7);
    else readField(messages, field, tag & 7, reader, result, depth);
    reader.countValue();
  }
  return result;
}

function readField(
  messages: ReadonlyMap<string, Fields>,
  field: Field,
  wireType: number,
  reader: ProtobufReader,
  into: JsonObject,
  depth: number,
): void {
  const read = (from: ProtobufReader): unknown =>
    messages.has(field.type)
      ? readMessage(messages, field.type, from.subReader(), depth + 1)
      : readScalar(field.type as Scalar, from);
  if (!field.repeated) {
    into[field.name] = read(reader);
    return;
  }
  const list = (into[field.name] ??= []) as unknown[];
  if (wireType === 2 && isPackable(field.type)) {
    const packed = reader.subReader();
    while (!packed.done) {
      list.push(read(packed));
      packed.countValue();
    }
  } else {
    list.push(read(reader));
  }
}

function isPackable(type: string): boolean {
  return /^(bool|double|u?s?int(32|64)|s?fixed(32|64))$/.test(type);
}

function readScalar(type: Scalar, reader: ProtobufReader): unknown {
  switch (type) {
    case "string":
      return reader.text();
    case "bytes":
      return Buffer.from(reader.bytes()).toString("base64");
    case "hex":
      return Buffer.from(reader.bytes()).toString("hex");
    case "bool":
      return reader.varint() !== 0n;
    case "double":
      return doubleOf(reader.fixed(8).getFloat64(0, true));
    case "int64":
      return BigInt.asIntN(64, reader.varint()).toString();
    case "uint32":
      return Number(reader.varint());
    case "sint32":
      return decodeZigzag(Number(reader.varint()));
    case "fixed32":
      return reader.fixed(4).getUint32(0, true);
    case "fixed64":
      return reader.fixed(8).getBigUint64(0, true).toString();
    case "sfixed64":
      return reader.fixed(8).getBigInt64(0, true).toString();
  }
}

/** Returns the text of a value that JSON can't represent as a number. */
function doubleOf(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function decodeZigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}

class ProtobufReader {
  readonly #bytes: Uint8Array;
  /** Shared by all readers of a body. */
  readonly #budget: { values: number };
  #offset = 0;

  constructor(bytes: Uint8Array, budget = { values: MAX_VALUES }) {
    this.#bytes = bytes;
    this.#budget = budget;
  }

  /** Counts a value. Throws above the limit. */
  countValue(): void {
    if (--this.#budget.values < 0) throw new RangeError("protobuf with too many values");
  }

  /** Returns a reader of the length-delimited bytes that follow. */
  subReader(): ProtobufReader {
    return new ProtobufReader(this.bytes(), this.#budget);
  }

  get done(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  varint(): bigint {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#offset++];
      if (byte === undefined) throw new RangeError("protobuf ends early");
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, result);
    }
    throw new RangeError("protobuf varint too long");
  }

  bytes(): Uint8Array {
    return this.#readBytes(Number(this.varint()));
  }

  text(): string {
    return Buffer.from(this.bytes()).toString("utf8");
  }

  fixed(size: number): DataView {
    const part = this.#readBytes(size);
    return new DataView(part.buffer, part.byteOffset, size);
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.#readBytes(8);
    else if (wireType === 2) this.bytes();
    else if (wireType === 5) this.#readBytes(4);
    else throw new RangeError(`unknown protobuf wire type ${wireType}`);
  }

  #readBytes(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw new RangeError("protobuf ends early");
    const part = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return part;
  }
}
