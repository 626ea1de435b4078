/**
 * One holder per unit of work (a request now; a message or a job later). It is
 * made where the work comes in, rides on the context, and is where the
 * pipelines meet: none of them knows another, each reads and writes its field.
 */
export class Holder {
  requestId: string | undefined = undefined;
  userId: string | undefined = undefined;
  organizationId: string | undefined = undefined;
  /** The route as the framework names it (`/users/:id`), without method. */
  route: string | undefined = undefined;
  /** The request method, for `transaction` and for metrics. */
  method: string | undefined = undefined;
  /** What a framework turned into a response; an event only if that is a 5xx. */
  error: unknown = undefined;
  /** The errors' isolation scope, forked when first asked for. */
  scope: unknown = undefined;
  /** The traces' local trace (`traces/local-trace.ts`). */
  localTrace: LocalTraceHandle | undefined = undefined;
}

/** What other pipelines may say to the local trace of a unit of work. */
export interface LocalTraceHandle {
  /** Keeps the trace though head sampling said no; the first reason counts. */
  keep(reason: KeepReason): void;
}

export type KeepReason = "sampled" | "error_captured" | "span_error" | "slow" | "forced";

/** Where a request object keeps its holder. */
export const HOLDER: unique symbol = Symbol("telltale.holder");

/** The holder of a raw Node request (or of anything that carries one). */
export function holderOf(carrier: object): Holder | undefined {
  return (carrier as { [HOLDER]?: Holder })[HOLDER];
}
