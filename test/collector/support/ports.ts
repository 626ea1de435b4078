import { freePorts } from "../../libraries/servers/daemon.ts";

/** Ports of a Collector. */
export interface CollectorPorts {
  readonly http: number;
  readonly grpc: number;
  readonly health: number;
  /** Internal metrics. */
  readonly metrics: number;
  readonly zpages: number;
  readonly pprof: number;
  /** Metrics of the services, only of the gateway. */
  readonly prometheus: number;
}

export async function freeCollectorPorts(): Promise<CollectorPorts> {
  const [http, grpc, health, metrics, zpages, pprof, prometheus] = await freePorts(7);
  return {
    http: http!,
    grpc: grpc!,
    health: health!,
    metrics: metrics!,
    zpages: zpages!,
    pprof: pprof!,
    prometheus: prometheus!,
  };
}

/** Returns the presets' variables of all ports. */
export function portVariables(ports: CollectorPorts): Record<string, string> {
  return {
    TELLTALE_COLLECTOR_GRPC_PORT: String(ports.grpc),
    TELLTALE_COLLECTOR_HEALTH_PORT: String(ports.health),
    TELLTALE_COLLECTOR_HTTP_PORT: String(ports.http),
    TELLTALE_COLLECTOR_METRICS_PORT: String(ports.metrics),
    TELLTALE_COLLECTOR_PPROF_PORT: String(ports.pprof),
    TELLTALE_COLLECTOR_PROMETHEUS_PORT: String(ports.prometheus),
    TELLTALE_COLLECTOR_ZPAGES_PORT: String(ports.zpages),
  };
}
