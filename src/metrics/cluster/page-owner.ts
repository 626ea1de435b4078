import { unlinkSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import type { MetricData, ScopeMetrics } from "@opentelemetry/sdk-metrics";
import { waitAtMost } from "../../bounded-wait.ts";
import type { MetricMergeRuleName } from "../../config/config.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { MetricsMerge, type SeriesPlaces } from "../merge/metrics-merge.ts";
import type { MemberSource } from "./page-member.ts";
import { MemberMetrics } from "./member-metrics.ts";
import { memberMessageOf } from "./message-check.ts";
import type { Inheritance } from "./succession.ts";
import {
  ACKNOWLEDGED_CHANGES,
  encodeMetrics,
  lineOf,
  MessageReader,
  type MemberMessage,
  type OwnerMessage,
} from "./protocol.ts";

/**
 * How long to wait for answers. A process that computes can't answer: the page then has
 * its counts up to the last push, and its gauges of the last answer.
 */
const ANSWER_TIMEOUT_MS = 300;

/**
 * The delay between a change and its push, by the number of members: together they push
 * at most 1000 times a second, whatever their load.
 */
const PUSH_DELAY_PER_MEMBER_MS = 1;
const MIN_PUSH_DELAY_MS = 2;

/** How old the counts that a member keeps for the next owner may be. */
const LEAVE_DELAY_MS = 1000;

/** How long a new owner waits for the members of the previous one. */
const REJOIN_TIMEOUT_MS = 1500;

/** How long merging may block the event loop before it yields to the app. */
const MAX_BLOCKING_MS = 5;

/** How long a call waits for replies: a process may be computing. */
const CALL_TIMEOUT_MS = 2000;

/** What a member has replied to a call; undefined: nothing in time. */
export interface MemberReply {
  readonly pid: number;
  readonly reply: unknown;
}

export interface PageOwnerDeps {
  readonly path: string;
  readonly id: string;
  readonly ruleOf: (metric: MetricData) => MetricMergeRuleName;
  readonly diagnostics: Diagnostics;
  /** The metrics of this process. */
  readonly source: MemberSource;
  /** What the previous owner has left to this process. */
  readonly inheritance: Inheritance | undefined;
}

interface Member {
  readonly id: string;
  readonly pid: number;
  readonly ppid: number;
  readonly metrics: MemberMetrics;
  threads: readonly ScopeMetrics[];
  /** Numbers of its messages with changes: that were read, and that it knows of. */
  readChanges: number;
  acknowledged: number;
  /** The number of the last request that it has answered. */
  answered: number;
  /** Whether a request is unanswered after the time limit. Then pages do not wait for it. */
  isLate: boolean;
}

/**
 * The side of the process that has the admin port: collects the metrics of the other
 * processes on a socket and merges them. It never keeps the process alive.
 */
export class PageOwner {
  readonly #deps: PageOwnerDeps;
  /** By the connection that carries their messages. */
  readonly #members = new Map<Socket, Member>();
  /** The connections to write to, by the id of the member. */
  readonly #controls = new Map<string, Socket>();
  readonly #places: SeriesPlaces = new Map();
  #server: Server | undefined = undefined;
  #endedTotals: readonly ScopeMetrics[] = [];
  #requestNumber = 0;
  #collecting: Promise<void> | undefined = undefined;
  #onAnswer: () => void = () => {};
  #callNumber = 0;
  /** Called with the replies to the calls that wait for some. */
  readonly #calls = new Map<number, (member: Member, reply: unknown) => void>();
  #pushDelayMs = MIN_PUSH_DELAY_MS;
  /** The owners whose counts this one has. */
  readonly #predecessors = new Set<string>();
  /** The members of the previous owner that have not joined yet. */
  readonly #expected = new Set<string>();
  #expectedUntil = 0;
  readonly #leaveTimer: NodeJS.Timeout;

  constructor(deps: PageOwnerDeps) {
    this.#deps = deps;
    this.#leaveTimer = setTimeout(() => this.#leaveLater(), LEAVE_DELAY_MS).unref();
    if (deps.inheritance !== undefined) this.#inherit(deps.inheritance);
  }

  /** Opens the socket. The owner of the port is the only one: a file that exists is a dead owner's. */
  listen(): void {
    if (this.#server !== undefined) return;
    const { path, diagnostics } = this.#deps;
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    server.on("error", (error) => reportSocketFailure(diagnostics, error));
    removeFile(path);
    // `exclusive`: a cluster's worker would let its primary listen.
    server.listen({ path, exclusive: true });
    server.unref();
  }

  close(): void {
    for (const socket of [...this.#members.keys(), ...this.#controls.values()]) socket.destroy();
    clearTimeout(this.#leaveTimer);
    this.#server?.close();
    this.#server = undefined;
  }

  /** Removes the socket's file at the end of the process, and leaves all counts to a member. */
  end(): void {
    if (this.#server === undefined) return;
    removeFile(this.#deps.path);
    const { source } = this.#deps;
    this.#leaveCounts([source.collectNow(() => true), source.knownThreads()]);
  }

  /** Adds the metrics of all members to those of this process. Never rejects. */
  async mergeInto(own: readonly ScopeMetrics[]): Promise<ScopeMetrics[]> {
    this.#collecting ??= this.#requestMetrics().finally(() => {
      this.#collecting = undefined;
    });
    await this.#collecting;
    const merge = new MetricsMerge(this.#deps.ruleOf, this.#places);
    merge.add({ scopeMetrics: own, ended: false, labels: labelsOf(process.pid) });
    merge.add({ scopeMetrics: this.#endedTotals, ended: true, labels: undefined });
    let since = performance.now();
    for (const { metrics, threads, pid } of this.#members.values()) {
      const labels = labelsOf(pid);
      merge.add({ scopeMetrics: metrics.all(), ended: false, labels });
      merge.add({ scopeMetrics: threads, ended: false, labels });
      if (performance.now() - since < MAX_BLOCKING_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      since = performance.now();
    }
    this.#leaveCounts([own]);
    return merge.result();
  }

  /**
   * Sends the counts that no member has to the oldest sibling, which outlives this process.
   * The children of this process, such as the workers of a cluster, usually end with it.
   */
  #leaveCounts(own = this.#ownMetrics()): void {
    const siblings = [...this.#members.values()].filter(({ ppid }) => ppid === process.ppid);
    const [heir] = siblings;
    const { changes, watch } = this.#deps.source;
    changes.unwatch();
    if (heir === undefined) return;
    watch(() => void this.#leaveTimer.refresh());
    const scopeMetrics = this.#counts([...own, this.#endedTotals]);
    this.#send(heir.id, {
      kind: "inheritance",
      ownerId: this.#deps.id,
      scopeMetrics: encodeMetrics(scopeMetrics, false),
      memberIds: siblings.map(({ id }) => id),
    });
  }

  /** Runs in a timer, without a caller that would catch an error. */
  #leaveLater(): void {
    try {
      this.#leaveCounts();
    } catch (error) {
      reportSocketFailure(this.#deps.diagnostics, error);
    }
  }

  /** Sends a call to all members. Never rejects. */
  async call(call: unknown): Promise<MemberReply[]> {
    const members = [...this.#members.values()];
    if (members.length === 0) return [];
    this.#callNumber += 1;
    const callNumber = this.#callNumber;
    const replies = new Map<Member, unknown>();
    const all = new Promise<void>((resolve) => {
      this.#calls.set(callNumber, (member, reply) => {
        replies.set(member, reply);
        if (replies.size === members.length) resolve();
      });
    });
    for (const { id } of members) this.#send(id, { kind: "call", callNumber, call });
    await waitAtMost(all, CALL_TIMEOUT_MS);
    this.#calls.delete(callNumber);
    return members.map((member) => ({ pid: member.pid, reply: replies.get(member) }));
  }

  #ownMetrics(): readonly (readonly ScopeMetrics[])[] {
    const { snapshot, knownThreads } = this.#deps.source;
    return [snapshot(() => true), knownThreads()];
  }

  /** Returns the sum of what remains valid when a process has ended. */
  #counts(all: readonly (readonly ScopeMetrics[])[]): ScopeMetrics[] {
    const merge = new MetricsMerge(this.#deps.ruleOf);
    for (const scopeMetrics of all) merge.add({ scopeMetrics, ended: true, labels: undefined });
    return merge.result();
  }

  /** Adds the counts of a previous owner, once. */
  #inherit({ ownerId, scopeMetrics, memberIds }: Inheritance): void {
    if (ownerId === this.#deps.id || this.#predecessors.has(ownerId)) return;
    this.#predecessors.add(ownerId);
    this.#endedTotals = this.#counts([this.#endedTotals, scopeMetrics]);
    this.#expectedUntil = performance.now() + REJOIN_TIMEOUT_MS;
    for (const id of memberIds) if (id !== this.#deps.id) this.#expected.add(id);
    for (const { id } of this.#members.values()) this.#expected.delete(id);
  }

  #accept(socket: Socket): void {
    socket.unref();
    const reader = new MessageReader();
    socket.on("data", (chunk: Buffer) => {
      try {
        for (const message of reader.read(chunk)) this.#onMessage(socket, memberMessageOf(message));
        this.#acknowledge(this.#members.get(socket), ACKNOWLEDGED_CHANGES);
      } catch (error) {
        this.#deps.diagnostics.warn(
          "cluster message",
          `a process that sent unreadable metrics was disconnected from the metrics page: ${String(error)}`,
        );
        socket.destroy();
      }
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#onClose(socket));
  }

  #onMessage(socket: Socket, message: MemberMessage): void {
    const member = this.#members.get(socket);
    if (message.kind === "control") {
      this.#addControl(socket, message.id);
    } else if (message.kind === "hello") {
      this.#addMember(socket, message);
    } else if (member === undefined) {
      throw new Error("metrics of an unknown process");
    } else if (message.kind === "inheritance") {
      this.#inherit(message);
    } else if (message.kind === "reply") {
      this.#calls.get(message.callNumber)?.(member, message.reply);
    } else if (message.kind === "changes") {
      member.metrics.update(message.scopeMetrics);
      member.readChanges += 1;
    } else {
      member.metrics.replaceCurrent(message.scopeMetrics);
      member.threads = message.threads ?? [];
      member.answered = message.requestNumber;
      member.isLate = message.requestNumber < this.#requestNumber;
      this.#onAnswer();
    }
  }

  #addControl(socket: Socket, id: string): void {
    this.#controls.set(id, socket);
    socket.once("close", () => this.#controls.delete(id));
    for (const member of this.#members.values()) {
      if (member.id !== id) continue;
      this.#accepted(id);
      this.#acknowledge(member, 1);
    }
  }

  /** Sends a member the number of messages that were read, if there are enough new ones. */
  #acknowledge(member: Member | undefined, least: number): void {
    if (member === undefined || member.readChanges - member.acknowledged < least) return;
    if (this.#controls.get(member.id)?.writable !== true) return;
    member.acknowledged = member.readChanges;
    this.#send(member.id, { kind: "read", changes: member.readChanges });
  }

  #addMember(socket: Socket, { id, pid, ppid }: Extract<MemberMessage, { kind: "hello" }>): void {
    if (!this.#isRelated(pid, ppid)) {
      socket.destroy();
      return;
    }
    this.#members.set(socket, {
      id,
      pid,
      ppid,
      metrics: new MemberMetrics(),
      threads: [],
      readChanges: 0,
      acknowledged: 0,
      answered: this.#requestNumber,
      isLate: false,
    });
    this.#expected.delete(id);
    this.#updatePushDelay();
    this.#accepted(id);
    if (ppid === process.ppid) this.#leaveCounts();
    this.#onAnswer();
  }

  #accepted(id: string): void {
    this.#send(id, { kind: "accepted", pushDelayMs: this.#pushDelayMs });
  }

  #send(id: string, message: OwnerMessage): void {
    const control = this.#controls.get(id);
    if (control?.writable === true) control.write(lineOf(message));
  }

  /** Whether it is a child, the parent or a sibling of this process, or a child of a member. */
  #isRelated(pid: number, ppid: number): boolean {
    if (ppid === process.pid || ppid === process.ppid || pid === process.ppid) return true;
    for (const member of this.#members.values()) if (member.pid === ppid) return true;
    return false;
  }

  #updatePushDelay(): void {
    const delay = Math.max(MIN_PUSH_DELAY_MS, this.#members.size * PUSH_DELAY_PER_MEMBER_MS);
    if (delay === this.#pushDelayMs) return;
    this.#pushDelayMs = delay;
    for (const { id } of this.#members.values()) this.#accepted(id);
  }

  /** Keeps the counts of a process that has ended. */
  #onClose(socket: Socket): void {
    const member = this.#members.get(socket);
    if (member === undefined) return;
    this.#members.delete(socket);
    this.#endedTotals = this.#counts([this.#endedTotals, member.metrics.all(), member.threads]);
    this.#updatePushDelay();
    this.#leaveCounts();
    this.#onAnswer();
  }

  async #requestMetrics(): Promise<void> {
    await this.#waitForExpected();
    this.#requestNumber += 1;
    const message: OwnerMessage = { kind: "request", requestNumber: this.#requestNumber };
    for (const { id } of this.#members.values()) this.#send(id, message);
    const answers = new Promise<void>((resolve) => {
      this.#onAnswer = () => {
        if (!this.#isWaiting()) resolve();
      };
      this.#onAnswer();
    });
    await waitAtMost(answers, ANSWER_TIMEOUT_MS);
    for (const member of this.#members.values())
      if (member.answered < this.#requestNumber) member.isLate = true;
  }

  /** Waits for the members of the previous owner: without their counts, counters would fall. */
  async #waitForExpected(): Promise<void> {
    const remainingMs = this.#expectedUntil - performance.now();
    if (this.#expected.size === 0 || remainingMs <= 0) return;
    const joined = new Promise<void>((resolve) => {
      this.#onAnswer = () => {
        if (this.#expected.size === 0) resolve();
      };
    });
    await waitAtMost(joined, remainingMs);
    this.#expected.clear();
  }

  #isWaiting(): boolean {
    for (const { answered, isLate } of this.#members.values())
      if (!isLate && answered < this.#requestNumber) return true;
    return false;
  }
}

export function reportSocketFailure(diagnostics: Diagnostics, error: unknown): void {
  diagnostics.warn(
    "cluster socket",
    `the metrics of the other processes can't be collected: ${String(error)}`,
  );
}

/** `process.pid` of the semantic conventions: unlike the number of a worker, each launcher has it. */
function labelsOf(pid: number): { readonly "process.pid": number } {
  return { "process.pid": pid };
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // There is none.
  }
}
