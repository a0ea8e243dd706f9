/**
 * One definition of each benchmark. Two runners take it: `deno bench` (`suite_bench.ts`) and mitata
 * (`mitata.ts`). A call of `run` does `items` operations, so that what is reported is time by operation.
 */
import {
  checkHeader,
  checksumIpv4Header20,
  createFib4,
  decrementTtl,
  FlatOut,
  Memory,
  Mempool,
  type RouteSet,
  SpscRing,
  spscRingBytes,
  type Stack,
  testbed,
  writeUdpFrame,
} from "../core/mod.ts";
import { bgpLikeTable, machineProfile, paperHost, Prng } from "../fixtures/mod.ts";
import { build, judgeScenario, LAWS, scenario, Subject } from "../properties/mod.ts";
import { l3fwd, linuxNapi, p2pnic } from "../stacks/mod.ts";
import fc from "fast-check";

/** One benchmark. */
export interface Benchmark {
  readonly group: string;
  readonly name: string;
  /** Operations of one call. */
  readonly items: number;
  /** Does them; the answer depends on all of them, so that none can be left out. */
  run(): number;
}

const BURSTS = [1, 8, 32, 256];
/** Routes of the tables: what a cache holds, a part of the Internet, all of it. */
const TABLES = [1_000, 100_000, 1_000_000];
const ADDRESSES = 4096;
const RING = 1024;
const SCENARIOS = 64;

/** Every benchmark; tables are built here, outside what is timed. */
export function benchmarks(): Benchmark[] {
  return [
    ...rings(),
    ...mempools(),
    ...lookups(),
    ...checksums(),
    ...forwarders(),
    ...scenarios(),
  ];
}

function rings(): Benchmark[] {
  const variants: [string, SpscRing][] = [
    ["plain", new SpscRing(RING)],
    ["shared", new SpscRing(RING, { shared: new SharedArrayBuffer(spscRingBytes(RING)) })],
  ];
  return variants.flatMap(([kind, ring]) =>
    BURSTS.map((burst) => {
      const items = new Int32Array(burst);
      return {
        group: "SPSC ring, enqueue and dequeue",
        name: `${kind}, burst ${burst}`,
        items: RING,
        run() {
          let moved = 0;
          for (let i = 0; i < RING; i += burst) {
            ring.enqueueBurst(items, 0, burst);
            moved += ring.dequeueBurst(items, burst);
          }
          return moved;
        },
      };
    })
  );
}

function mempools(): Benchmark[] {
  return BURSTS.map((burst) => {
    const memory = new Memory(2048);
    const pool = new Mempool(memory, memory.region("pool", 0, 2048), [0], 512);
    const held = new Int32Array(burst);
    return {
      group: "mempool with a cache of 512, get and put",
      name: `burst ${burst}`,
      items: RING,
      run() {
        let sum = 0;
        for (let i = 0; i < RING; i += burst) {
          if (burst === 1) {
            const b = pool.get(0);
            sum += b;
            pool.put(0, b);
          } else {
            pool.getBulk(0, held, 0, burst);
            sum += held[0]!;
            pool.putBulk(0, held, 0, burst);
          }
        }
        return sum;
      },
    };
  });
}

function lookups(): Benchmark[] {
  return TABLES.flatMap((count) => {
    const routes = bgpLikeTable({ routes: count, seed: 1, nextHops: 16 });
    const fib = createFib4("dir24-8", { firstBits: 24, groups: 4096, maxRules: 1 << 21 });
    for (let i = 0; i < routes.count; i++) {
      fib.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!);
    }
    const streams: [string, Uint32Array][] = [
      ["random", randomAddresses()],
      ["covered", coveredAddresses(routes)],
    ];
    return streams.flatMap(([stream, addresses]) => [
      single(`${count} routes, ${stream}, one by one`, addresses, (a) => fib.lookup(a)),
      ...[8, 32, 256].map((burst) => bulk(`${count} routes, ${stream}`, fib, addresses, burst)),
    ]);
  });
}

function single(name: string, addresses: Uint32Array, lookup: (a: number) => number): Benchmark {
  return {
    group: "DIR-24-8 look-up",
    name,
    items: ADDRESSES,
    run() {
      let sum = 0;
      for (let i = 0; i < ADDRESSES; i++) sum += lookup(addresses[i]!);
      return sum;
    },
  };
}

function bulk(
  name: string,
  fib: ReturnType<typeof createFib4>,
  addresses: Uint32Array,
  burst: number,
): Benchmark {
  // views made once: a real caller has its burst in one array
  const parts = Array.from(
    { length: ADDRESSES / burst },
    (_, i) => addresses.slice(i * burst, (i + 1) * burst),
  );
  const out = new Int32Array(burst);
  return {
    group: "DIR-24-8 look-up",
    name: `${name}, bulk ${burst}`,
    items: ADDRESSES,
    run() {
      let sum = 0;
      for (let i = 0; i < parts.length; i++) {
        fib.lookupBulk(parts[i]!, out, burst);
        sum += out[0]!;
      }
      return sum;
    },
  };
}

function checksums(): Benchmark[] {
  const frames = frameOf(coveredAddresses(bgpLikeTable({ routes: 1000, seed: 2, nextHops: 4 })));
  const group = "IPv4 header";
  const items = ADDRESSES;
  return [
    {
      group,
      name: "checksum of 20 bytes",
      items,
      run() {
        let sum = 0;
        for (let i = 0; i < ADDRESSES; i++) sum += checksumIpv4Header20(frames, i * 64 + 14);
        return sum;
      },
    },
    {
      group,
      name: "TTL - 1, incremental checksum",
      items,
      run() {
        let sum = 0;
        for (let i = 0; i < ADDRESSES; i++) sum += decrementTtl(frames, i * 64 + 14);
        return sum;
      },
    },
    {
      group,
      name: "checksum verified, TTL - 1, incremental checksum",
      items,
      run() {
        let sum = 0;
        for (let i = 0; i < ADDRESSES; i++) {
          sum += checkHeader(frames, i * 64 + 14, 46, true) + decrementTtl(frames, i * 64 + 14);
        }
        return sum;
      },
    },
  ];
}

function forwarders(): Benchmark[] {
  return ([["strict", 1_000], ["strict", 100_000], ["faithful", 100_000]] as const).map(
    ([profile, count]) => {
      const ports = 4;
      const turns = 32;
      const routes = bgpLikeTable({ routes: count, seed: 1, nextHops: ports });
      const neighbours = {
        count: ports,
        port: Uint8Array.from({ length: ports }, (_, port) => port),
        mac: new Uint8Array(ports * 6).fill(2),
        portMac: new Uint8Array(ports * 6).fill(4),
      };
      const frames = Array.from({ length: ports }, () => frameOf(coveredAddresses(routes)));
      const flat = new FlatOut(l3fwd(profile), { ports, ring: 512, routes, neighbours, frames });
      return {
        group: "dpdk l3fwd flat out, 4 ports, 64-byte frames, bursts of 32",
        name: `${profile}, ${count} routes`,
        items: ports * turns * 32,
        run: () => flat.run(turns),
      };
    },
  );
}

/** Scenarios of 40 to 64 packets: run on a reset machine, and judged by every law that does not run them again. */
function scenarios(): Benchmark[] {
  const laws = LAWS.filter((law) => law.reruns !== true);
  const stacks: [string, Stack][] = [
    ["dpdk", l3fwd("strict")],
    ["linux-napi", linuxNapi()],
    ["p2pnic", p2pnic()],
  ];
  return stacks.flatMap(([name, stack]) =>
    (["coarse", "tlp"] as const).map((fidelity) => {
      const policy = stack.policy!;
      const drawn = fc.sample(scenario(policy, { geometry: { fidelity } }), {
        numRuns: 600,
        seed: 1,
      });
      const draws = drawn.filter((draw) => draw.packets.length >= 40).slice(0, SCENARIOS);
      const subject = new Subject(testbed(stack, machineProfile(paperHost)));
      return {
        group: "scenario of 40 to 64 packets: built, run, judged",
        name: `${name}, ${fidelity}`,
        items: draws.length,
        run() {
          let kept = 0;
          for (const draw of draws) {
            for (const verdict of judgeScenario(subject, build(draw), laws).verdicts) {
              if (verdict.kind === "kept") kept++;
            }
          }
          return kept;
        },
      };
    })
  );
}

function randomAddresses(): Uint32Array {
  const prng = new Prng(7);
  return Uint32Array.from({ length: ADDRESSES }, () => prng.next());
}

function coveredAddresses(routes: RouteSet): Uint32Array {
  const prng = new Prng(8);
  return Uint32Array.from({ length: ADDRESSES }, () => {
    const route = prng.next() % routes.count;
    return (routes.prefix[route]! + 1) >>> 0;
  });
}

function frameOf(destinations: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(destinations.length * 64);
  destinations.forEach((dst, i) => {
    writeUdpFrame(bytes, i * 64, { dstMac: 2, srcMac: 4, src: 0x0a000001, dst, ttl: 64 });
  });
  return bytes;
}
