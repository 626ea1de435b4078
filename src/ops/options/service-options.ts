/** A service, by its `service.name`. */
export interface ServiceOptions {
  readonly name: string;
  /** Who gets its alerts. Undefined: the team of all. */
  readonly team?: string;
}
