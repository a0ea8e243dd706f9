// Which tests share an isolate. To start one, load what a test file needs and compile it takes 0.1 to
// 0.5 s, as much as many a file's tests, so plain `deno test` runs the files of `suites/` (`include`
// in deno.json), each of which loads all tests of its subject. `deno test FILE` runs a file alone.
// A test file belongs to the first suite whose pattern it matches; `rest` takes what is left, so that
// none is forgotten.

// Properties that name no seed of their own draw from PLANECHECK_SEED, or the same seed every time: a test that
// failed fails again.
import fc from "fast-check";
import { seedFromEnvironment } from "../../properties/environment.ts";

/** The suites, and the paths from the root of the project that belong to each. */
export const SUITES = {
  "fib6": /^core\/fib\/.*6/,
  "fib-first-level": /^core\/fib\/(?:dir24_8|linear|mtrie|score)/,
  "fib-compressed": /^core\/fib\//,
  "machine": /^core\/machine\//,
  "device": /^core\/(?:host|nic|pcie)\//,
  "core": /^core\//,
  "properties": /^properties\//,
  "dpdk": /^stacks\/(?:dpdk|external)\//,
  "kernel": /^stacks\/(?:linux-napi|pf-ring|xdp)\//,
  "graphs": /^stacks\/(?:odp|snabb|vpp)\//,
  "batches": /^stacks\/(?:netmap|packetshader)\//,
  "stacks": /^stacks\//,
  "cli": /^cli\//,
  "rest": /^/,
} as const;

/** The name of a suite. */
export type SuiteName = keyof typeof SUITES;

const SEED = 1812;
const ROOT = new URL("../../", import.meta.url);
/** Folders, by their path from the root, without tests of the project's own. */
const SKIPPED = /^(?:.*\/)?(?:\..*|node_modules)$|^(?:offline|report|counterexamples)$/;

/** The suite that a test file belongs to, by its path from the root. */
export function suiteOf(path: string): SuiteName {
  const names = Object.keys(SUITES) as SuiteName[];
  return names.find((name) => SUITES[name].test(path))!;
}

/** The paths of all test files from the root, in order. */
export function testFiles(folder = ""): string[] {
  const entries = [...Deno.readDirSync(new URL(`./${folder}`, ROOT))];
  return entries.flatMap(({ name, isDirectory }) => {
    if (isDirectory) return SKIPPED.test(folder + name) ? [] : testFiles(`${folder}${name}/`);
    return name.endsWith("_test.ts") ? [folder + name] : [];
  }).sort();
}

/** The test files of a suite. */
export function filesOf(suite: SuiteName): string[] {
  return testFiles().filter((path) => suiteOf(path) === suite);
}

/** Registers the tests of a suite. */
export async function load(suite: SuiteName): Promise<void> {
  fc.configureGlobal({ seed: seedFromEnvironment() ?? SEED });
  for (const path of filesOf(suite)) await import(new URL(path, ROOT).href);
}
