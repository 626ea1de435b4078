import { promisify } from "node:util";

export async function run(mysql, url) {
  const connection = mysql.createConnection(url);
  const query = promisify(connection.query.bind(connection));
  await query("SELECT 1 + ? AS sum", [41]);
  await query("SELECT nothing FROM nowhere WHERE secret = 'hush'").catch(() => {});
  await query("CREATE TEMPORARY TABLE mails (mail VARCHAR(50) PRIMARY KEY)");
  await query("INSERT INTO mails VALUES (?), (?)", ["hush", "hush"]).catch(() => {});
  await query("SELECT'hush'");
  await promisify(connection.end.bind(connection))();
}
