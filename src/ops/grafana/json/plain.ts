/**
 * The JSON of a type of `@grafana/grafana-foundation-sdk`: its enumerations are their values,
 * and methods are left out. The SDK is used for its types only, by which the compiler checks
 * every property that is written here. Its builders would add 830 kB to the command line.
 */
export type Plain<T> = 0 extends 1 & T
  ? unknown
  : T extends string
    ? `${T}`
    : T extends number
      ? number
      : T extends boolean | null | undefined
        ? T
        : T extends readonly (infer Item)[]
          ? readonly Plain<Item>[]
          : { readonly [Key in keyof T as T[Key] extends Method ? never : Key]: Plain<T[Key]> };

type Method = (...args: never) => unknown;
