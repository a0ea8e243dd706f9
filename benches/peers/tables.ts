/**
 * Our tables beside rte_lpm and rte_fib, on one file of routes and the same streams. Before any figure
 * the answers of all of them to all addresses have to be the same.
 */
import { createFib4, Dxr, type Fib4, type RouteSet } from "../../core/mod.ts";
import { fresh } from "../benchmark.ts";
import { STREAMS } from "../streams.ts";
import { Dpdk } from "./dpdk.ts";
import { cpuSeconds, inTurn, type Row } from "./in_turn.ts";
import { type Inputs, PROGRAM } from "./place.ts";

const BURST = 32;
const SUBJECT = "IPv4 table";
const LOOKUPS = "look-ups";
const MAKE = {
  "dir24-8": () => createFib4("dir24-8", { defaultRoute: false }) as Table,
  "dir24-8-compact": () => createFib4("dir24-8-compact") as Table,
  "dir24-8-byte": () => createFib4("dir24-8-byte") as Table,
  "dxr, 18 bits": () => createFib4("dxr", { directBits: 18 }) as Table,
};
type Ours = keyof typeof MAKE;
/** The table that the goals are for, but for that of the smallest. */
const FASTEST = "dir24-8-byte";
type Table = Fib4 & { addBulk(routes: RouteSet): boolean };

/** All rows; `rounds` for look-ups, fewer for what takes seconds. */
export async function compareTables(given: Inputs, rounds: number): Promise<Row[]> {
  const { routes, streams, files } = given;
  const count = routes.count;
  const dpdk = await Dpdk.start(PROGRAM, files);
  const rows: Row[] = [];
  const add = (row: Row) => rows.push(row);
  console.error(`${dpdk.version}; rte_lpm takes ${count} routes, up to two minutes`);
  const [lpmSeconds, lpmTaken] = await dpdk.ask("build lpm");
  const [, fibTaken] = await dpdk.ask("build fib");
  if (lpmTaken !== count || fibTaken !== count) refuse(`DPDK took ${lpmTaken}, ${fibTaken}`, count);
  const tables = new Map<Ours, Table>();
  for (const kind of Object.keys(MAKE) as Ours[]) {
    const table = MAKE[kind]();
    if (!table.addBulk(routes)) refuse(`${kind} took none`, count);
    tables.set(kind, table);
  }
  const bursts = {
    random: inBursts(streams.random),
    covered: inBursts(streams.covered),
  };
  for (const stream of STREAMS) {
    const hashes: Record<string, number> = {};
    for (const [kind, table] of tables) {
      hashes[kind] = hashSingle(table, streams[stream]);
      hashes[`${kind} in bulk`] = hashBulk(table, bursts[stream]);
    }
    for (const what of ["lpm", "lpm32", "fib32"]) {
      hashes[what] = await dpdk.seconds(`hash ${what} ${stream}`);
    }
    if (new Set(Object.values(hashes)).size > 1) {
      console.error(`The answers to the ${stream} stream differ: ${JSON.stringify(hashes)}`);
      Deno.exit(1);
    }
  }
  for (const [kind, table] of tables) {
    const isByte = kind === FASTEST;
    const isDxr = table instanceof Dxr;
    const single = fresh(passSingle);
    const bulk = fresh(passBulk);
    for (const stream of STREAMS) {
      const isRandom = stream === "random";
      const addresses = streams[stream];
      const items = addresses.length;
      const common = { subject: SUBJECT, unit: LOOKUPS, items, rounds };
      add(
        await inTurn({
          ...common,
          what: `${kind}, ${stream}, single`,
          theirs: "rte_lpm_lookup",
          goal: isByte ? (isRandom ? 1.2 : 1.1) : undefined,
          timeOurs: () => cpuSeconds(() => single(table, addresses)),
          timeTheirs: () => dpdk.seconds(`time lpm ${stream}`),
        }),
      );
      const timeBulk = () => cpuSeconds(() => bulk(table, bursts[stream], hops));
      const hops = new Int32Array(BURST);
      add(
        await inTurn({
          ...common,
          what: `${kind}, ${stream}, bulk 32`,
          theirs: "rte_lpm_lookup_bulk",
          goal: isByte ? 1 : isDxr && isRandom ? 0.5 : undefined,
          timeOurs: timeBulk,
          timeTheirs: () => dpdk.seconds(`time lpm32 ${stream}`),
        }),
      );
      add(
        await inTurn({
          ...common,
          what: `${kind}, ${stream}, bulk 32`,
          theirs: "rte_fib_lookup_bulk",
          timeOurs: timeBulk,
          timeTheirs: () => dpdk.seconds(`time fib32 ${stream}`),
        }),
      );
    }
  }
  const few = Math.min(rounds, 5);
  for (const kind of Object.keys(MAKE) as Ours[]) {
    const isByte = kind === FASTEST;
    const build = { subject: SUBJECT, unit: "routes", items: count, warmUps: 1 };
    const buildBulk = () =>
      cpuSeconds(() => {
        if (!MAKE[kind]().addBulk(routes)) throw new Error("addBulk was refused");
      });
    add(
      await inTurn({
        ...build,
        rounds: few,
        what: `${kind}, build by addBulk`,
        theirs: "rte_lpm_add, built once",
        goal: isByte ? 300 : undefined,
        timeOurs: buildBulk,
        timeTheirs: () => lpmSeconds!,
      }),
    );
    add(
      await inTurn({
        ...build,
        rounds: few,
        what: `${kind}, build by addBulk`,
        theirs: "rte_fib_add",
        goal: isByte ? 4 : undefined,
        timeOurs: buildBulk,
        timeTheirs: () => dpdk.seconds("build fib"),
      }),
    );
    add(
      await inTurn({
        ...build,
        rounds: few,
        what: `${kind}, build by add`,
        theirs: "rte_fib_add",
        timeOurs: () => cpuSeconds(() => addRoutes(MAKE[kind](), routes, 0, count)),
        timeTheirs: () => dpdk.seconds("build fib"),
      }),
    );
  }
  // Routes are withdrawn from a full table and announced again, others in each round.
  const sample = Math.min(20_000, count >> 4);
  for (const [kind, table] of tables) {
    const isByte = kind === FASTEST;
    const deletes = fresh(deleteRoutes);
    const adds = fresh(addRoutes);
    const from = (round: number) => sample * (round % 16);
    const common = {
      subject: SUBJECT,
      unit: "routes",
      items: sample,
      rounds,
      // A pass is short: what V8 compiles in the first ones it would not compile again.
      warmUps: 10,
      theirs: "rte_fib",
    };
    add(
      await inTurn({
        ...common,
        what: `${kind}, delete`,
        goal: isByte ? 5 : undefined,
        timeOurs(round) {
          const seconds = cpuSeconds(() => deletes(table, routes, from(round), sample));
          addRoutes(table, routes, from(round), sample);
          return seconds;
        },
        async timeTheirs(round) {
          const seconds = await dpdk.seconds(`update delete ${from(round)} ${sample}`);
          await dpdk.seconds(`update add ${from(round)} ${sample}`);
          return seconds;
        },
      }),
    );
    add(
      await inTurn({
        ...common,
        what: `${kind}, add`,
        goal: isByte ? 10 : undefined,
        timeOurs(round) {
          deleteRoutes(table, routes, from(round), sample);
          return cpuSeconds(() => adds(table, routes, from(round), sample));
        },
        async timeTheirs(round) {
          await dpdk.seconds(`update delete ${from(round)} ${sample}`);
          return await dpdk.seconds(`update add ${from(round)} ${sample}`);
        },
      }),
    );
    const goal = table instanceof Dxr ? ", goal: at most 4,000,000 for a whole table" : "";
    console.log(`${kind}: ${table.bytesOccupied.toLocaleString("en-US")} bytes in use${goal}`);
  }
  await dpdk.stop();
  return rows;
}

function refuse(what: string, count: number): never {
  console.error(`Not all of the ${count} routes fit: ${what}`);
  Deno.exit(1);
}

/** Each burst as an array, made once: a forwarder has the addresses of its burst in one. */
export function inBursts(addresses: Uint32Array): Uint32Array[] {
  return Array.from(
    { length: addresses.length / BURST },
    (_, i) => addresses.subarray(i * BURST, (i + 1) * BURST),
  );
}

// Both sides test each answer for a miss, since a caller has to: one by one with a branch, as gcc
// leaves it there, and in bulk with a mask, since gcc makes vectors of that loop and V8 none.
function passSingle(table: Fib4, addresses: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < addresses.length; i++) {
    const hop = table.lookup(addresses[i]!);
    if (hop >= 0) sum = (sum + hop) | 0;
  }
  return sum;
}

function passBulk(table: Fib4, bursts: readonly Uint32Array[], hops: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < bursts.length; i++) {
    table.lookupBulk(bursts[i]!, hops, 32);
    for (let k = 0; k < 32; k++) sum = (sum + (hops[k]! & ~(hops[k]! >> 31))) | 0;
  }
  return sum;
}

function hashSingle(table: Fib4, addresses: Uint32Array): number {
  let hash = 0;
  for (const address of addresses) hash = (Math.imul(hash, 31) + table.lookup(address) + 1) | 0;
  return hash >>> 0;
}

function hashBulk(table: Fib4, bursts: readonly Uint32Array[]): number {
  const hops = new Int32Array(BURST);
  let hash = 0;
  for (const burst of bursts) {
    table.lookupBulk(burst, hops, BURST);
    for (const hop of hops) hash = (Math.imul(hash, 31) + hop + 1) | 0;
  }
  return hash >>> 0;
}

function addRoutes(table: Fib4, routes: RouteSet, from: number, count: number): void {
  for (let i = from; i < from + count; i++) {
    if (!table.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!)) {
      throw new Error(`route ${i} was refused`);
    }
  }
}

function deleteRoutes(table: Fib4, routes: RouteSet, from: number, count: number): void {
  for (let i = from; i < from + count; i++) {
    if (!table.delete(routes.prefix[i]!, routes.depth[i]!)) throw new Error(`no route ${i}`);
  }
}
