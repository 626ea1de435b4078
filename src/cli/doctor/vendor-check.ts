import type { Config } from "../../config/config.ts";
import type { OtlpSignal } from "./environment-check.ts";
import { createFinding, type Finding } from "./finding.ts";
import { joinWords } from "./otlp-check.ts";
import { type Vendor, vendorOf } from "./vendors.ts";

/** A signal that is sent to a vendor. */
interface SentSignal extends OtlpSignal {
  readonly vendor: Vendor;
  readonly host: string;
}

/** Returns what the vendors of known hosts would reject, without any connection. */
export function checkVendors(signals: readonly OtlpSignal[], { metrics }: Config): Finding[] {
  const sent = signals.flatMap((one): SentSignal[] => {
    const host = new URL(one.config.url).hostname;
    const vendor = vendorOf(host);
    return vendor === undefined ? [] : [{ ...one, vendor, host }];
  });
  return [
    ...headerFindings(sent),
    ...sent.flatMap(signalFindings),
    ...sent.flatMap((one) => temporalityFindings(one, metrics.temporality)),
  ];
}

/** One finding for all signals that lack a header at a host. */
function headerFindings(sent: readonly SentSignal[]): Finding[] {
  const lacking = new Map<
    string,
    { vendor: string; header: string; host: string; all: string[] }
  >();
  for (const { signal, vendor, host, config } of sent) {
    for (const header of [vendor.header, ...(vendor.signalHeaders?.[signal] ?? [])]) {
      if (config.headers[header] !== undefined) continue;
      const key = `${host} ${header}`;
      const one = lacking.get(key) ?? { vendor: vendor.name, header, host, all: [] };
      one.all.push(signal);
      lacking.set(key, one);
    }
  }
  return [...lacking.values()].map(({ all, ...values }) =>
    createFinding("vendor-header", { ...values, signals: joinWords(all) }),
  );
}

function signalFindings({ signal, vendor: { name, missing = [] } }: SentSignal): Finding[] {
  if (!missing.includes(signal)) return [];
  const variable = `OTEL_${signal.toUpperCase()}_EXPORTER`;
  return [createFinding("vendor-signal", { vendor: name, signals: signal, variable })];
}

/** `lowmemory` has totals of observable counters. */
function temporalityFindings({ signal, vendor }: SentSignal, used: string): Finding[] {
  const { name, temporality = used } = vendor;
  if (signal !== "metrics" || temporality === used) return [];
  return [createFinding("vendor-temporality", { vendor: name, expected: temporality, used })];
}
