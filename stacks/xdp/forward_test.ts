// Aim: the router in XDP and the kernel behind it are one: what one resolves the other uses, what one cannot do the
// other does, and what is changed while packets flow takes effect at once and loses none.
// Method: the same frames through XDP and through the kernel alone, compared byte for byte; commands under load.
import { assert, assertEquals } from "@std/assert";
import type { PacketType } from "../../core/linux/tap.ts";
import { KernelFib } from "../../core/linux/kernel_fib.ts";
import { REASON } from "../../core/policy.ts";
import { ARP_REPLY } from "../../core/packet/mod.ts";
import type { Dataplane, Env, Stack } from "../../core/stack.ts";
import { counter, type FramePlan, outFrame, run, steady } from "./_scenario_for_tests.ts";
import { u32 } from "../../core/bpf/mod.ts";
import { xdp, xdpBench, xdpForward } from "./mod.ts";
import { settingsOf } from "./options.ts";
import { put } from "./program.ts";
import { bootXdp } from "./system.ts";

const GAP = 300_000;
const ADDRESSES = [0xc0000201, 0xc0000202];
const HOPS = [0xc6336401, 0xc6336402];

/** An ARP reply of next hop `hop` to port `hop`. */
function arpReply(bytes: Uint8Array, at: number, hop: number): void {
  bytes.fill(0, at, at + 60);
  bytes.set(
    [2, 0, 0, 0, 0xaa, hop, 2, 0, 0, 0, 0xcc, hop, 8, 6, 0, 1, 8, 0, 6, 4, 0, ARP_REPLY],
    at,
  );
  const [own, peer] = [ADDRESSES[hop]!, HOPS[hop]!].map((a) => [a >>> 24, a >>> 16, a >>> 8, a]);
  bytes.set([2, 0, 0, 0, 0xcc, hop, ...peer!, 2, 0, 0, 0, 0xaa, hop, ...own!], at + 22);
}

Deno.test("xdp 8.3: the stack resolves the neighbour, XDP follows: the first packets pass, later ones are redirected", () => {
  const reply: FramePlan = {
    at: 30_000_000,
    port: 1,
    change: (bytes, at) => arpReply(bytes, at, 1),
  };
  const plan = [
    ...steady(3, GAP),
    reply,
    ...steady(50, GAP).map((f) => ({ ...f, at: f.at + 4e8 })),
  ];
  const options = { addresses: ADDRESSES, neighbours: HOPS };
  const { o, report, broken } = run(xdp(undefined, options), plan);
  assertEquals(broken, []);
  assertEquals(counter(report, /solicitations/), 1);
  assertEquals([counter(report, /^xdp cpu0 pass/), counter(report, /^xdp cpu0 redirect/)], [4, 50]);
  // the request, three that waited, fifty that did not
  assertEquals(o.outCount, 54);
  assertEquals([...outFrame(o, 53).slice(0, 6)], [2, 0, 0, 0, 0xcc, 1]);
});

Deno.test("xdp 8.3: what xdp-forward sends is what the kernel sends, byte for byte", () => {
  const odd = (i: number): NonNullable<FramePlan["change"]> => (bytes, at) => {
    // header checksums from all corners: identification counts, the checksum follows
    bytes[at + 18] = i >> 8;
    bytes[at + 19] = i;
    let sum = 0;
    bytes[at + 24] = bytes[at + 25] = 0;
    for (let j = 14; j < 34; j += 2) sum += (bytes[at + j]! << 8) | bytes[at + j + 1]!;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = 0xffff - ((sum & 0xffff) + (sum >> 16));
    bytes[at + 24] = sum >> 8;
    bytes[at + 25] = sum;
  };
  const plan = Array.from({ length: 2048 }, (_, i) => ({
    ...{ at: 2e7 + i * 700_000, srcPort: i & 7, ttl: 2 + (i % 254) },
    change: odd((i * 37) & 0xffff),
  }));
  for (const profile of ["strict", "faithful"] as const) {
    const fast = run(xdp(xdpForward(profile)), plan);
    const slow = run(xdp(xdpBench("xdp_pass")), plan);
    assertEquals(counter(fast.report, /^xdp cpu0 redirect/), 2048);
    assertEquals(counter(slow.report, /^xdp cpu0 pass/), 2048);
    const frames = ({ o }: typeof fast) =>
      Array.from({ length: o.outCount }, (_, i) => outFrame(o, i).join(" "));
    assertEquals(frames(fast), frames(slow));
  }
});

Deno.test("xdp-forward passes what is not for it: TTL 1, no route, too long, foreign addresses", () => {
  const change = (index: number, value: number): NonNullable<FramePlan["change"]> => (bytes, at) =>
    void (bytes[at + index] = value);
  const plan: FramePlan[] = [
    { at: 3e7, ttl: 1 },
    { at: 4e7, to: 99 },
    { at: 5e7, size: 1400 },
    { at: 6e7, change: change(5, 0x77) },
    { at: 7e7, change: change(13, 6) },
    { at: 8e7, change: change(24, 1) },
  ];
  const { o, report, broken } = run(xdp(undefined, { addresses: ADDRESSES, mtu: 1000 }), plan);
  assertEquals(broken, []);
  assertEquals(counter(report, /^xdp cpu0 pass/), 6);
  assertEquals(counter(report, /IcmpOutTimeExcds/), 0);
  const { ttl, "not-for-us": foreign, "not-ip": other, "bad-checksum": sum } = REASON;
  assertEquals([...o.reason.slice(0, 6)], [ttl, REASON["no-route"], 0, foreign, other, sum]);
  // too long without "do not fragment": the model's kernel sends it whole
  assertEquals(o.outCount, 1);
});

Deno.test("xdp-forward as it is written trusts the header checksum: the frame leaves with the same fault", () => {
  const plan: FramePlan[] = [{ at: 3e7, change: (bytes, at) => void (bytes[at + 24]! ^= 0x55) }];
  assertEquals(run(xdp(xdpForward("faithful")), plan).o.outCount, 1);
  const { o } = run(xdp(xdpForward("strict")), plan);
  assertEquals([o.outCount, o.reason[0]], [0, REASON["bad-checksum"]]);
});

Deno.test("xdp 8.3: a deleted route changes the verdict at once, and so does a new one", () => {
  const plan = steady(300, 1_000_000);
  const commands = [
    { atUs: 100, route: "del", prefix: 0x0a010000, depth: 16 },
    { atUs: 200, route: "replace", prefix: 0x0a010000, depth: 16, nextHop: 0 },
  ] as const;
  const { o, report, broken } = run(xdp(undefined, { commands }), plan);
  assertEquals(broken, []);
  const passed = counter(report, /^xdp cpu0 pass/);
  assert(passed > 80 && passed < 120, `${passed} passed while there was no route`);
  assertEquals(
    o.reason.slice(0, 300).filter((reason) => reason === REASON["no-route"]).length,
    passed,
  );
  // next hop 0 lies behind the ingress port
  assert(Array.from({ length: o.outCount }, (_, i) => o.outPort[i]).includes(0));
});

Deno.test("xdp 8.17: a program is attached, replaced and detached under load, and no packet is lost", () => {
  const plan = steady(600, 800_000);
  const commands = [
    { atUs: 80, attach: null },
    { atUs: 160, attach: "xdp_fwd" },
    { atUs: 240, attach: "xdp_fwd_strict", port: 0 },
  ] as const;
  const { o, report, broken } = run(xdp(xdpForward(), { commands }), plan);
  assertEquals(broken, []);
  assertEquals(o.outCount, 600);
  const runs = ["xdp_fwd", "xdp_fwd_strict"].map((name) =>
    counter(report, new RegExp(` ${name} run_cnt`))
  );
  const bare = 600 - runs[0]! - runs[1]!;
  assert(
    runs.every((n) => n > 80) && bare > 80,
    `${runs} runs, ${bare} frames without a program`,
  );
});

Deno.test("xdp maps that user mode changes are seen by the next packet, without a reload", () => {
  const plan = steady(200, 1_000_000);
  const commands = [{
    atUs: 120,
    maps: (maps: ReadonlyMap<string, Parameters<typeof put>[0]>) =>
      put(maps.get("tx_port")!, u32(2), u32(2, 0)),
  }];
  const { o } = run(xdp(xdpBench("xdp_redirect_map"), { commands }), plan);
  const ports = Array.from({ length: o.outCount }, (_, i) => o.outPort[i]!);
  const turn = ports.indexOf(0);
  assert(turn > 80 && turn < 120, `turned at packet ${turn}`);
  assert(ports.slice(turn).every((port) => port === 0));
});

/** Keeps what lies in front of every frame that the stack sees. */
class MetaReader implements PacketType {
  readonly seen: number[][] = [];
  readonly #env: Env;

  constructor(env: Env) {
    this.#env = env;
  }

  see(_cpu: unknown, skb: number, _port: number, way: "rx" | "tx"): void {
    const { bytes, offset } = this.#env.memory;
    if (way === "rx") this.seen.push([...bytes.slice(offset[skb]! - 8, offset[skb]!)]);
  }
}

Deno.test("xdp 8.8: metadata that a program writes in front of a frame goes with it to the skb", () => {
  let reader: MetaReader | null = null;
  const program = xdpBench("xdp_meta");
  const stack: Stack = Object.assign((env: Env): Dataplane => {
    reader = new MetaReader(env);
    const system = bootXdp(env, program, settingsOf({}), new KernelFib(), null, [reader]);
    system.kernel.up();
    return {
      name: "meta",
      interrupt: (cpu, vector) => system.kernel.interrupt(cpu, vector),
      report: () => system.kernel.report(),
      audit: () => [],
    };
  }, { policy: program.policy, invariants: [] });
  // more frames than there are pages: what stood in front of the frame before is no part of this one's
  const few = { rxRing: 8, txRing: 8, spareBuffers: 8, poolCache: 0 };
  for (const [count, geometry] of [[10, {}], [1500, few]] as const) {
    const { o } = run(stack, steady(count, 10_000_000), geometry);
    assertEquals(o.outCount, count);
    assertEquals(reader!.seen, Array(count).fill([0, 0, 0, 0, 0, 0, 0xed, 0xfe]));
  }
});

Deno.test("xdp adjust_head takes bytes off or puts them on, and beyond the headroom fails without change", () => {
  // an outer Ethernet header in front of the frame
  const plan = steady(5, GAP, {
    size: 100,
    change: (bytes, at) => {
      bytes.copyWithin(at + 14, at, at + 86);
    },
  });
  const off = run(xdp(xdpBench("xdp_adjust", { adjust: 14 })), plan);
  assertEquals([off.o.outCount, counter(off.report, /^xdp cpu0 pass/)], [0, 5]);
  const far = run(xdp(xdpBench("xdp_adjust", { adjust: -128 })), steady(5, GAP));
  assertEquals([counter(far.report, /^xdp cpu0 aborted/), far.o.outCount], [5, 0]);
});

Deno.test("xdp-forward redirects a packet as long as the MTU, and leaves one that is longer to the kernel", () => {
  for (const [size, redirected] of [[1013, 1], [1014, 1], [1015, 0]] as const) {
    const { o, report, broken } = run(xdp(undefined, { mtu: 1000 }), [{ at: 3e7, size }]);
    assertEquals([broken, o.outCount], [[], 1]);
    assertEquals(counter(report, /^xdp cpu0 redirect/), redirected, `${size}`);
  }
});

Deno.test("xdp-forward sends nothing where forwarding is off, and the kernel counts what it passes", () => {
  const program = xdpForward();
  const stack: Stack = Object.assign((env: Env): Dataplane => {
    const system = bootXdp(env, program, settingsOf({}), new KernelFib());
    system.kernel.ip.sysctl.ipForward = false;
    system.kernel.up();
    return {
      name: "off",
      interrupt: (cpu, vector) => system.kernel.interrupt(cpu, vector),
      report: () => system.kernel.report(),
      audit: () => [],
    };
  }, { policy: program.policy, invariants: [] });
  assertEquals(run(stack, steady(10, GAP)).o.outCount, 0);
});
