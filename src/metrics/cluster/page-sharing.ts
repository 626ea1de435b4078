import { randomUUID } from "node:crypto";
import type { ScopeMetrics } from "@opentelemetry/sdk-metrics";
import type { MetricMergeRule } from "../../config/config.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { createProcessRule } from "../merge/rules.ts";
import { type MemberSource, PageMember } from "./page-member.ts";
import { type MemberReply, PageOwner, reportSocketFailure } from "./page-owner.ts";
import type { Inheritance } from "./succession.ts";
import { PROTOCOL_VERSION } from "./protocol.ts";
import { socketPath } from "./socket-path.ts";

export interface PageSharingDeps {
  /** What all processes of the app have in common, and other apps do not. */
  readonly identity: readonly (string | number)[];
  readonly rules: readonly MetricMergeRule[];
  readonly source: MemberSource;
  readonly diagnostics: Diagnostics;
}

/**
 * The metrics of several processes on one page. The process that has the admin port owns
 * the page, the others are its members. A process is either, one after the other.
 */
export class PageSharing {
  readonly #deps: PageSharingDeps;
  readonly #path: string | undefined;
  /** The id of this process, as an owner and as a member. */
  readonly #id: string = randomUUID();
  #owner: PageOwner | undefined = undefined;
  #member: PageMember | undefined = undefined;
  #inheritance: Inheritance | undefined = undefined;
  /** Replies to calls of the owner. Never throws. */
  onCall: (call: unknown) => unknown = () => undefined;

  constructor(deps: PageSharingDeps) {
    this.#deps = deps;
    this.#path = socketPath([PROTOCOL_VERSION, ...deps.identity]);
  }

  /** Collects the metrics of other processes from now on. Never throws. */
  serve(): void {
    if (this.#path === undefined) return;
    try {
      this.#serveOn(this.#path);
    } catch (error) {
      reportSocketFailure(this.#deps.diagnostics, error);
    }
  }

  #serveOn(path: string): void {
    this.#owner ??= new PageOwner({
      path,
      id: this.#id,
      ruleOf: createProcessRule(this.#deps.rules),
      diagnostics: this.#deps.diagnostics,
      source: this.#deps.source,
      inheritance: this.#inheritance,
    });
    this.#inheritance = undefined;
    this.#owner.listen();
  }

  /**
   * Sends the metrics of this process to the owner of the page.
   *
   * @param onLost is called when the owner has ended.
   * @returns whether there is an owner that accepts them. Never rejects.
   */
  join(onLost: () => void): Promise<boolean> {
    const path = this.#path;
    if (path === undefined) return Promise.resolve(false);
    return new Promise<boolean>((resolve) => {
      this.#member = new PageMember(path, this.#id, this.#deps.source, this.#inheritance, {
        onAccept: () => {
          // The new owner has it; what it leaves itself comes later.
          this.#inheritance = undefined;
          resolve(true);
        },
        onInheritance: (inheritance) => {
          this.#inheritance = inheritance;
        },
        onCall: (call) => this.onCall(call),
        onEnd: (wasAccepted) => {
          this.#member = undefined;
          if (wasAccepted) onLost();
          else resolve(false);
        },
      });
    }).catch(() => false);
  }

  /** Whether this process keeps the counts of the owner, and should be the next one. */
  get isHeir(): boolean {
    return this.#inheritance !== undefined;
  }

  /** Returns the metrics of all processes. Never rejects. */
  async mergeInto(own: ScopeMetrics[]): Promise<ScopeMetrics[]> {
    return (await this.#owner?.mergeInto(own)) ?? own;
  }

  /** Sends a call to the other processes, if this one has the admin port. Never rejects. */
  async callOthers(call: unknown): Promise<readonly MemberReply[]> {
    return (await this.#owner?.call(call)) ?? [];
  }

  /** Sends the last counts, synchronously. */
  flushForExit(): void {
    this.#member?.pushLast();
    this.#owner?.end();
  }

  stop(): void {
    this.#member?.close();
    this.#owner?.close();
  }
}
