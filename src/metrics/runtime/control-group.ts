import type { TextReader } from "./proc-file.ts";
import { parseControlGroups, parseFields } from "./proc-text.ts";

/** State of a control group; what it does not limit or measure is undefined. */
export interface ControlGroup {
  readonly userSeconds?: number | undefined;
  readonly systemSeconds?: number | undefined;
  /** The limit in CPUs. */
  readonly cpuLimit?: number | undefined;
  readonly periods?: number | undefined;
  readonly throttledPeriods?: number | undefined;
  readonly throttledSeconds?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly memoryLimitBytes?: number | undefined;
  readonly oomKills?: number | undefined;
}

const ROOT = "/sys/fs/cgroup";

/** Version 1 has numbers near 2^63 for "no limit". */
const NO_LIMIT = 2 ** 60;

type GroupReader = () => Promise<ControlGroup>;

/**
 * Reads the control group of the process.
 *
 * https://docs.kernel.org/admin-guide/cgroup-v2.html
 * https://docs.kernel.org/admin-guide/cgroup-v1/
 */
export class ControlGroupReader {
  readonly #read: TextReader;
  #readGroup: GroupReader | undefined = undefined;

  constructor(read: TextReader) {
    this.#read = read;
  }

  /** Resolves to the current state. Never rejects. */
  async read(): Promise<ControlGroup> {
    this.#readGroup ??= await this.#findGroup();
    return this.#readGroup();
  }

  /** A process rarely changes its group. */
  async #findGroup(): Promise<GroupReader> {
    const paths = parseControlGroups((await this.#read("/proc/self/cgroup")) ?? "");
    const folder = await this.#folderOf(ROOT, paths.get(""), "memory.current");
    if (folder !== undefined) return () => this.#readVersion2(folder);
    const memory = await this.#folderOf(
      `${ROOT}/memory`,
      paths.get("memory"),
      "memory.usage_in_bytes",
    );
    const cpu = await this.#folderOf(`${ROOT}/cpu`, paths.get("cpu"), "cpu.stat");
    const usage = await this.#folderOf(`${ROOT}/cpuacct`, paths.get("cpuacct"), "cpuacct.stat");
    return () => this.#readVersion1(memory, cpu, usage);
  }

  /** Finds a group's folder. In a container, the path is often that of the host, and the folder is the root. */
  async #folderOf(
    root: string,
    path: string | undefined,
    file: string,
  ): Promise<string | undefined> {
    if (path === undefined) return undefined;
    for (const folder of path === "/" ? [root] : [`${root}${path}`, root]) {
      if ((await this.#read(`${folder}/${file}`)) !== undefined) return folder;
    }
    return undefined;
  }

  async #readVersion2(folder: string): Promise<ControlGroup> {
    const [stat, max, current, limit, events] = await this.#readAll(
      ...["cpu.stat", "cpu.max", "memory.current", "memory.max", "memory.events"].map(
        (file) => `${folder}/${file}`,
      ),
    );
    const cpu = parseFields(stat ?? "");
    const [quota, period] = (max ?? "").split(" ").map(numberIn);
    return {
      userSeconds: scaled(cpu.get("user_usec"), 1e6),
      systemSeconds: scaled(cpu.get("system_usec"), 1e6),
      cpuLimit: period === undefined ? undefined : scaled(quota, period),
      periods: cpu.get("nr_periods"),
      throttledPeriods: cpu.get("nr_throttled"),
      throttledSeconds: scaled(cpu.get("throttled_usec"), 1e6),
      memoryBytes: numberIn(current),
      memoryLimitBytes: numberIn(limit),
      oomKills: parseFields(events ?? "").get("oom_kill"),
    };
  }

  async #readVersion1(
    memory: string | undefined,
    cpu: string | undefined,
    usage: string | undefined,
  ): Promise<ControlGroup> {
    const [stat, quota, period, times, used, limit, control] = await this.#readAll(
      cpu && `${cpu}/cpu.stat`,
      cpu && `${cpu}/cpu.cfs_quota_us`,
      cpu && `${cpu}/cpu.cfs_period_us`,
      usage && `${usage}/cpuacct.stat`,
      memory && `${memory}/memory.usage_in_bytes`,
      memory && `${memory}/memory.limit_in_bytes`,
      memory && `${memory}/memory.oom_control`,
    );
    const throttling = parseFields(stat ?? "");
    const ticks = parseFields(times ?? "");
    const limitBytes = numberIn(limit);
    return {
      userSeconds: scaled(ticks.get("user"), 100),
      systemSeconds: scaled(ticks.get("system"), 100),
      cpuLimit: scaled(numberIn(quota), numberIn(period) ?? 0),
      periods: throttling.get("nr_periods"),
      throttledPeriods: throttling.get("nr_throttled"),
      throttledSeconds: scaled(throttling.get("throttled_time"), 1e9),
      memoryBytes: numberIn(used),
      memoryLimitBytes: limitBytes !== undefined && limitBytes < NO_LIMIT ? limitBytes : undefined,
      oomKills: parseFields(control ?? "").get("oom_kill"),
    };
  }

  #readAll(...paths: readonly (string | undefined)[]): Promise<readonly (string | undefined)[]> {
    return Promise.all(
      paths.map((path) => (path === undefined ? Promise.resolve(path) : this.#read(path))),
    );
  }
}

/** Returns the number in a text; undefined for `max` and `-1`, which mean that there is no limit. */
function numberIn(text: string | undefined): number | undefined {
  const number = Number.parseInt(text ?? "", 10);
  return number >= 0 ? number : undefined;
}

function scaled(value: number | undefined, divisor: number): number | undefined {
  return value === undefined || divisor === 0 ? undefined : value / divisor;
}
