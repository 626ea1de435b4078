import type { AdminAccess, SecretSource } from "../config.ts";
import type { EnvironmentReader } from "../environment-reader.ts";
import type * as variables from "../variables.ts";

type Table = typeof variables;

/** In a report, what follows from invalid credentials: the pages must not be open. */
const NO_ACCESS = "no access by it";

/** Reads who may read the admin server's pages. */
export function readCredentials(
  reader: EnvironmentReader,
  table: Table,
): Pick<AdminAccess, "token" | "user"> {
  const token = readSecret(reader, table.metricsToken, table.metricsTokenFile);
  const password = readSecret(reader, table.metricsPassword, table.metricsPasswordFile);
  return {
    token,
    user: readUser(reader, table, password),
  };
}

function readUser(
  reader: EnvironmentReader,
  table: Table,
  password: SecretSource | undefined,
): AdminAccess["user"] {
  const name = reader.read(table.metricsUsername);
  const hasPassword = reader.has(table.metricsPassword) || reader.has(table.metricsPasswordFile);
  if (name === undefined) {
    if (hasPassword) {
      const variable = reader.has(table.metricsPassword)
        ? table.metricsPassword
        : table.metricsPasswordFile;
      reader.report(variable, { expected: `${table.metricsUsername.name} too`, used: NO_ACCESS });
    }
    return undefined;
  }
  // The colon ends the name (RFC 7617).
  if (name.includes(":")) {
    reader.report(table.metricsUsername, { expected: "a name without a colon", used: NO_ACCESS });
    return undefined;
  }
  if (!hasPassword) {
    reader.report(table.metricsUsername, {
      expected: `${table.metricsPassword.name} or ${table.metricsPasswordFile.name} too`,
      used: NO_ACCESS,
    });
  }
  return password && { name, password };
}

/** Reads a secret, or the path of its file if the secret itself is not set. */
function readSecret(
  reader: EnvironmentReader,
  variable: variables.Variable<string | undefined>,
  fileVariable: variables.Variable<string | undefined>,
): SecretSource | undefined {
  const text = reader.read(variable, NO_ACCESS);
  const file = reader.read(fileVariable);
  if (reader.has(variable)) {
    if (file !== undefined) {
      reader.report(fileVariable, { expected: `it or ${variable.name}`, used: variable.name });
    }
    return text === undefined ? undefined : { text };
  }
  return file === undefined ? undefined : { variable: fileVariable.name, file };
}
