// Aim: the look at a cluster from outside follows packets of every shape that the cluster does, so that it names each
// fragment that leaves its packet and none that does not. Method: a pair of fragments of each shape, given to one socket or
// two; clusters of all types over frames with tags, options, lengths and bytes at random, the same in every run.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Memory } from "../../core/memory/memory.ts";
import { type UdpFrameOptions, writeTcpFrame, writeUdpFrame } from "../../core/packet/mod.ts";
import { Cluster } from "./cluster.ts";
import { CLUSTER_TYPES, type ClusterType } from "./cluster_hash.ts";
import { ClusterWatch } from "./cluster_watch.ts";
import { CLUSTER_FRAGMENTS_MAX, FragmentCache } from "./fragment_cache.ts";
import { ParsedPkt } from "./parse_pkt.ts";
import type { PfRingSocket } from "./socket.ts";

const SOCKETS = ["a", "b", "c", "d", "e"].map((name) => {
  return { setup: { name }, active: true, ring: { hasRoom: () => true } };
}) as unknown as PfRingSocket[];
const BASE = { dstMac: 1, srcMac: 2, src: 3, dst: 4, srcPort: 5, dstPort: 6, payload: 40 };
const MORE = 1;

/** How a frame is made, and what is changed in its IPv4 header. */
interface Shape {
  readonly fields?: Partial<UdpFrameOptions>;
  change?(bytes: Uint8Array, ip: number): void;
}

const SHAPES: Readonly<Record<string, Shape>> = {
  "plain fragments": {},
  "behind a tag": { fields: { vlan: [{ tci: 7 }] } },
  "behind two tags": { fields: { vlan: [{ tci: 7 }, { tci: 8 }] } },
  "with options": { fields: { options: new Uint8Array(8).fill(1) } },
  "whose total length ends before the frame": { change: (bytes, ip) => bytes[ip + 3] = 24 },
  "whose total length ends behind the frame": { change: (bytes, ip) => bytes[ip + 3] = 200 },
};

/** A memory with one frame of a shape: the first fragment of packet 9, or one behind it. */
function frame(memory: Memory, { fields = {}, change }: Shape, isFirst: boolean): void {
  const at = memory.offset[0]!;
  const length = writeUdpFrame(memory.bytes, at, {
    ...{ ...BASE, id: 9, flags: isFirst ? MORE : 0 },
    ...fields,
  });
  const ip = at + 14 + 4 * (fields.vlan?.length ?? 0);
  memory.bytes[ip + 7] = isFirst ? 0 : 3;
  change?.(memory.bytes, ip);
  memory.length[0] = length;
}

for (const [name, shape] of Object.entries(SHAPES)) {
  Deno.test(`PFRING-7 follows fragments: ${name}`, () => {
    const memory = new Memory(1);
    for (const first of [SHAPES["plain fragments"]!, shape]) {
      for (const second of ["a", "b"]) {
        const watch = new ClusterWatch("1", "per_flow");
        const give = (to: string): void => {
          const chosen = SOCKETS.filter(({ setup }) => setup.name === to);
          watch.shared(memory, 0, chosen, SOCKETS);
        };
        frame(memory, first, true);
        give("a");
        frame(memory, shape, false);
        give(second);
        assertEquals(watch.again, 1);
        const expected =
          "cluster 1 gave fragments of 0,0,0,3 > 0,0,0,4 17 9 to b, expected a as before";
        assertEquals(watch.broken.get("PFRING-7"), second === "a" ? undefined : expected);
      }
    }
  });
}

/** Gives `count` frames of all shapes, flows and defects to a cluster; answers what its watch has seen. */
function shared(cluster: Cluster, count: number, seed: number, watch = cluster.watch) {
  const memory = new Memory(1);
  const parsed = new ParsedPkt();
  const { bytes } = memory;
  const at = memory.offset[0]!;
  let state = seed;
  const below = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) % n;
  };
  const oneIn = (n: number): boolean => below(n) === 0;
  for (let i = 0; i < count; i++) {
    const tags = [0, 0, 0, 1, 1, 2][below(6)]!;
    const write = oneIn(4) ? writeTcpFrame : writeUdpFrame;
    const length = write(bytes, at, {
      ...{ dstMac: 1, srcMac: 2, src: below(2), dst: below(2), srcPort: below(3), id: below(3) },
      dstPort: oneIn(2) ? 4789 : below(3), // VXLAN's, as if there were a tunnel
      vlan: Array.from({ length: tags }, () => ({ tci: below(3) })),
      payload: 10 + below(30),
    });
    const ip = at + 14 + 4 * tags;
    if (oneIn(3)) bytes[ip + 6] = 0x20;
    else if (oneIn(2)) bytes.set([below(2) * 0x20, below(4)], ip + 6);
    if (oneIn(3)) bytes[ip] = 0x40 + below(16); // also a header that is longer than the frame
    if (oneIn(3)) bytes.set([0, below(256)], ip + 2);
    if (oneIn(12)) bytes[ip + 9] = [1, 4, 41, 47, 137][below(5)]!;
    if (oneIn(20)) bytes[at + 12 + below(30)] = below(256);
    memory.length[0] = oneIn(20) ? 14 + below(length - 14) : length;
    parsed.parse(bytes, at, memory.length[0]);
    const chosen = cluster.choose(parsed, 0);
    watch.shared(memory, 0, chosen, cluster.sockets);
  }
  return watch;
}

function clusterOf(type: ClusterType, fragments: FragmentCache | null): Cluster {
  const cluster = new Cluster(1, type, fragments);
  for (const socket of SOCKETS) cluster.join(socket);
  return cluster;
}

/** Types that look at flows outside tunnels and give each packet to one socket. */
const FOLLOWED = CLUSTER_TYPES.filter((type) =>
  type !== "round_robin" && !type.startsWith("per_inner") && type !== "per_flow_ip_with_dup_tuple"
);

Deno.test("PFRING-7 finds no fault with a cluster, whatever its type and the shapes of its packets", () => {
  for (const type of CLUSTER_TYPES) {
    for (const cache of [new FragmentCache(), null]) {
      const { broken, again } = shared(clusterOf(type, cache), 3000, 1);
      assertEquals([...broken.values()], []);
      // without a cache flows alone are followed
      const least = !FOLLOWED.includes(type) ? 0 : cache === null ? 150 : 1000;
      assert(again >= least, `${type}: ${again} packets of what was known`);
    }
  }
});

Deno.test("PFRING-7 finds a cluster of ports that does not keep fragments together", () => {
  for (const type of FOLLOWED) {
    const watch = new ClusterWatch("2", type);
    const { broken } = shared(clusterOf(type, null), 3000, 2, watch);
    if (type === "per_flow_2_tuple") assertEquals(broken.size, 0);
    else assertMatch(broken.get("PFRING-7")!, /^cluster 2 gave fragments of /);
  }
});

Deno.test("PFRING-7 finds no fault with fragments whose first one the cache has forgotten", () => {
  const memory = new Memory(1);
  const parsed = new ParsedPkt();
  const cluster = clusterOf("per_flow", new FragmentCache());
  const give = (id: number, isFirst: boolean): void => {
    frame(memory, { fields: { id, srcPort: id } }, isFirst);
    parsed.parse(memory.bytes, memory.offset[0]!, memory.length[0]!);
    cluster.watch.shared(memory, 0, cluster.choose(parsed, 0), cluster.sockets);
  };
  for (let id = 1; id <= CLUSTER_FRAGMENTS_MAX + 10; id++) give(id, true);
  for (let id = 1; id <= CLUSTER_FRAGMENTS_MAX + 10; id++) give(id, false);
  assertEquals([...cluster.watch.broken.values()], []);
  assertEquals(cluster.watch.again, 10);
});
