import { registerHooks } from "node:module";

/**
 * A program that prints which packages are loaded by the propagators named in its
 * arguments, with a DSN: at creation, by a request without `sentry-trace`, and by
 * one with it.
 */
const packages = new Set<string>();
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const name = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(
      resolved.url,
    )?.[1];
    if (name !== undefined) packages.add(name);
    return resolved;
  },
});

const { createPropagator } = await import("../../../src/traces/propagation/propagator.ts");
const { ROOT_CONTEXT } = await import("../../../src/context/context.ts");
const ids = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";
const steps: string[][] = [];

const propagator = createPropagator(process.argv.slice(2) as never, { sentry: true });
steps.push([...packages]);
propagator.extractHeaders(ROOT_CONTEXT, {
  traceparent: `00-${ids}-01`,
  baggage: "sentry-sampled=true",
});
steps.push([...packages]);
propagator.extractHeaders(ROOT_CONTEXT, { "sentry-trace": `${ids}-1` });
steps.push([...packages]);
console.log(JSON.stringify(steps));
