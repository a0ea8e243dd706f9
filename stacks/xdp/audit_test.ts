// Aim: each invariant's checker sees the breach that it is for, alone, and says it with the values. What one breach
// implies of another is named. Method: the stack with one part of it broken from outside, and counters of a run that was
// right, changed behind its back.
import { assertEquals, assertMatch } from "@std/assert";
import type { Geometry } from "../../core/machine/device.ts";
import { Process } from "../../core/host/process.ts";
import { REASON } from "../../core/policy.ts";
import { TimedRing } from "../../core/ring/timed_ring.ts";
import type { Stack } from "../../core/stack.ts";
import { run, steady } from "./_scenario_for_tests.ts";
import { Devmap } from "./devmap.ts";
import { XDP } from "./helpers.ts";
import { XdpHook } from "./hook.ts";
import { afXdp, xdp, xdpBench } from "./mod.ts";
import { ProgramRunner } from "./run.ts";
import type { XdpSystem } from "./system.ts";
import { AF_XDP_INVARIANTS } from "./xsk/invariants.ts";
import { XskKernel } from "./xsk/kernel.ts";
import { XskRing } from "./xsk/ring.ts";

/** What invariants say that are broken. */
type Said = Record<string, string>;

const PLAN = steady(20, 200_000);
const DROP = xdp(xdpBench("xdp_drop"));
const PASS = xdp(xdpBench("xdp_pass"));
const TX = xdp(xdpBench("xdp_tx"));
const REDIRECT = xdp(xdpBench("xdp_redirect_map"));
const TO_CPU = xdp(xdpBench("xdp_redirect_cpu", { cpu: 1 }));
const TWO_CPUS: Partial<Geometry> = { lcores: 2 };
/** Invariants that a test below breaks. */
const broken = new Set<string>();

/** A test in which an invariant is broken. */
function sees(id: string, what: string, fn: () => void): void {
  broken.add(id);
  Deno.test(`${id} sees ${what}`, fn);
}

/** Sentences of a stack's invariants after a run; `change` is what happens behind its back when the run is over. */
function said(
  stack: Stack,
  geometry: Partial<Geometry> = {},
  change: (system: XdpSystem, xsk: XskKernel) => void = () => {},
  plan = PLAN,
): Said {
  const { plane } = run(stack, plan, geometry, 2e8);
  const { system, xsk } = plane as unknown as { system: XdpSystem; xsk: XskKernel };
  change(system, xsk);
  const findings = plane.audit!().filter((finding) => finding.broken !== null);
  return Object.fromEntries(findings.map(({ id, broken }) => [id, broken!]));
}

/** As `said`, with one method of a part replaced. */
function saidWith<T extends object, K extends keyof T>(
  part: T,
  name: K,
  replace: (method: T[K]) => T[K],
  ...given: Parameters<typeof said>
): Said {
  const method = part[name];
  part[name] = replace(method);
  try {
    return said(...given);
  } finally {
    part[name] = method;
  }
}

/** A method that does what it is to do, but for its call number `odd`, where it does `instead`. */
function but<A extends unknown[], R, S>(
  odd: number,
  instead: (self: S, ...args: A) => R,
): (method: (...args: A) => R) => (...args: A) => R {
  return (method) => {
    let calls = 0;
    return function (this: S, ...args: A): R {
      return calls++ === odd ? instead(this, ...args) : method.apply(this, args);
    };
  };
}

Deno.test("XDP audits say nothing of runs that were right", () => {
  for (const stack of [DROP, PASS, TX, REDIRECT, TO_CPU, afXdp(), afXdp({ mode: "zerocopy" })]) {
    assertEquals(said(stack, TWO_CPUS), {});
  }
});

sees("XDP-1", "a frame without a verdict", () => {
  const lose = but<Parameters<XdpHook["take"]>, boolean, XdpHook>(3, () => true);
  assertEquals(saidWith(XdpHook.prototype, "take", lose, DROP), {
    "XDP-1": "20 frames were received, 19 got a verdict and 0 came without a program",
  });
});

sees("XDP-2", "an skb for a frame that a program dropped", () => {
  // what the driver goes on with was a drop by the hook's own account
  const pass = (take: XdpHook["take"]): XdpHook["take"] =>
    function (this: XdpHook, ...args) {
      const taken = take.apply(this, args);
      const { action } = this.points;
      if (action[XDP.DROP] === 0) [action[XDP.DROP], action[XDP.PASS]] = [1, 0];
      return taken;
    };
  assertEquals(saidWith(XdpHook.prototype, "take", pass, PASS), {
    "XDP-2": "20 skbs were built for 19 frames that were passed",
  });
});

sees("XDP-3", "a page that does not come back", () => {
  const keep = but<Parameters<XdpHook["sent"]>, void, XdpHook>(3, () => {});
  for (const stack of [TX, REDIRECT]) {
    assertEquals(saidWith(XdpHook.prototype, "sent", keep, stack), {
      "XDP-3": "20 frames left without an skb, 19 pages came back",
    });
  }
});

sees("XDP-4", "frames that wait across polls, and at the end", () => {
  const later = but<Parameters<Devmap["flush"]>, void, Devmap>(0, () => {});
  assertEquals(saidWith(Devmap.prototype, "flush", later, REDIRECT), {
    "XDP-4": "CPU 0 completed 1 polls with frames in its bulk queues",
  });
  const never = () => () => {};
  assertEquals(saidWith(XdpHook.prototype, "flush", never, REDIRECT), {
    "XDP-4": "CPU 0 holds 4 frames for a devmap at the end",
  });
  assertEquals(saidWith(XdpHook.prototype, "flush", never, TO_CPU, TWO_CPUS), {
    "XDP-4": "CPU 0 holds 2 frames for CPU 1 at the end",
  });
});

sees("XDP-5", "bulks that are too large, and counts that are lost", () => {
  assertEquals(said(REDIRECT, {}, ({ hooks }) => void (hooks[0]!.points.devmapMost = 17)), {
    "XDP-5": "CPU 0 sent 17 frames by one ndo_xdp_xmit",
  });
  assertEquals(said(TO_CPU, TWO_CPUS, ({ hooks }) => void (hooks[1]!.points.kthreadMost = 9)), {
    "XDP-5": "the thread of CPU 1 took 9 frames at once",
  });
  assertEquals(said(REDIRECT, {}, ({ hooks }) => void hooks[0]!.points.devmapDrops++), {
    "XDP-5":
      "CPU 0 gathered 20 frames, of which 20 were sent, 1 dropped by the driver and 0 by a second " +
      "program, and 0 wait",
  });
  assertEquals(said(TO_CPU, TWO_CPUS, ({ cpus }) => void (cpus[1]!.most = 9999)), {
    "XDP-5": "9999 frames waited at once for CPU 1, whose queue holds 192",
  });
  const short = (dequeue: TimedRing["dequeueBurst"]): TimedRing["dequeueBurst"] =>
    function (this: TimedRing, ...args) {
      const taken = dequeue.apply(this, args);
      return taken > 1 ? taken - 1 : taken;
    };
  assertMatch(
    saidWith(TimedRing.prototype, "dequeueBurst", short, TO_CPU, TWO_CPUS)["XDP-5"]!,
    /^20 frames went to other CPUs, their threads took 1\d and 0 wait$/,
  );
});

sees("XDP-7", "a frame that two programs were run on", () => {
  const twice = (run: ProgramRunner["run"]): ProgramRunner["run"] =>
    function (this: ProgramRunner, ...args) {
      run.apply(this, args);
      return run.apply(this, args);
    };
  assertEquals(saidWith(ProgramRunner.prototype, "run", twice, DROP), {
    "XDP-7": "programs ran 40 times, for 20 frames",
  });
});

sees("XDP-11", "a redirect that neither succeeds nor fails", () => {
  const forget = but<Parameters<XdpHook["redirect"]>, void, XdpHook>(3, () => {});
  assertEquals(saidWith(XdpHook.prototype, "redirect", forget, REDIRECT), {
    "XDP-11": "20 frames were to be redirected, 19 were and 0 are counted as errors",
  });
});

sees("XDP-12", "a chunk that is nowhere, and one that is in two places", () => {
  const lost = said(afXdp(), {}, (_system, { sockets: [socket] }) => void socket!.fill.consumer++);
  assertEquals(Object.keys(lost), ["XDP-12"]);
  assertMatch(lost["XDP-12"]!, /^chunk \d+ of CPU 0 is nowhere$/);
  const twice = said(afXdp(), {}, (_system, { sockets: [socket] }) => {
    socket!.spare.push(socket!.umem.chunkAt(socket!.fill.addr[socket!.fill.consumer % 2048]!));
  });
  assertEquals(Object.keys(twice), ["XDP-12"]);
  assertMatch(
    twice["XDP-12"]!,
    /^chunk \d+ of CPU 0 is in FILL of port 0 and in kernel \(free list of port 0\)$/,
  );
});

sees("XDP-13", "a ring that holds more than its size", () => {
  const most = said(afXdp(), {}, (_system, { sockets }) => void (sockets[1]!.tx.most = 2049));
  assertEquals(most, {
    "XDP-13": "socket of port 1 queue 0: tx held 2049 entries at once, of 2048",
  });
  // a producer that does not look at the room overwrites what nobody has read: those chunks are lost
  const { get } = Object.getOwnPropertyDescriptor(XskRing.prototype, "room")!;
  Object.defineProperty(XskRing.prototype, "room", { get: () => 1, configurable: true });
  try {
    const both = said(afXdp({ rxSize: 4, wait: "poll" }), {}, undefined, steady(60, 60_000));
    assertMatch(
      both["XDP-13"]!,
      /^socket of port 0 queue 0: rx held \d+ entries at once, of 4$/,
    );
    assertMatch(both["XDP-12"]!, /^chunk \d+ of CPU 0 is /);
  } finally {
    Object.defineProperty(XskRing.prototype, "room", { get: get!, configurable: true });
  }
});

sees("XDP-14", "a frame that a socket refused and did not count", () => {
  const swallow = but<Parameters<XskKernel["receive"]>, boolean, XskKernel>(
    3,
    (xsk, cpu, page, _port, _queue, number) => {
      xsk.sockets[number - 1]!.offered++;
      xsk.drop(cpu, page, REASON.other);
      return false;
    },
  );
  for (const mode of ["copy", "zerocopy"] as const) {
    assertEquals(saidWith(XskKernel.prototype, "receive", swallow, afXdp({ mode })), {
      "XDP-14":
        "socket of port 0 queue 0: 20 frames offered, 19 received, 0 rx_dropped, 0 rx_ring_full",
    });
  }
});

sees("XDP-15", "frames that are sent without a slot of COMPLETION", () => {
  const owed = said(afXdp({ completionSize: 4 }), {}, (_system, { sockets }) => {
    sockets[1]!.owedMost = 5;
  });
  assertEquals(owed, {
    "XDP-15":
      "socket of port 1 queue 0: 5 completions were owed or lay there at once, in a ring of 4",
  });
  const kept = said(afXdp(), {}, (_system, { sockets }) => {
    sockets[1]!.completion.reserve(0);
  });
  assertMatch(
    kept["XDP-15"]!,
    /^socket of port 1 queue 0: 5 slots of COMPLETION are reserved, for 4 frames on their way$/,
  );
  const always = (reserve: XskRing["reserve"]): XskRing["reserve"] =>
    function (this: XskRing, ...args) {
      return reserve.apply(this, args) || this.size === 4;
    };
  const stack = afXdp({ mode: "zerocopy", completionSize: 4 });
  const both = saidWith(
    XskRing.prototype,
    "reserve",
    always,
    stack,
    {},
    undefined,
    steady(60, 60_000),
  );
  assertMatch(
    both["XDP-15"]!,
    /^socket of port 1 queue 0: \d+ completions were owed or lay there at once, in a ring of 4$/,
  );
});

sees("XDP-17", "a wake-up that is lost, and a process that sleeps over its frames", () => {
  const lost = saidWith(Process.prototype, "wake", () => () => {}, afXdp());
  assertEquals(Object.keys(lost), ["XDP-17"]);
  assertMatch(lost["XDP-17"]!, /^socket of port 0 queue 0: \d+ descriptors wait in rx$/);
  // poll(2) first, then a sendto() in which it waits, and of whose completion nobody tells it
  const waits = (call: Process["call"]): Process["call"] =>
    function (this: Process, cpu, ...args) {
      call.call(this, cpu, ...args);
      if (this.calls < 2) return;
      this.block(cpu);
      this.wake = () => {};
    };
  assertEquals(saidWith(Process.prototype, "call", waits, afXdp(), {}, undefined, steady(1, 1)), {
    "XDP-17": "the process of CPU 0 sleeps while 1 of its frames are under way",
  });
});

Deno.test("every invariant of XDP and AF_XDP is broken by a test", () => {
  assertEquals(broken, new Set(AF_XDP_INVARIANTS.map(({ id }) => id)));
});
