import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { runSuppressed } from "../../context/manager.ts";
import { awaitResponse } from "../../export/connection/attempt.ts";
import { HttpClient } from "../../export/connection/http-client.ts";
import { mappedPositions } from "../../profiling/mapped-positions.ts";
import type { ProfileKind } from "../../profiling/recording.ts";

const compress = promisify(gzip);

/** Maximum size of a profile as JSON, in characters. */
const MAX_PROFILE_LENGTH = 32_000_000;

const TIMEOUT_MS = 30_000;

/** What is known of a profile beside its samples. */
export interface ProfileMeta {
  readonly kind: ProfileKind;
  readonly traceId: string;
  readonly spanId: string;
  readonly service: string;
  /** Method and route, or the name of the job. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly durationMs: number;
  /** Number of other requests, messages and jobs in progress meanwhile. */
  readonly overlapping: number;
  readonly samples: number;
  /** Whether it ended before its request, at the limit of time. */
  readonly isCut: boolean;
}

/** Sends profiles to the viewer. Sending keeps no process alive. */
export class ProfileUpload {
  readonly #client: HttpClient;

  /** @param viewerUrl for example `http://localhost:9465` */
  constructor(viewerUrl: string) {
    this.#client = runSuppressed(
      () =>
        new HttpClient({
          url: new URL("/agent/profiles", viewerUrl).href,
          headers: { "content-type": "application/json", "content-encoding": "gzip" },
          maxSockets: 1,
        }),
    );
  }

  /**
   * Sends a profile.
   *
   * @returns undefined once the viewer has it, else the reason why it has not
   */
  async send(meta: ProfileMeta, profile: unknown): Promise<string | undefined> {
    const text = JSON.stringify(profile);
    if (text.length > MAX_PROFILE_LENGTH) return `it has more than ${MAX_PROFILE_LENGTH} bytes`;
    const mapped = JSON.stringify(await mappedPositions(profile));
    const content = `{"mapped":${mapped},"profile":${text}}`;
    const body = await compress(`${JSON.stringify(meta).slice(0, -1)},"content":${content}}`);
    const attempt = runSuppressed(() => this.#client.send(body));
    const result = await awaitResponse(attempt, {
      timeoutMs: TIMEOUT_MS,
      timeoutReason: "the viewer did not answer",
      onIdle: () => attempt.abort("the process ends"),
    });
    if (result.kind === "failure") return result.error.message;
    return result.status < 300 ? undefined : `the viewer answered ${result.status}`;
  }
}
