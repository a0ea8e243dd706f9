/** From checked options to the report on routes. */
import {
  type FileRoutes,
  flatten,
  paperHost,
  readRoutes,
  readRouteUpdates,
  type RouteUpdates,
} from "../../fixtures/mod.ts";
import config from "../../deno.json" with { type: "json" };
import { readInput } from "../files.ts";
import { type Io, SILENT } from "../io.ts";
import { commandLine } from "../report/build.ts";
import { UserError } from "../user_error.ts";
import { LOOKUPS, measureTables } from "./measure.ts";
import type { RoutesOptions } from "./options.ts";
import { type Family, familyOf } from "./tables.ts";
import {
  type LengthRecord,
  ROUTES_REPORT_VERSION,
  type RoutesReport,
  type UpdatesFileRecord,
} from "./types.ts";

const FILE_BYTES_MAX = 2 ** 30;

/**
 * Reads the files, fills the tables, and answers the report; writes nothing.
 * @throws {UserError} or {InputError} when a file is not as expected
 */
export function makeRoutesReport(
  args: readonly string[],
  options: RoutesOptions,
  io: Io,
): RoutesReport {
  const progress = io.progress ?? SILENT;
  const { file: name, memory, seed } = options;
  // Both are opened before one is read: a wrong name should not cost a second.
  const bytes = readInput(name, "a prefix list or an MRT file", FILE_BYTES_MAX);
  const updateBytes = options.updates === null
    ? null
    : readInput(options.updates, "a list of updates", FILE_BYTES_MAX);
  const { nextHops, family: asked } = options;
  const file = readRoutes(name, bytes, { nextHops, ...(asked === null ? {} : { family: asked }) });
  const updates = updateBytes === null
    ? null
    : sameFamily(readRouteUpdates(options.updates!, updateBytes), file, options);
  const family = familyOf(file);
  const { imemBytes, ememCacheBytes } = flatten(paperHost).nic;
  const nicMemories = [{ name: "IMEM", bytes: imemBytes }, { name: "EMEM", bytes: ememCacheBytes }];
  progress.start(family.kinds.length);
  try {
    const { count } = file.routes;
    const tables = measureTables({
      family,
      count,
      seed,
      memory,
      nicBytes: nicMemories.map((one) => one.bytes),
      updates: updates === null ? null : { stream: updates, nextHops: file.nextHops.length },
    }, progress);
    const { routes, nextHops: names, ...rest } = file;
    return {
      version: ROUTES_REPORT_VERSION,
      tool: { name: config.name, version: config.version },
      command: commandLine(args),
      basis: basis(family, options),
      file: { name, ...rest, count, nextHops: names.length },
      updates: updates === null ? null : updatesRecord(options.updates!, updates),
      seed,
      memory,
      nicMemories,
      lengths: lengthsOf(routes.depth),
      tables,
    };
  } finally {
    progress.stop();
  }
}

function sameFamily(updates: RouteUpdates, file: FileRoutes, options: RoutesOptions): RouteUpdates {
  if (updates.family === file.family) return updates;
  throw new UserError(
    `${options.updates}: expected updates of IPv${file.family} routes, as those of ${options.file}, ` +
      `got IPv${updates.family}`,
  );
}

function updatesRecord(
  name: string,
  { count, announced, masked }: RouteUpdates,
): UpdatesFileRecord {
  return { name, count, announced: announced.reduce((sum, one) => sum + one, 0), masked };
}

function lengthsOf(depths: Uint8Array): LengthRecord[] {
  const counts = new Map<number, number>();
  for (const depth of depths) counts.set(depth, (counts.get(depth) ?? 0) + 1);
  return [...counts].map(([depth, routes]) => ({ depth, routes })).sort((a, b) =>
    a.depth - b.depth
  );
}

function basis({ words }: Family, { seed, updates }: RoutesOptions): string[] {
  const space = words === 1 ? "all of IPv4" : "2000::/3";
  const lookups = LOOKUPS.toLocaleString("en-US");
  return [
    "Counted exactly by the tables themselves: no clock, no estimate. The routes are added one by one in the order " +
    `of a random sample (seed ${seed}), the linear table left out.`,
    `Reads are the mean and the largest number of dependent reads of ${lookups} look-ups each: random addresses out of ${space}, and covered ones, a ` +
    `random address of a random route (seed ${seed}).`,
    ...(updates === null ? [] : [
      "Announcement number i brings next hop murmur3(i) modulo their number, known prefix or not.",
    ]),
  ];
}
