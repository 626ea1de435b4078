const MAX_DEPTH = 5;
const MAX_THINGS = 20_000;

/** Properties that depend on the kind of function only. */
const OF_KIND = new Set(["arguments", "caller", "prototype"]);

/**
 * Returns the visible signature of a library's functions, classes and objects, by
 * path: name, length, prototype and own properties. No function is called.
 *
 * @param {Record<string, unknown>} modules by their names
 * @returns {Record<string, string>}
 */
module.exports = function describe(modules) {
  const seen = new Set();
  const described = {};
  const next = Object.entries(modules).map(([path, value]) => ({ path, value, depth: 0 }));
  for (const { path, value, depth } of next) {
    if (seen.has(value)) continue;
    seen.add(value);
    described[path] = signatureOf(value);
    if (!isThing(value) || depth === MAX_DEPTH || seen.size > MAX_THINGS) continue;
    for (const [key, child] of childrenOf(value, depth)) {
      if (isThing(child)) next.push({ path: `${path}.${key}`, value: child, depth: depth + 1 });
    }
  }
  return described;
};

function isThing(value) {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function signatureOf(value) {
  if (!isThing(value)) return typeof value;
  const keys = Reflect.ownKeys(value).filter(
    (key) => typeof value !== "function" || !OF_KIND.has(key),
  );
  const properties = keys.map((key) => propertyOf(value, key)).toSorted();
  const prototype = Object.getPrototypeOf(value);
  const itself = typeof value === "function" ? `function ${value.name}(${value.length})` : "object";
  return `${itself} of ${prototype?.constructor?.name}: ${properties.join(" ")}`;
}

function propertyOf(value, key) {
  const { get, set, enumerable, configurable, writable } =
    Object.getOwnPropertyDescriptor(value, key) ?? {};
  const flags = [
    ...(get ? ["get"] : []),
    ...(set ? ["set"] : []),
    ...(enumerable ? ["enumerable"] : []),
    ...(configurable ? ["configurable"] : []),
    ...(writable ? ["writable"] : []),
  ];
  return `${String(key)}[${flags.join()}]`;
}

/** Reads getters of modules only, where they are the exports. */
function* childrenOf(value, depth) {
  for (const key of Reflect.ownKeys(value)) {
    if (typeof value === "function" && (key === "arguments" || key === "caller")) continue;
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    if (descriptor.get !== undefined && depth > 0) continue;
    if (isPlainPrototype(value, key)) continue;
    yield [String(key), read(value, key)];
  }
  const prototype = Object.getPrototypeOf(value);
  if (typeof value === "function" && prototype !== Function.prototype) {
    yield ["__proto__", prototype];
  }
}

/** The prototype that each `function` has, whether it is a constructor or not. */
function isPlainPrototype(value, key) {
  if (typeof value !== "function" || key !== "prototype") return false;
  const { prototype } = value;
  return isThing(prototype) && Reflect.ownKeys(prototype).length === 1;
}

function read(value, key) {
  try {
    return value[key];
  } catch {
    return undefined;
  }
}
