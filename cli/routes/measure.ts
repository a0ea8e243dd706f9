/**
 * Fills every kind of table with the routes of a file, in the order of a sample, and asks it what it counts itself:
 * bytes and reads. No clock, no estimate: the same file and seed give the same figures everywhere.
 */
import { Dir24_8, Lpm6 } from "../../core/mod.ts";
import { mix32, Prng, type RouteUpdates } from "../../fixtures/mod.ts";
import { type Progress, SILENT } from "../io.ts";
import type { Family, FilledTable, TableLimits } from "./tables.ts";
import type {
  CurvePoint,
  ReadsRecord,
  RefusalRecord,
  TableRecord,
  TableState,
  UpdatedRecord,
} from "./types.ts";

/** Look-ups of each stream. */
export const LOOKUPS = 100_000;

/** Sizes of the sample at which a curve has a point, besides its end: then twice as many and so on. */
const SIZES = [1, 5, 10, 20, 40, 60, 80, 100, 200, 400, 600, 800, 1000].map((n) => n * 1000);

/** Groups (of 1 KiB) that the tables which set them aside get when their usual ones run out. */
const GROUPS_WIDE = 2 ** 18;

/** What is measured, and on what. */
export interface Measurement {
  readonly family: Family;
  /** Routes of the file. */
  readonly count: number;
  readonly seed: number;
  /** Bytes for each table; null for its own limits. */
  readonly memory: number | null;
  /** The memories of the NIC, in bytes. */
  readonly nicBytes: readonly number[];
  /** Updates to replay, and the next hops that their announcements are spread over; null for none. */
  readonly updates: { readonly stream: RouteUpdates; readonly nextHops: number } | null;
  /** Kinds to measure; all unless given. */
  readonly kinds?: readonly string[];
}

/** One record for each kind of table. Progress has a step for each. */
export function measureTables(
  measurement: Measurement,
  progress: Progress = SILENT,
): TableRecord[] {
  const { family, count, seed } = measurement;
  const rng = new Prng(seed);
  const order = sampleOrder(count, rng);
  const streams = drawStreams(family, count, rng);
  return (measurement.kinds ?? family.kinds).map((kind) => {
    progress.step(`${kind}: ${count} routes`);
    return measureTable(kind, measurement, order, streams);
  });
}

/** All indices in an order in which the first n are a random sample, for every n (Fisher and Yates). */
function sampleOrder(count: number, rng: Prng): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
  return order;
}

interface Streams {
  readonly random: Uint32Array;
  readonly covered: Uint32Array;
}

function drawStreams(family: Family, count: number, rng: Prng): Streams {
  const random = new Uint32Array(family.words * LOOKUPS);
  const covered = new Uint32Array(family.words * LOOKUPS);
  for (let k = 0; k < LOOKUPS; k++) family.random(rng, random, k);
  for (let k = 0; k < LOOKUPS; k++) family.covered(rng, rng.below(count), covered, k);
  return { random, covered };
}

function measureTable(
  kind: string,
  measurement: Measurement,
  order: Uint32Array,
  streams: Streams,
): TableRecord {
  const tries = limitsToTry(kind, measurement);
  const first = fill(kind, tries[0]!, measurement, order);
  let last = first;
  for (const limits of tries.slice(1)) {
    if (last.refused !== null) last = fill(kind, limits, measurement, order);
  }
  const whole = last.refused === null ? last.table : null;
  const bytesNeeded = whole === null ? null : needed(kind, whole, measurement);
  return {
    kind,
    refused: first.refused === null ? null : { ...first.refused, bytesNeeded },
    filled: whole === null ? null : stateOf(whole, streams),
    curve: last.curve,
    beyondAt: last.beyondAt,
    updated: whole === null ? null : replay(whole, measurement, streams),
  };
}

/** What the table is made with; each is looser than the one before. */
function limitsToTry(kind: string, { memory, count }: Measurement): TableLimits[] {
  const tries: TableLimits[] = memory === null ? [{}] : [{ maxBytes: memory }, {}];
  if (kind === "dir24-8" || kind === "lpm6") {
    tries.push({ groups: GROUPS_WIDE, maxRules: Math.min(2 ** 26, count) });
  }
  return tries;
}

interface Filling {
  readonly table: FilledTable | null;
  readonly refused: Omit<RefusalRecord, "bytesNeeded"> | null;
  readonly curve: CurvePoint[];
  readonly beyondAt: (number | null)[];
}

/** Adds the routes in their order, up to the first that is refused. */
function fill(
  kind: string,
  limits: TableLimits,
  { family, nicBytes }: Measurement,
  order: Uint32Array,
): Filling {
  const curve: CurvePoint[] = [];
  const beyondAt: (number | null)[] = nicBytes.map(() => null);
  const ended = (table: FilledTable | null, reason: string | null): Filling => {
    return { table, refused: { after: table?.fib.size ?? 0, reason }, curve, beyondAt };
  };
  let table: FilledTable | null = null;
  try {
    table = family.create(kind, limits);
    const { fib } = table;
    // A table that takes no limit of bytes has set all of them aside by now.
    if (fib.bytesReserved > (limits.maxBytes ?? Infinity)) return ended(table, null);
    let next = sizeAfter(0, order.length);
    for (let n = 1; n <= order.length; n++) {
      if (!table.add(order[n - 1]!)) return ended(table, null);
      const bytesOccupied = fib.bytesOccupied;
      nicBytes.forEach((bytes, m) => {
        if (bytesOccupied > bytes) beyondAt[m] ??= n;
      });
      if (n < next) continue;
      curve.push({ routes: n, bytesOccupied });
      next = sizeAfter(n, order.length);
    }
  } catch (error) {
    // What an empty table or a next hop is out of range for, it says itself.
    if (error instanceof RangeError) return ended(table, error.message);
    throw error;
  }
  return { table, refused: null, curve, beyondAt };
}

/** The next size of the sample that the curve has a point at. */
function sizeAfter(n: number, count: number): number {
  let size = SIZES.find((size) => size > n) ?? SIZES.at(-1)! * 2;
  while (size <= n) size *= 2;
  return Math.min(size, count);
}

/** Kinds that refuse by the bytes that all routes occupy. */
const REFUSES_OCCUPIED = new Set(["mtrie", "state-jump", "poptrie", "dxr"]);

/**
 * Bytes in which the table takes all routes: the least where it refuses by what is occupied or sets all aside at
 * once, elsewhere what it has set aside as it grew.
 */
function needed(kind: string, { fib }: FilledTable, { family, count }: Measurement): number {
  if (fib instanceof Dir24_8 || fib instanceof Lpm6) {
    const limits = { groups: fib.groupsUsed, maxRules: count };
    return family.create(kind, limits).fib.bytesReserved;
  }
  return REFUSES_OCCUPIED.has(kind) ? fib.bytesOccupied : fib.bytesReserved;
}

function stateOf(table: FilledTable, streams: Streams): TableState {
  const { size, bytesReserved, bytesOccupied } = table.fib;
  const reads = {
    random: readsOf(table, streams.random),
    covered: readsOf(table, streams.covered),
  };
  return { routes: size, bytesReserved, bytesOccupied, reads };
}

function readsOf(table: FilledTable, addresses: Uint32Array): ReadsRecord {
  let sum = 0;
  let max = 0;
  for (let k = 0; k < LOOKUPS; k++) {
    const reads = table.reads(addresses, k);
    sum += reads;
    if (reads > max) max = reads;
  }
  return { mean: sum / LOOKUPS, max };
}

function replay(
  table: FilledTable,
  { updates }: Measurement,
  streams: Streams,
): UpdatedRecord | null {
  if (updates === null) return null;
  const { stream, nextHops } = updates;
  let refused = 0;
  for (let i = 0; i < stream.count; i++) {
    if (!table.update(stream, i, mix32(i) % nextHops)) refused++;
  }
  return { ...stateOf(table, streams), refused };
}
