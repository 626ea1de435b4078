import type { Span } from "@opentelemetry/api";
import type { ArrivingWork, WatchedUnit, WorkObserver } from "../context/unit-views.ts";
import type { Redactor } from "../redaction/redactor.ts";
import { isSecretField, REDACTED } from "../secrets.ts";
import { RecentResults } from "../text.ts";
import { addViewerAttributes, type AttributeSource } from "./span-data.ts";
import type { SentHead, TimedRequest, TimingHeaders } from "./timing-headers.ts";

/** More headers of one message are not recorded, nor more of one value. */
const MAX_HEADERS = 60;
const MAX_VALUE = 500;

/** Names that are known at once, in each generation. */
const MAX_NAMES = 500;

/**
 * Records what only the viewer receives of requests: their headers and those of their responses.
 * Secrets are redacted here, in the app. Lists that nothing changes any more are read when the
 * span is encoded.
 */
export class RequestRecorder implements WorkObserver {
  readonly #request: HeaderList;
  readonly #response: HeaderList;
  #arriving: ArrivingWork | undefined;

  constructor(redactor: Redactor) {
    this.#request = new HeaderList("request", redactor);
    this.#response = new HeaderList("response", redactor);
  }

  arriving(work: ArrivingWork): void {
    this.#arriving = work;
  }

  started({ span }: WatchedUnit): void {
    const rawHeaders = this.#arriving?.rawHeaders;
    this.#arriving = undefined;
    if (span !== undefined && rawHeaders !== undefined)
      addViewerAttributes(span, [this.#request, rawHeaders]);
  }

  /** Returns what is called when the head of a response is sent: `timings`, and the record of the head. */
  headSent(timings: TimingHeaders | undefined): TimingHeaders {
    return (request: TimedRequest, head: SentHead) => {
      const added = timings?.(request, head) ?? "";
      if (request.span !== undefined && head.statusCode >= 200) this.#record(request.span, head);
      return added;
    };
  }

  #record(span: Span, { headers, isCollection }: SentHead): void {
    if (isCollection) {
      addViewerAttributes(span, [this.#response, headers]);
      return;
    }
    // The app may use its own object for the next response.
    const attributes: unknown[] = [];
    this.#response.addTo(attributes, headers);
    addViewerAttributes(span, attributes);
  }
}

/** A name of headers, with the last value that was recorded: most are the same in each message. */
interface HeaderName {
  readonly name: string;
  readonly attribute: string;
  readonly isSecret: boolean;
  value: unknown;
  text: string;
  /** Number of the message that it was last in. */
  message: number;
}

/** The headers of one kind of message as attributes. */
class HeaderList implements AttributeSource {
  readonly #kind: "request" | "response";
  readonly #redactor: Redactor;
  #version = 0;
  /** By name as it was received or set. */
  #names = new RecentResults<HeaderName>(MAX_NAMES);
  #message = 0;
  /** The list to which those of the current message are added, from a place on. */
  #attributes: unknown[] = [];
  #from = 0;

  constructor(kind: "request" | "response", redactor: Redactor) {
    this.#kind = kind;
    this.#redactor = redactor;
  }

  /** Adds headers in any form that Node has or takes. */
  addTo(attributes: unknown[], headers: unknown): void {
    this.#message++;
    this.#attributes = attributes;
    this.#from = attributes.length;
    if (this.#version !== this.#redactor.version) {
      this.#version = this.#redactor.version;
      this.#names = new RecentResults(MAX_NAMES);
    }
    try {
      if (Array.isArray(headers)) this.#addList(headers);
      else if (typeof headers === "object" && headers !== null) this.#addObject(headers);
    } catch {
      // A getter or a proxy among the app's headers throws, and then also for Node.
      attributes.length = this.#from;
    }
  }

  /** Pairs, or names and values in turn. */
  #addList(list: readonly unknown[]): void {
    if (Array.isArray(list[0])) {
      for (const [name, value] of list as Iterable<[unknown, unknown]>) this.#add(name, value);
    } else {
      for (let at = 0; at + 1 < list.length; at += 2) this.#add(list[at], list[at + 1]);
    }
  }

  #addObject(headers: object): void {
    for (const name in headers) {
      if (!Object.hasOwn(headers, name) || name.startsWith(":")) continue;
      this.#add(name, ofSetHeader(name, (headers as Readonly<Record<string, unknown>>)[name]));
    }
  }

  #add(rawName: unknown, value: unknown): void {
    const header = this.#nameOf(String(rawName));
    const attributes = this.#attributes;
    const isRepeated = header.message === this.#message;
    if (!isRepeated && attributes.length - this.#from >= 2 * MAX_HEADERS) return;
    header.message = this.#message;
    if (header.value !== value) this.#setValue(header, value);
    if (isRepeated) this.#append(header);
    else attributes.push(header.attribute, header.text);
  }

  #nameOf(rawName: string): HeaderName {
    const known = this.#names.get(rawName);
    if (known !== undefined) return known;
    const name = rawName.toLowerCase();
    // Names that differ in case are of one header.
    const created = name === rawName ? this.#create(name) : this.#nameOf(name);
    this.#names.set(rawName, created);
    return created;
  }

  #create(name: string): HeaderName {
    const attribute = `http.${this.#kind}.header.${name}`;
    const isSecret = isSecretField(name);
    return { name, attribute, isSecret, value: undefined, text: "", message: 0 };
  }

  #setValue(header: HeaderName, value: unknown): void {
    const text = this.#redacted(header, value);
    // What an app may change is compared by its content the next time.
    header.value = typeof value === "object" ? undefined : value;
    header.text = text;
  }

  #redacted({ name, isSecret }: HeaderName, value: unknown): string {
    if (isSecret) return REDACTED;
    const text = (Array.isArray(value) ? value.join(", ") : String(value)).slice(0, MAX_VALUE);
    return String(this.#redactor.field(name, text)).slice(0, MAX_VALUE);
  }

  /** Adds a further value of a header to the text that is there. */
  #append({ attribute, text }: HeaderName): void {
    const attributes = this.#attributes;
    const at = attributes.indexOf(attribute) + 1;
    attributes[at] = `${String(attributes[at])}, ${text}`.slice(0, MAX_VALUE);
  }
}

/** Node's own collection of `setHeader` has the name as it was set before the value. */
function ofSetHeader(name: string, value: unknown): unknown {
  if (!Array.isArray(value) || value.length !== 2) return value;
  const [first, second] = value as [unknown, unknown];
  return typeof first === "string" && first.toLowerCase() === name ? second : value;
}
