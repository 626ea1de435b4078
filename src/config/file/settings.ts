import type { FileParts } from "../config.ts";
import type { Signal, Variable } from "../variables.ts";
import type { FileNode } from "./document.ts";
import type { ReportProblem } from "./problem.ts";

/** A place in a file. */
export type Place = Pick<FileNode, "line" | "path">;

/**
 * The settings of a file, as texts of the variables that have the same meaning, so that the
 * pipelines know one configuration; and the parts for which there is no variable.
 */
export class FileSettings {
  readonly texts: Map<string, string> = new Map();
  readonly places: Map<string, Place> = new Map();
  /** Further exporters, beside the one that the variables configure. */
  readonly exporters: { readonly signal: Signal; readonly settings: FileSettings }[] = [];
  readonly partPlaces: Map<string, Place> = new Map();
  readonly #parts: { -readonly [Part in keyof FileParts]: FileParts[Part] } = {};
  readonly report: ReportProblem;
  /** The environment variables, for components that read some. */
  readonly environment: ReadonlyMap<string, string>;

  constructor(environment: ReadonlyMap<string, string>, report: ReportProblem) {
    this.environment = environment;
    this.report = report;
  }

  /** Creates the settings of a further OTLP exporter of a signal. */
  addExporter(signal: Signal): FileSettings {
    const settings = new FileSettings(this.environment, this.report);
    this.exporters.push({ signal, settings });
    return settings;
  }

  get parts(): FileParts {
    return this.#parts;
  }

  /** Sets a part. Undefined: it stays unset. */
  setPart<Part extends keyof FileParts>(
    name: Part,
    node: Place | undefined,
    value: FileParts[Part],
  ): void {
    if (value === undefined || node === undefined) return;
    this.#parts[name] = value;
    this.partPlaces.set(name, node);
  }

  /** Sets a variable to a text, unless that is blank. */
  set(variable: Variable, place: Place, text: string): void {
    if (text.trim() === "") return;
    this.texts.set(variable.name, text.trim());
    this.places.set(variable.name, place);
  }

  /** Leaves a variable as it is in the environment. */
  keep(variable: Variable): void {
    const text = this.environment.get(variable.name);
    if (text !== undefined) this.texts.set(variable.name, text);
  }

  /** Sets a variable to the value of a scalar. Undefined: the variable stays unset. */
  take(variable: Variable, node: FileNode | undefined): void {
    if (node?.kind === "scalar" && node.value !== null)
      this.set(variable, node, String(node.value));
  }
}

/** Formats names and values as variables have them, percent-encoded. */
export function formatPairs(pairs: readonly (readonly [name: string, value: string])[]): string {
  return pairs
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join(",");
}
