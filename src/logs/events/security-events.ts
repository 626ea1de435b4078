import type { Counter } from "@opentelemetry/api";
import type { SecurityEvent, SecurityEventDetails, SecuritySeverity } from "../../api.ts";
import { wallClock } from "../../clock.ts";
import { activeErrorSlot } from "../../context/unit-access.ts";
import { activeLogContext, type LogContext } from "../correlation.ts";
import { BoundedNames } from "./bounded-names.ts";
import type { EventDeps } from "./event-deps.ts";
import { EventLog } from "./event-log.ts";
import type { EventLevel } from "./log-event.ts";

/** Default severities; that of any other event is `medium`. */
const SEVERITIES: Readonly<Record<SecurityEvent, SecuritySeverity>> = {
  login: "low",
  logout: "low",
  failed_login: "medium",
  account_locked: "high",
  password_changed: "low",
  mfa_failed: "medium",
  access_denied: "medium",
  invalid_token: "medium",
  csrf_detected: "high",
  invalid_input: "low",
  permission_changed: "medium",
  data_exported: "low",
  rate_limit_exceeded: "medium",
  suspicious_activity: "high",
};

const LEVELS: Readonly<Record<SecuritySeverity, EventLevel>> = {
  low: "info",
  medium: "warn",
  high: "error",
  critical: "fatal",
};

const INVALID_EVENT = "logSecurityEvent expects the name of an event; the call is ignored";

/** Security events of the app, with the request that they belong to. */
export class SecurityEvents {
  readonly #log: EventLog;
  readonly #count: Counter;
  readonly #names = new BoundedNames();
  readonly #diagnostics: EventDeps["diagnostics"];

  constructor({ provider, meter, diagnostics }: EventDeps) {
    this.#log = new EventLog(provider, { name: "telltale/security", addsBreadcrumbs: true });
    this.#diagnostics = diagnostics;
    this.#count = meter.createCounter("telltale.security.events", {
      description: "Number of security events.",
      unit: "{event}",
    });
  }

  /** Logs and counts an event; an invalid one is reported. Throws if reading `details` does. */
  add(event: string, details: SecurityEventDetails | undefined): void {
    if (typeof event !== "string" || event === "") {
      this.#diagnostics.warn("security", INVALID_EVENT);
      return;
    }
    this.addIn(activeLogContext(), event, { ...requestAttributes(), ...details });
  }

  /** Logs and counts a valid event in a context. */
  addIn(context: LogContext, event: string, details: SecurityEventDetails): void {
    const { severity, message, ...fields } = details;
    const known = this.#severityOf(event, severity);
    const identity = { "telltale.security.severity": known };
    this.#count.add(1, { "telltale.security.event": this.#names.bound(event), ...identity });
    this.#log.write(
      {
        name: "telltale.security.event",
        level: LEVELS[known],
        message: typeof message === "string" ? message : event.replaceAll("_", " "),
        time: wallClock(),
        attributes: {
          "telltale.security.event": event,
          ...identity,
          ...fields,
        },
      },
      context,
    );
  }

  #severityOf(event: string, severity: unknown): SecuritySeverity {
    if (typeof severity === "string" && Object.hasOwn(LEVELS, severity))
      return severity as SecuritySeverity;
    const usual = Object.hasOwn(SEVERITIES, event) ? SEVERITIES[event as SecurityEvent] : "medium";
    if (severity !== undefined) {
      this.#diagnostics.warn(
        "security severity",
        `logSecurityEvent expects a severity of ${Object.keys(LEVELS).join(", ")}; ${usual} is used instead`,
      );
    }
    return usual;
  }
}

/** Returns what identifies the active request, its client included. */
function requestAttributes(): Readonly<Record<string, unknown>> {
  const unit = activeErrorSlot();
  if (unit === undefined || unit.redactedPath() === undefined) return {};
  return {
    "http.request.method": unit.method,
    "http.route": unit.currentRoute(),
    "url.path": unit.redactedPath(),
    "client.address": unit.arrivedRequest()?.clientAddress,
  };
}
