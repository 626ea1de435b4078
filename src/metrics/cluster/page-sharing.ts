import type { ScopeMetrics } from "@opentelemetry/sdk-metrics";
import type { MetricMergeRule } from "../../config/config.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { createProcessRule } from "../merge/rules.ts";
import { type MemberSource, PageMember } from "./page-member.ts";
import { PageOwner } from "./page-owner.ts";
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
  #owner: PageOwner | undefined = undefined;
  #member: PageMember | undefined = undefined;

  constructor(deps: PageSharingDeps) {
    this.#deps = deps;
    this.#path = socketPath([PROTOCOL_VERSION, ...deps.identity]);
  }

  /** Collects the metrics of other processes from now on. */
  serve(): void {
    if (this.#path === undefined) return;
    this.#owner ??= new PageOwner({
      path: this.#path,
      ruleOf: createProcessRule(this.#deps.rules),
      diagnostics: this.#deps.diagnostics,
    });
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
    return new Promise((resolve) => {
      this.#member = new PageMember(
        path,
        this.#deps.source,
        () => resolve(true),
        (wasAccepted) => {
          this.#member = undefined;
          if (wasAccepted) onLost();
          else resolve(false);
        },
      );
    });
  }

  /** Returns the metrics of all processes. Never rejects. */
  async mergeInto(own: ScopeMetrics[]): Promise<ScopeMetrics[]> {
    return (await this.#owner?.mergeInto(own)) ?? own;
  }

  /** Sends the last counts, synchronously. */
  flushForExit(): void {
    this.#member?.pushLast();
    this.#owner?.removeFile();
  }

  stop(): void {
    this.#member?.close();
    this.#owner?.close();
  }
}
