import { NextResponse } from "next/server";

/** What it throws, by the end of the path. The edge runtime has no Node module that makes more. */
const failures = {
  7: () => new Error("failed 7"),
  error: () => new Error("failed error"),
  frozen: () => Object.freeze(new Error("failed frozen")),
  string: () => "failed string",
  undefined: () => undefined,
};

/** @throws a failure that the end of the path names */
export function guard({ nextUrl: { pathname } }) {
  if (pathname.endsWith("/closed")) return NextResponse.json({}, { status: 401 });
  const failure = failures[pathname.split("/").at(-1)];
  if (failure !== undefined) throw failure();
  return NextResponse.next();
}
