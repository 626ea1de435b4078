import { thrown } from "../../../../thrown.mjs";

async function act(form) {
  "use server";
  throw thrown(form.get("value"), "action");
}

export default async function Act({ params }) {
  const { value } = await params;
  return (
    <form action={act}>
      <input type="hidden" name="value" value={value} />
    </form>
  );
}
