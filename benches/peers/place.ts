/**
 * Where what is built and made for the comparison lies (`.build/`, which Git ignores), how it is made,
 * and what is missing.
 */
import { addresses4, reordered, routes4, type StreamName, STREAMS } from "../streams.ts";
import type { RouteSet } from "../../core/mod.ts";
import { Prng, readPrefixList } from "../../fixtures/mod.ts";

const FOLDER = new URL(".build/", import.meta.url);
/** Next hops of the routes. */
const NEXT_HOPS = 64;
/** Addresses of a stream: 16 MiB, more than the caches of a core. */
const ADDRESSES = 2 ** 22;

/** npm packages and the version of each that was measured. */
export const NPM = {
  "longest-prefix-match": "npm:longest-prefix-match@1.3.1",
  "mmdb-lib": "npm:mmdb-lib@3.0.3",
  "ringbuf.js": "npm:ringbuf.js@0.4.0",
  "denque": "npm:denque@2.1.0",
  "object-pool": "npm:@smikhalevski/object-pool@1.0.0",
} as const;

/** The program of DPDK's side. */
export const PROGRAM = new URL("peer", FOLDER).pathname;

/** The program of ns-3's side. */
export const NS3 = new URL("ns3", FOLDER).pathname;

/** Compiles `dpdk.c` and `ns3.cc` and loads the npm packages; says what could not be had. */
export async function buildAll(): Promise<void> {
  await Deno.mkdir(FOLDER, { recursive: true });
  const flags = await output("pkg-config", "--cflags", "--libs", "libdpdk");
  if (flags === null) {
    console.error("DPDK is missing: apt-get install libdpdk-dev gcc pkg-config");
  } else {
    const source = new URL("dpdk.c", import.meta.url).pathname;
    const own = ["-O3", "-Wall", "-DALLOW_EXPERIMENTAL_API", source, "-o", PROGRAM];
    // The libraries come after what uses them.
    const compiled = await output("gcc", ...own, ...flags.trim().split(/\s+/));
    console.error(compiled === null ? `gcc could not compile ${source}` : `built ${PROGRAM}`);
  }
  // Not what pkg-config says of ns-3 in Debian: it names libraries that the package does not ask for.
  const source = new URL("ns3.cc", import.meta.url).pathname;
  const libraries = ["core", "network", "point-to-point"].map((name) => `-lns3-${name}`);
  const made = await output("g++", "-O3", "-Wall", source, "-o", NS3, ...libraries);
  console.error(made === null ? `${source}: apt-get install libns3-dev g++` : `built ${NS3}`);
  for (const specifier of Object.values(NPM)) {
    if (await output(Deno.execPath(), "cache", specifier) === null) {
      console.error(`${specifier} could not be loaded`);
    }
  }
}

/** Whether the program of a side has been built. */
export async function isBuilt(program: string): Promise<boolean> {
  return await Deno.stat(program).then((stat) => stat.isFile, () => false);
}

/** What a command wrote, or null when it cannot be run or fails; its complaints are passed on. */
async function output(command: string, ...args: string[]): Promise<string | null> {
  try {
    const run = new Deno.Command(command, { args, stderr: "inherit" });
    const { success, stdout } = await run.output();
    return success ? new TextDecoder().decode(stdout) : null;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return null;
    throw cause;
  }
}

/** Routes, addresses, and the files that both sides take them from. */
export interface Inputs {
  readonly routes: RouteSet;
  readonly streams: Readonly<Record<StreamName, Uint32Array>>;
  readonly files: readonly string[];
}

/**
 * The routes of a file, in no order as a router gets them; those of a list without next hops are spread
 * over as many as the others have.
 * @throws {InputError} when the file is no list of prefixes
 */
export async function routesOf(file: string): Promise<RouteSet> {
  const { routes } = readPrefixList(file, await Deno.readFile(file), { nextHops: NEXT_HOPS });
  return reordered(routes, new Prng(2));
}

/**
 * Routes, or so many that are made, and addresses, written to files for the other side: words of 32 bits
 * in the machine's order, three for a route (prefix, depth, next hop). The same routes give the same bytes.
 */
export async function inputs(given: number | RouteSet): Promise<Inputs> {
  await Deno.mkdir(FOLDER, { recursive: true });
  const routes = typeof given === "number" ? routes4(given, NEXT_HOPS) : given;
  const { count } = routes;
  const words = new Uint32Array(3 * count);
  for (let i = 0; i < count; i++) {
    words[3 * i] = routes.prefix[i]!;
    words[3 * i + 1] = routes.depth[i]!;
    words[3 * i + 2] = routes.nextHop[i]!;
  }
  const streams = {
    random: addresses4("random", routes, ADDRESSES),
    covered: addresses4("covered", routes, ADDRESSES),
  };
  const parts = { routes: words, ...streams };
  const files: string[] = [];
  for (const name of ["routes", ...STREAMS] as const) {
    const file = new URL(`${name}.u32`, FOLDER).pathname;
    await Deno.writeFile(file, new Uint8Array(parts[name].buffer));
    files.push(file);
  }
  return { routes, streams, files };
}
