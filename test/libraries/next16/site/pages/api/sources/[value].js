import { thrown } from "../../../thrown.mjs";

export default async function handler(request) {
  throw thrown(request.query.value, "api");
}
