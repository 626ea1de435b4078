import type { IdSlot } from "../../context/unit-views.ts";

/** The user of an event, of any version of Sentry. */
interface EventWithUser {
  user?: Record<string, unknown>;
}

/** Adds the user that the framework knows, unless the app has set one. Never throws. */
export function addFrameworkUser(event: object, ids: IdSlot | undefined): void {
  const target = event as EventWithUser;
  if (ids === undefined || isSet(target.user)) return;
  const user = ids.frameworkUser();
  if (user !== undefined) target.user = { ...target.user, ...user };
}

/** Whether an event has a user, and not only an address. */
function isSet(user: EventWithUser["user"]): boolean {
  return user !== undefined && Object.keys(user).some((field) => field !== "ip_address");
}
