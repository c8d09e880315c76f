// Loaded where Node takes hooks in a thread of their own: gives test files the tests' own `node:test`.
const shim = new URL("./sift-node-test-shim.mjs", import.meta.url).href;

export const resolve = (specifier, context, next) =>
  specifier === "node:test" ? { url: shim, format: "module", shortCircuit: true } : next(specifier, context);
