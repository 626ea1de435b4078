import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const tooLate = (ms) => delay(ms, [{ code: "nothing" }], { ref: false });

export async function run(mysql, url) {
  const connection = mysql.createConnection(url);
  const query = promisify(connection.query.bind(connection));
  await query("SELECT 1 + ? AS sum", [41]);
  await query("SELECT nothing FROM nowhere WHERE secret = 'hush'").catch(() => {});
  await query("CREATE TEMPORARY TABLE mails (mail VARCHAR(50) PRIMARY KEY)");
  await query("INSERT INTO mails VALUES (?), (?)", ["hush", "hush"]).catch(() => {});
  await query("SELECT'hush'");
  // Without a listener on the query, the connection emits the error.
  const reported = once(connection, "error").catch((error) => [error]);
  connection.query("SELECT unheard FROM nowhere");
  const [{ code }] = await Promise.race([reported, tooLate(60_000)]);
  if (code !== "ER_NO_SUCH_TABLE") throw new Error(`the connection reported ${code}`);
  await promisify(connection.end.bind(connection))();
}
