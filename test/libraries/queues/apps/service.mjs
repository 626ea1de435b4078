const [role, installed, program] = process.argv.slice(2);
const { service } = (await import("./service-parts.cjs")).default;

let library = await import(installed);
if (program === "amqplib-callbacks") {
  // A path in the package's `exports`, or the file itself.
  const { default: callbacks } = await import(
    installed === "amqplib" ? "amqplib/callback_api" : `${installed}/callback_api.js`
  );
  library = { ...library, callbacks };
}
await service(role, library, program);
