import { NextResponse } from "next/server";

/** @throws Error for 7 */
export function guard({ nextUrl: { pathname } }) {
  if (pathname.endsWith("/closed")) return NextResponse.json({}, { status: 401 });
  if (pathname.endsWith("/7")) throw new Error("failed 7");
  return NextResponse.next();
}
