/**
 * What npm has for the same jobs, beside ours, with ready arguments: packages that take addresses as text
 * get texts that were made before. Only packages that are in Deno's cache are measured; `--build` puts
 * them there.
 */
import { Buffer } from "node:buffer";
import { createFib4, Memory, Mempool, SpscRing, spscRingBytes } from "../../core/mod.ts";
import { fresh } from "../benchmark.ts";
import { STREAMS } from "../streams.ts";
import { cpuSeconds, inTurn, type Row } from "./in_turn.ts";
import { type Inputs, NPM } from "./place.ts";
import { writeMmdb } from "./mmdb.ts";

const LOOKUPS = 1 << 17;

// deno-lint-ignore no-explicit-any -- the packages have types only once they are loaded
type Loaded = any;

/** Loads a package from the cache; null, with one line, when it is not there. */
async function load(name: keyof typeof NPM): Promise<Loaded> {
  const probe = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--cached-only", `await import("${NPM[name]}")`],
    stdout: "null",
    stderr: "null",
  });
  if ((await probe.output()).success) return await import(NPM[name]);
  console.error(`${NPM[name]} is not in the cache: deno task bench:peers --build`);
  return null;
}

/** All rows whose packages are there. */
export async function compareNpm(given: Inputs, rounds: number): Promise<Row[]> {
  return [
    ...await compareTables(given, Math.min(rounds, 7)),
    ...await compareRing(rounds),
    ...await comparePool(rounds),
  ];
}

async function compareTables({ routes, streams }: Inputs, rounds: number): Promise<Row[]> {
  const table = createFib4("dir24-8-compact");
  for (let i = 0; i < routes.count; i++) {
    table.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!);
  }
  const peers: [string, (address: string) => number][] = [];
  const mmdb = await load("mmdb-lib");
  if (mmdb !== null) {
    const reader = new mmdb.Reader(Buffer.from(writeMmdb(routes)));
    peers.push(["mmdb-lib", (address) => reader.get(address) ?? -1]);
  }
  const lpm = await load("longest-prefix-match");
  if (lpm !== null) {
    const matcher = new (lpm.default.default ?? lpm.default)();
    for (let i = 0; i < routes.count; i++) {
      matcher.addPrefix(`${text(routes.prefix[i]!)}/${routes.depth[i]}`, routes.nextHop[i]);
    }
    peers.push(["longest-prefix-match", (address) => matcher.getMatch(`${address}/32`)[0] ?? -1]);
  }
  const rows: Row[] = [];
  for (const [name, lookup] of peers) {
    for (const stream of STREAMS) {
      const addresses = streams[stream].slice(0, LOOKUPS);
      const texts = Array.from(addresses, text);
      const differs = texts.findIndex((t, i) => lookup(t) !== table.lookup(addresses[i]!));
      if (differs >= 0) {
        console.error(`${name} and ours differ on ${texts[differs]}`);
        Deno.exit(1);
      }
      const ours = fresh(passOurs);
      rows.push(
        await inTurn({
          subject: "IPv4 table beside npm",
          what: `dir24-8-compact, ${stream}, single`,
          theirs: name,
          unit: "look-ups",
          items: streams[stream].length,
          theirItems: LOOKUPS,
          rounds,
          timeOurs: () => cpuSeconds(() => ours(table, streams[stream])),
          timeTheirs: () => cpuSeconds(() => passTheirs(lookup, texts)),
        }),
      );
    }
  }
  return rows;
}

function passOurs(table: ReturnType<typeof createFib4>, addresses: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < addresses.length; i++) {
    const hop = table.lookup(addresses[i]!);
    if (hop >= 0) sum = (sum + hop) | 0;
  }
  return sum;
}

function passTheirs(lookup: (address: string) => number, addresses: readonly string[]): number {
  let sum = 0;
  for (let i = 0; i < addresses.length; i++) {
    const hop = lookup(addresses[i]!);
    if (hop >= 0) sum = (sum + hop) | 0;
  }
  return sum;
}

function text(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

async function compareRing(rounds: number): Promise<Row[]> {
  const ringbuf = await load("ringbuf.js");
  const denque = await load("denque");
  const rows: Row[] = [];
  const common = { subject: "ring beside npm, one thread", unit: "items in and out", rounds };
  for (const burst of [1, 8, 32]) {
    const items = burst * 200_000;
    const buffer = new Int32Array(burst);
    const ours = (ring: SpscRing) => {
      const pass = fresh(passRing);
      return () => cpuSeconds(() => pass(ring, buffer, items));
    };
    if (ringbuf !== null) {
      const { RingBuffer } = ringbuf;
      const theirs = new RingBuffer(RingBuffer.getStorageForCapacity(1024, Int32Array), Int32Array);
      rows.push(
        await inTurn({
          ...common,
          what: `SpscRing, shared, burst ${burst}`,
          theirs: "ringbuf.js",
          items,
          timeOurs: ours(
            new SpscRing(1024, { shared: new SharedArrayBuffer(spscRingBytes(1024)) }),
          ),
          timeTheirs: () =>
            cpuSeconds(() => {
              for (let moved = 0; moved < items; moved += burst) {
                theirs.push(buffer);
                theirs.pop(buffer);
              }
            }),
        }),
      );
    }
    if (denque !== null) {
      const theirs = new denque.default();
      rows.push(
        await inTurn({
          ...common,
          what: `SpscRing, burst ${burst}`,
          theirs: "denque",
          items,
          timeOurs: ours(new SpscRing(1024)),
          timeTheirs: () =>
            cpuSeconds(() => {
              for (let moved = 0; moved < items; moved += burst) {
                for (let k = 0; k < burst; k++) theirs.push(k);
                for (let k = 0; k < burst; k++) theirs.shift();
              }
            }),
        }),
      );
    }
  }
  return rows;
}

function passRing(ring: SpscRing, buffer: Int32Array, items: number): void {
  for (let moved = 0; moved < items; moved += buffer.length) {
    ring.enqueueBulk(buffer, 0, buffer.length);
    ring.dequeueBulk(buffer, buffer.length);
  }
}

async function comparePool(rounds: number): Promise<Row[]> {
  const pools = await load("object-pool");
  if (pools === null) return [];
  const theirs = new pools.ObjectPool(() => ({ length: 0 }));
  const memory = new Memory(2048);
  const pool = new Mempool(memory, memory.region("pool", 0, 2048), [0], 512);
  const items = 1_000_000;
  const ours = fresh((pool: Mempool, items: number) => {
    for (let i = 0; i < items; i++) pool.put(0, pool.get(0));
  });
  return [
    await inTurn({
      subject: "mempool beside npm",
      what: "Mempool, burst 1",
      theirs: "@smikhalevski/object-pool",
      unit: "buffers got and put",
      items,
      rounds,
      timeOurs: () => cpuSeconds(() => ours(pool, items)),
      timeTheirs: () =>
        cpuSeconds(() => {
          for (let i = 0; i < items; i++) theirs.release(theirs.take());
        }),
    }),
  ];
}
