import { type Configuration, variableWithValue } from "./configuration.ts";

/** Patterns of the Collector's errors, and what to do about each. */
interface Explanation {
  readonly pattern: RegExp;
  explain(groups: readonly string[], configuration: Configuration): string;
}

const EXPLANATIONS: readonly Explanation[] = [
  {
    pattern: /listen \w+ (\S+): bind: address already in use/,
    explain([address = ""], { text }) {
      return `${address} is in use: end what listens there, or take another port${settingHint(text, address)}`;
    },
  },
  {
    pattern: /listen \w+ (\S+): bind: permission denied/,
    explain([address = ""], { text }) {
      return `${address} is a port for root only: take one above 1023${settingHint(text, address)}`;
    },
  },
  {
    pattern: /listen \w+ (\S+): bind: cannot assign requested address/,
    explain([address = ""], { text }) {
      return `${address} is no address of this machine: take one that is${settingHint(text, address)}`;
    },
  },
  {
    pattern: /'(\w+)' unknown type: "([^"]*)" for id: "([^"]*)" \(valid values: \[([^\]]*)\]\)/,
    explain([kind = "", type = "", id = "", known = ""]) {
      const names = known.split(" ").toSorted().join(", ");
      const component = id === type ? type : `${type} (of ${id})`;
      return `${kind} has no ${component} in this build: it has ${names}; see collector/README.md for how to add one`;
    },
  },
  {
    pattern: /(\S+) references (\w+) "([^"]*)" which is not configured/,
    explain([where = "", kind = "", name = ""]) {
      const place = where.replaceAll("::", ".").replace(/:$/, "");
      return `${place} names ${kind} ${name}, which is not defined: define it, or remove the name`;
    },
  },
  {
    pattern: /"([^"]*)" exporter: no storage client extension found/,
    explain([exporter = ""]) {
      return `${exporter} keeps its queue on disk by file_storage, which this configuration doesn't have: lay back ends over agent or gateway`;
    },
  },
  {
    pattern: /directory must exist: stat ([^:]+): no such file or directory/,
    explain([folder = ""], { text }) {
      return `the queue folder ${folder} is missing: \`mkdir -p ${folder}\`, or name another${settingHint(text, folder)}`;
    },
  },
  {
    pattern: /(\/\S+) is not a directory/,
    explain([folder = ""], { text }) {
      return `the queue folder ${folder} is a file: name a folder${settingHint(text, folder)}`;
    },
  },
  {
    pattern:
      /(?:mkdir|open|stat) ([^:]+): (permission denied|read-only file system|not a directory|no such file or directory|no space left on device|operation not permitted)/,
    explain([path = "", reason = ""], { text }) {
      return `${path} can't be written (${reason}): give the folder to the user that runs the Collector, or name another${settingHint(text, path)}`;
    },
  },
  {
    pattern: /'([\w.]*)' has invalid keys: ([^\n]+)/,
    explain([where = "", keys = ""]) {
      return `${where} has no setting ${keys}: correct or remove the name`;
    },
  },
  {
    pattern: /yaml: (.*)/,
    explain([what = ""]) {
      return `the configuration is no valid YAML: ${what}; quote what contains \${env:...} inside braces`;
    },
  },
];

/** Returns what to do about an error, or undefined to show the Collector's own text. */
export function explain(output: string, configuration: Configuration): string | undefined {
  for (const { pattern, explain } of EXPLANATIONS) {
    const match = pattern.exec(output);
    if (match !== null) return explain(match.slice(1), configuration);
  }
  return undefined;
}

/** Names the variable that sets the value, if there is one. */
function settingHint(text: string, value: string): string {
  const port = /:(\d+)$/.exec(value)?.[1];
  const names = [value, port ?? value].map((known) => variableWithValue(text, known));
  const name = names.find((found) => found !== undefined);
  return name === undefined ? "" : ` by ${name}`;
}
