/** A module of `tools/`, whose commands tests run and no Debian package has. */
export interface GoModule {
  /** The folder in `tools/`, with `go.mod` and `go.sum`. */
  readonly name: string;
  readonly tags: string;
  readonly commands: readonly GoCommand[];
}

export interface GoCommand {
  readonly name: GoTool;
  readonly package: string;
  /** The variable with the version that the command reports, and its value. */
  readonly version: readonly [variable: string, value: string];
}

export type GoTool = "prometheus" | "promtool" | "amtool" | "victoria-logs";

const PROMETHEUS_VERSION = "github.com/prometheus/common/version.Version";

export const goModules: readonly GoModule[] = [
  {
    name: "operations",
    // Leaves out the service discoveries of clouds: most of the code to compile.
    tags: "remove_all_sd",
    commands: [
      {
        name: "promtool",
        package: "github.com/prometheus/prometheus/cmd/promtool",
        // v0.316.0 as a module.
        version: [PROMETHEUS_VERSION, "3.16.0"],
      },
      {
        name: "prometheus",
        package: "github.com/prometheus/prometheus/cmd/prometheus",
        version: [PROMETHEUS_VERSION, "3.16.0"],
      },
      {
        // The server of the same version can't be built: its module has no compiled pages.
        name: "amtool",
        package: "github.com/prometheus/alertmanager/cmd/amtool",
        version: [PROMETHEUS_VERSION, "0.35.0"],
      },
    ],
  },
  {
    name: "victoria-logs",
    tags: "",
    commands: [
      {
        name: "victoria-logs",
        package: "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs",
        version: [
          "github.com/VictoriaMetrics/VictoriaMetrics/lib/buildinfo.Version",
          "victoria-logs-v1.52.2",
        ],
      },
    ],
  },
];

/** Returns the module of a command. */
export function moduleOf(tool: GoTool): GoModule {
  return goModules.find(({ commands }) => commands.some(({ name }) => name === tool))!;
}
