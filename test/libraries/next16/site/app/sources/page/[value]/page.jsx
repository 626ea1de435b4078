import { thrown } from "../../../../thrown.mjs";

export default async function Failing({ params }) {
  const { value } = await params;
  throw thrown(value, "page");
}
