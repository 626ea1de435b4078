import { log } from "../../../work.js";

async function act(form) {
  "use server";
  log.info("acted", { id: form.get("id") });
  if (form.get("id") === "7") throw new Error("failed 7");
}

export default async function Act({ params }) {
  const { id } = await params;
  return (
    <form action={act}>
      <input type="hidden" name="id" value={id} />
    </form>
  );
}
