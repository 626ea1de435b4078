import type { FeedbackHint, SendFeedbackParams } from "../api.ts";

/** The used part of a Sentry scope of any version from 8 on. */
interface FeedbackScope {
  getClient(): { emit?(hook: string, ...args: readonly unknown[]): void } | undefined;
  captureEvent(event: object, hint: object): string;
}

/**
 * Implements Sentry's `captureFeedback` for any client.
 *
 * @returns the id of the feedback; empty if there is none.
 */
export function captureFeedback(
  scope: FeedbackScope,
  feedback: SendFeedbackParams,
  hint: FeedbackHint = {},
): string {
  const { message, name, email, url, source, associatedEventId, tags } = feedback;
  const event = {
    type: "feedback",
    level: "info",
    tags,
    contexts: {
      feedback: {
        ...{ message, name, url, source },
        contact_email: email,
        associated_event_id: associatedEventId,
      },
    },
  };
  scope.getClient()?.emit?.("beforeSendFeedback", event, hint);
  return scope.captureEvent(event, hint);
}
