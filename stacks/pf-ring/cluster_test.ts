// Aim: both directions and all fragments of a flow have one socket, each cluster type looks at the fields it names, and
// filters decide in their order. Method: packets written by hand, and drawn ones turned round.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  ETHERTYPE_IPV4,
  fillIpv4Checksum,
  setIpv4Flags,
  setIpv4FragmentOffset,
  setIpv4Id,
  setIpv4TotalLength,
  writeGre,
  writeTcpFrame,
  writeUdpFrame,
} from "../../core/packet/mod.ts";
import { Cluster, CLUSTER_LEN } from "./cluster.ts";
import { CLUSTER_TYPES, clusterHash, type ClusterType } from "./cluster_hash.ts";
import { SocketFilters, type WildcardRule } from "./filters.ts";
import { CLUSTER_FRAGMENTS_MAX, FragmentCache } from "./fragment_cache.ts";
import { pfRing } from "./mod.ts";
import { ParsedPkt } from "./parse_pkt.ts";
import type { PfRingSocket } from "./socket.ts";

interface Flow {
  readonly src: number;
  readonly dst: number;
  readonly srcPort: number;
  readonly dstPort: number;
}

const BASE = { dstMac: 1, srcMac: 2, payload: 32 };
const FLOW: Flow = { src: 0x0a000001, dst: 0x0b000002, srcPort: 1111, dstPort: 80 };
const back = ({ src, dst, srcPort, dstPort }: Flow): Flow => ({
  ...{ src: dst, dst: src, srcPort: dstPort, dstPort: srcPort },
});

function parsed(write: (bytes: Uint8Array) => number): ParsedPkt {
  const bytes = new Uint8Array(256);
  const one = new ParsedPkt();
  one.parse(bytes, 0, write(bytes));
  return one;
}
const udp = (flow: Flow) => parsed((bytes) => writeUdpFrame(bytes, 0, { ...BASE, ...flow }));
const tcp = (flow: Flow) => parsed((bytes) => writeTcpFrame(bytes, 0, { ...BASE, ...flow }));

/** A UDP packet in GRE in IPv4 between two other hosts. */
function tunnelled(
  flow: Flow,
  outerSrc: number,
  copy: Uint8Array = new Uint8Array(256),
): ParsedPkt {
  return parsed((bytes) => {
    const inner = new Uint8Array(128);
    const innerBytes = writeUdpFrame(inner, 0, { ...BASE, ...flow }) - 14;
    writeUdpFrame(bytes, 0, { ...BASE, src: outerSrc, dst: 0x0c000001, payload: 100 });
    bytes[23] = 47;
    writeGre(bytes, 34, { protocol: ETHERTYPE_IPV4 });
    bytes.set(inner.subarray(14, 14 + innerBytes), 38);
    setIpv4TotalLength(bytes, 14, 24 + innerBytes);
    fillIpv4Checksum(bytes, 14);
    copy.set(bytes);
    return 38 + innerBytes;
  });
}

/** Fragment of a packet with these ports, the first one or a later one. */
function fragment(
  flow: Flow,
  id: number,
  offset: number,
  more: boolean,
  write: typeof writeUdpFrame = writeUdpFrame,
): ParsedPkt {
  return parsed((bytes) => {
    const length = write(bytes, 0, { ...BASE, ...flow });
    setIpv4Id(bytes, 14, id);
    setIpv4FragmentOffset(bytes, 14, offset);
    setIpv4Flags(bytes, 14, more ? 1 : 0);
    return length;
  });
}

Deno.test("pf_ring invariant 7: both directions of a flow have one hash, in every type but the one with duplicates", () => {
  const word = fc.nat(0xffffffff);
  const port = fc.nat(0xffff);
  const flow = fc.record({ src: word, dst: word, srcPort: port, dstPort: port });
  const symmetric = CLUSTER_TYPES.filter((type) => type !== "per_flow_ip_with_dup_tuple");
  fc.assert(
    fc.property(flow, fc.constantFrom(...symmetric), fc.boolean(), (one, type, isTcp) => {
      const of = isTcp ? tcp : udp;
      assertEquals(clusterHash(type, of(one)), clusterHash(type, of(back(one))));
    }),
    { numRuns: 200, seed: 5 },
  );
});

Deno.test("clusterHash looks at the fields that its type names", () => {
  const otherPort = { ...FLOW, srcPort: 2222 };
  const same = (type: ClusterType, a: ParsedPkt, b: ParsedPkt): boolean =>
    clusterHash(type, a) === clusterHash(type, b);
  assert(same("per_flow_2_tuple", udp(FLOW), udp(otherPort)));
  assert(!same("per_flow_4_tuple", udp(FLOW), udp(otherPort)));
  assert(same("per_flow_4_tuple", udp(FLOW), tcp(FLOW)));
  assert(!same("per_flow_5_tuple", udp(FLOW), tcp(FLOW)));
  assert(same("per_flow_tcp_5_tuple", udp(FLOW), udp(otherPort)), "UDP by its addresses");
  assert(!same("per_flow_tcp_5_tuple", tcp(FLOW), tcp(otherPort)));
  const tagged = parsed((bytes) =>
    writeUdpFrame(bytes, 0, { ...BASE, ...FLOW, vlan: [{ tci: 7 }] })
  );
  assertEquals(tagged.vlanId, 7);
  assert(!same("per_flow", udp(FLOW), tagged), "the sixth field");
  assert(same("per_flow_5_tuple", udp(FLOW), tagged));
  const [a, b] = [tunnelled(FLOW, 0x0d000001), tunnelled(FLOW, 0x0d000009)];
  assertEquals([a.tunneled, a.inner.srcPort, a.outer.protocol], [true, 1111, 47]);
  assert(!same("per_flow", a, b));
  assert(same("per_inner_flow", a, b));
  assertEquals(
    clusterHash("per_inner_flow_4_tuple", a),
    clusterHash("per_flow_4_tuple", udp(FLOW)),
  );
});

Deno.test("a cluster declares the order of what it gives one hash", () => {
  const declared = (clusterType: ClusterType) =>
    pfRing({ applications: [{ application: "router", open: "cluster", clusterType }] }).policy!
      .order;
  const later = fragment(FLOW, 1, 40, false, writeTcpFrame);
  const tunnels = [
    tunnelled(FLOW, 0x0d000001),
    tunnelled({ ...FLOW, src: 1, srcPort: 2 }, 0x0d000001),
  ];
  for (const type of CLUSTER_TYPES) {
    const same = (a: ParsedPkt, b: ParsedPkt): boolean =>
      type !== "round_robin" && clusterHash(type, a) === clusterHash(type, b);
    const whole = same(tcp(FLOW), tcp(FLOW)) && same(tunnels[0]!, tunnels[1]!);
    const order = !whole ? "none" : same(tcp(FLOW), later) ? "flow" : "unfragmented";
    assertEquals(declared(type), order, type);
  }
  assertEquals(pfRing().policy!.order, undefined);
});

Deno.test("pf_ring invariant 7: later fragments follow their first one", () => {
  const cache = new FragmentCache();
  const sockets = ["a", "b", "c", "d", "e"].map((name) => ({ setup: { name } }));
  const cluster = new Cluster(1, "per_flow", cache);
  for (const socket of sockets) cluster.join(socket as unknown as PfRingSocket);
  const chosen = (one: ParsedPkt): string => cluster.choose(one, 0)[0]!.setup.name;
  for (let id = 1; id < 40; id++) {
    const flow = { ...FLOW, srcPort: 1000 + id };
    const first = chosen(fragment(flow, id, 0, true));
    assertEquals(first, chosen(udp(flow)), "the whole packets of its flow");
    // the last one overtakes the one in the middle
    assertEquals(chosen(fragment(flow, id, 40, false)), first);
    assertEquals(chosen(fragment(flow, id, 20, true)), first);
  }
  assertEquals([cache.queue, cache.discarded], [39, 0]);
  for (let id = 0; id < CLUSTER_FRAGMENTS_MAX; id++) chosen(fragment(FLOW, 100 + id, 0, true));
  assertEquals([cache.queue, cache.discarded], [CLUSTER_FRAGMENTS_MAX, 39]);
});

Deno.test("FragmentCache tells packets apart by addresses, protocol and identification (RFC 791, 3.2)", () => {
  const packets: readonly (readonly [Flow, number, typeof writeUdpFrame])[] = [
    [FLOW, 7, writeUdpFrame],
    [FLOW, 8, writeUdpFrame],
    [FLOW, 7, writeTcpFrame],
    [{ ...FLOW, src: FLOW.src + 1 }, 7, writeUdpFrame],
    [{ ...FLOW, dst: FLOW.dst + 1 }, 7, writeUdpFrame],
    [back(FLOW), 7, writeUdpFrame],
  ];
  const cache = new FragmentCache();
  packets.forEach(([flow, id, write], i) => {
    assertEquals(cache.hashOf(fragment(flow, id, 0, true, write), i), i);
  });
  packets.forEach(([flow, id, write], i) => {
    for (const offset of [20, 40]) {
      assertEquals(cache.hashOf(fragment(flow, id, offset, offset < 40, write), -1), i);
    }
  });
});

Deno.test("ParsedPkt: the VLAN is that of the outer tag, the fragment that of the outer packet", () => {
  const twice = parsed((bytes) =>
    writeUdpFrame(bytes, 0, { ...BASE, ...FLOW, vlan: [{ tci: 7 }, { tci: 9 }] })
  );
  assertEquals([twice.vlanId, twice.ethType], [7, ETHERTYPE_IPV4]);
  for (const [outer, inner] of [[false, true], [true, false], [false, false]]) {
    const bytes = new Uint8Array(256);
    const length = 38 + writeUdpFrame(new Uint8Array(128), 0, { ...BASE, ...FLOW }) - 14;
    tunnelled(FLOW, 0x0c000002, bytes);
    // the outer header ends at 34, GRE at 38
    setIpv4Flags(bytes, 14, outer ? 1 : 0);
    setIpv4Id(bytes, 14, 100);
    setIpv4Flags(bytes, 38, inner ? 1 : 0);
    setIpv4Id(bytes, 38, 200);
    for (const at of [14, 38]) fillIpv4Checksum(bytes, at);
    const one = new ParsedPkt();
    one.parse(bytes, 0, length);
    assertEquals([one.isFragment, one.ipId], [outer, 100], `${outer} ${inner}`);
  }
});

Deno.test("Cluster in turn: each packet goes to the next socket that is active and has room, or is lost at the one in turn", () => {
  const draw = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 5 });
  fc.assert(fc.property(fc.array(draw, { minLength: 1, maxLength: 12 }), (rounds) => {
    const n = rounds[0]!.length;
    const cluster = new Cluster(1, "round_robin", null);
    const sockets = Array.from({ length: n }, () => {
      const state = { active: true, hasRoom: true };
      const ring = { hasRoom: () => state.hasRoom };
      return {
        state,
        ring,
        setup: { name: "eth0" },
        get active() {
          return state.active;
        },
      };
    });
    for (const socket of sockets) cluster.join(socket as unknown as PfRingSocket);
    rounds.forEach((round, turn) => {
      sockets.forEach(({ state }, i) => {
        [state.active, state.hasRoom] = round[i % round.length]!;
      });
      const inTurn = sockets.map((_, i) => sockets[(turn + i) % n]!);
      const expected = inTurn.find(({ state }) => state.active && state.hasRoom) ?? inTurn[0]!;
      const chosen = cluster.choose(udp(FLOW), 0) as unknown as typeof sockets;
      assertEquals(chosen.map((one) => sockets.indexOf(one)), [sockets.indexOf(expected)]);
    });
  }));
});

Deno.test("Cluster takes 64 sockets", () => {
  const cluster = new Cluster(7, "round_robin", null);
  const socket = { setup: { name: "eth0" } } as unknown as PfRingSocket;
  for (let i = 0; i < CLUSTER_LEN; i++) cluster.join(socket);
  assertEquals(cluster.sockets[63]!.clusterId, 7);
  assertThrows(() => cluster.join(socket), RangeError, "it has 64 sockets");
});

Deno.test("pf_ring invariant 11: hash rules before wildcard rules, these by number, before the policy", () => {
  const filters = new SocketFilters();
  const judge = (one: ParsedPkt): string =>
    filters.judge(one, new Uint8Array(0), 0, 0, { rule: 1, insn: 1 }, () => {}).action;
  assertEquals(judge(udp(FLOW)), "forward");
  const any = (ruleId: number, action: WildcardRule["action"], more = {}): void =>
    filters.addWildcardRule({ ruleId, action, reflector: 1, ...more });
  any(20, "reflect");
  assertEquals(judge(udp(FLOW)), "reflect");
  any(10, "dont-forward", { protocol: 17, dst: [0x0b000000, 0xff000000] });
  assertEquals([judge(udp(FLOW)), judge(tcp(FLOW))], ["dont-forward", "reflect"]);
  filters.addHashRule({ ...FLOW, vlanId: 0, protocol: 17, action: "forward" });
  assertEquals([judge(udp(FLOW)), judge(udp(back(FLOW)))], ["forward", "reflect"]);
  assertEquals([filters.hashMatch, filters.hashMiss, filters.wildcardFiltered], [1, 1, 1]);
  const strict = new SocketFilters();
  strict.acceptByDefault = false;
  assertEquals(
    strict.judge(udp(FLOW), new Uint8Array(0), 0, 0, { rule: 1, insn: 1 }, () => {}).action,
    "dont-forward",
  );
});

Deno.test("pf_ring invariant 11: a wildcard rule matches what each of its fields says, and nothing beside it", () => {
  const { src, dst, srcPort, dstPort } = FLOW;
  const tagged = (vlan: number) =>
    parsed((bytes) => writeUdpFrame(bytes, 0, { ...BASE, ...FLOW, vlan: [{ tci: vlan }] }));
  const cases: [Partial<WildcardRule>, yes: ParsedPkt[], no: ParsedPkt[]][] = [
    [{}, [udp(FLOW), tcp(FLOW), tagged(7)], []],
    [{ vlanId: 7 }, [tagged(7)], [tagged(8), udp(FLOW)]],
    [{ vlanId: 0 }, [udp(FLOW)], [tagged(7)]],
    [{ protocol: 6 }, [tcp(FLOW)], [udp(FLOW)]],
    [{ src: [src, 0xffffffff] }, [udp(FLOW)], [udp(back(FLOW)), udp({ ...FLOW, src: src ^ 1 })]],
    [{ dst: [dst, 0xffffff00] }, [udp({ ...FLOW, dst: dst ^ 0xff })], [
      udp({ ...FLOW, dst: dst ^ 0x100 }),
      udp(back(FLOW)),
    ]],
    ...(["srcPort", "dstPort"] as const).map((name): (typeof cases)[number] => [
      { [name]: [100, 200] },
      [100, 150, 200].map((port) => udp({ ...FLOW, srcPort, dstPort, [name]: port })),
      [99, 201].map((port) => udp({ ...FLOW, srcPort: 150, dstPort: 150, [name]: port })),
    ]),
  ];
  for (const [rule, yes, no] of cases) {
    const filters = new SocketFilters();
    filters.addWildcardRule({ ruleId: 1, action: "reflect", reflector: 1, ...rule });
    const matching = [...yes, ...no].map((one) =>
      filters.judge(one, new Uint8Array(0), 0, 0, { rule: 1, insn: 1 }, () => {}).action ===
        "reflect"
    );
    assertEquals(matching, [...yes.map(() => true), ...no.map(() => false)], JSON.stringify(rule));
  }
});
