import { formatJson } from "./json-writer.ts";
import { linesInFlight, type WinstonLine } from "./lines-in-flight.ts";
import { isEmpty, isPlainInfo, replaceTransform } from "./logform.ts";
import { MESSAGE, type PlainInfo } from "./winston-info.ts";

/**
 * Patches `json.js` of logform 2: without options, `json-writer.ts` writes the text
 * of an ordinary line, the same to the letter. The original format writes all
 * others.
 */
export function patchJson(exports: unknown): void {
  replaceTransform(
    exports,
    (original) =>
      function (info, options) {
        if (!isPlainInfo(info) || !isEmpty(options)) {
          return storeJsonResult(original.call(this, info, options), options);
        }
        const line = linesInFlight.currentLine;
        const values: unknown[] = Object.values(info);
        const text = formatJson(info, values, line);
        if (text === undefined) {
          const format: FormatFunction = (formattedInfo) =>
            original.call(this, formattedInfo, options);
          return storeJsonResult(runOriginalFormat(format, info, values, line), options, values);
        }
        info[MESSAGE] = text;
        return info;
      },
  );
}

type FormatFunction = (info: unknown) => unknown;

/**
 * Runs the original format. Getters of the app have already run once, when the
 * values were read, so the format gets a copy with their results.
 */
function runOriginalFormat(
  format: FormatFunction,
  info: PlainInfo,
  values: readonly unknown[],
  line: WinstonLine | undefined,
): unknown {
  const names = Object.keys(info);
  if (line?.hasIds === true || !names.some((name) => isGetter(info, name))) return format(info);
  const copy = Object.fromEntries(names.map((name, index) => [name, values[index]])) as PlainInfo;
  format(copy);
  info[MESSAGE] = copy[MESSAGE];
  return info;
}

function isGetter(info: object, name: string): boolean {
  return Object.getOwnPropertyDescriptor(info, name)?.get !== undefined;
}

/** Stores the result of `json()`, unless a replacer may have hidden some of the fields. */
function storeJsonResult(info: unknown, options: unknown, values?: readonly unknown[]): unknown {
  const { replacer } = (options ?? {}) as { readonly replacer?: unknown };
  if (typeof info === "object" && info !== null && !replacer) {
    linesInFlight.lastJsonResult = { info, text: (info as PlainInfo)[MESSAGE], values };
  }
  return info;
}
