import type { Attributes, AttributeValue } from "@opentelemetry/api";
import { attributeText } from "../attributes.ts";
import { type LabelSyntax, protobufLabels, textLabels } from "./label-syntax.ts";
import { labelName, type NameStyle } from "./names.ts";

/** Labels that each sample of a scope has. */
export interface ConstantLabels {
  readonly attributes: Attributes;
  /** The start of each label in its text: the name, and all up to the value. */
  readonly starts: readonly string[];
  readonly text: string;
}

export const NO_LABELS: ConstantLabels = { attributes: {}, starts: [], text: "" };

/** Two keys of one set of attributes with the same label. */
export interface LabelConflict {
  readonly label: string;
  readonly keys: readonly [string, string];
}

/**
 * The labels of samples as text, in one style of names; for protobuf, the encoded fields
 * with one character for each byte. The text of a set of attributes is cached: sets are
 * frozen, and the same for the life of a series.
 */
export class LabelTexts {
  readonly #style: NameStyle;
  readonly #syntax: LabelSyntax;
  readonly #onConflict: (conflict: LabelConflict) => void;
  readonly #texts = new WeakMap<Attributes, string>();
  /** Of histograms and summaries, which have reserved labels. */
  readonly #distributionTexts = new WeakMap<Attributes, string>();

  /** @param onConflict called once for each set of attributes with such keys. */
  constructor(style: NameStyle, onConflict: (conflict: LabelConflict) => void) {
    this.#style = style;
    this.#syntax = style.format === "protobuf" ? protobufLabels : textLabels;
    this.#onConflict = onConflict;
  }

  constant(attributes: Attributes): ConstantLabels {
    const starts = Object.keys(attributes).map((key) =>
      this.#syntax.start(labelName(key, this.#style)),
    );
    return { attributes, starts, text: this.#write(Object.entries(attributes), false) };
  }

  /**
   * Renders the labels of a sample, without braces.
   *
   * @param isDistribution whether the sample belongs to a histogram or a summary.
   */
  of(attributes: Attributes, constant: ConstantLabels, isDistribution: boolean): string {
    const own = this.#cached(attributes, isDistribution);
    if (constant.text === "") return own;
    // An attribute with the name of a constant label is joined to it: duplicate labels are an error.
    if (constant.starts.some((start) => own.includes(start))) {
      const all = [...Object.entries(constant.attributes), ...Object.entries(attributes)];
      return this.#write(all, isDistribution);
    }
    return own === "" ? constant.text : own + this.#syntax.separator + constant.text;
  }

  #cached(attributes: Attributes, isDistribution: boolean): string {
    const texts = isDistribution ? this.#distributionTexts : this.#texts;
    let text = texts.get(attributes);
    if (text === undefined) {
      text = this.#write(Object.entries(attributes), isDistribution);
      if (Object.isFrozen(attributes)) texts.set(attributes, text);
    }
    return text;
  }

  /**
   * Renders labels. Keys with the same label name share one label, their values
   * joined by ";" in the order of the keys (specification). `le` and `quantile` are
   * reserved for histograms and summaries.
   */
  #write(
    attributes: readonly (readonly [string, AttributeValue])[],
    isDistribution: boolean,
  ): string {
    const labels = new Map<string, { readonly key: string; value: string }>();
    const sorted = attributes.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)));
    for (const [key, attributeValue] of sorted) {
      const name = labelName(key, this.#style);
      const isReserved = isDistribution && (name === "le" || name === "quantile");
      const label = isReserved ? `exported_${name}` : name;
      const value = attributeText(attributeValue);
      // Prometheus treats an empty label as absent.
      if (value === "") continue;
      const before = labels.get(label);
      if (before === undefined) {
        labels.set(label, { key, value });
      } else {
        before.value = `${before.value};${value}`;
        this.#onConflict({ label, keys: [before.key, key] });
      }
    }
    const { label: write, separator } = this.#syntax;
    return Array.from(labels, ([name, { value }]) => write(name, value)).join(separator);
  }
}
