// Aim: designs become networks that breathe as the documentation says: text, order, batches, drops, changes under
// traffic, sleeps, pauses, warm-up, and where cycles go.
// Method: whole runs of small networks whose counters can be told by hand.
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { stream } from "../../core/machine/_scenario_for_tests.ts";
import { FATE } from "../../core/machine/observation.ts";
import { REASON } from "../../core/policy.ts";
import { broken, gapPs, profileOf, run } from "./_rig_for_tests.ts";
import { SNABB_APPS, SnabbApp, snabbConfig, snabbDesigns, type SnabbModules } from "./mod.ts";
import { Pace } from "./pace.ts";
import type { SnabbProcess } from "./process.ts";
import { Timeline } from "./timeline.ts";

const { Intel, Sink, Source } = SNABB_APPS as Record<string, typeof SNABB_APPS.Intel>;
const NIC0 = { pciaddr: "0000:00:00.0" };
const NIC1 = { pciaddr: "0000:01:00.0" };

/** Passes packets on and says in which breath each came. */
class Stamp extends SnabbApp {
  static breaths: { readonly app: string; readonly breath: number }[] = [];
  readonly #process: SnabbModules;
  readonly #most: number;

  constructor(arg: { readonly most: number } | undefined, process: SnabbModules) {
    super();
    this.#process = process;
    this.#most = arg?.most ?? Infinity;
  }

  override push(): void {
    const { link, env } = this.#process;
    const engine = this.#process.engine as unknown as { breaths: { value: number } };
    for (let i = 0; i < this.input.length; i++) {
      for (let n = 0; n < this.#most && !link.empty(this.input[i]!); n++) {
        Stamp.breaths.push({ app: this.appname, breath: engine.breaths.value });
        const p = link.receive(this.input[i]!);
        const output = this.output[0];
        if (output === undefined) this.#process.discard(p, REASON.consumed);
        else link.transmit(output, p);
      }
    }
    assertEquals(env.lcores, 1);
  }
}

Deno.test("snabb 8.1: a design is text of apps and links, and text again", () => {
  const text = `
    app nic0 Intel {"pciaddr": "0000:00:00.0"}
    app nic1 Intel {"pciaddr": "0000:01:00.0"}   # both ways
    link nic0.output -> nic1.input
    link nic1.output->nic0.input`;
  const { o, processes } = run([...stream(5, 1e6), ...stream(3, 1e6, () => ({ port: 1 }))], {
    options: { design: ({ engine, config }) => engine.configure(config.parse(text, SNABB_APPS)) },
  });
  assertEquals([o.emitted, o.ports[1]!.txFrames, o.ports[0]!.txFrames], [8, 5, 3]);
  assertEquals(
    snabbConfig.text(processes[0]!.engine.configuration),
    'app nic0 Intel {"pciaddr":"0000:00:00.0","mtu":9014,"vmdq":false}\n' +
      'app nic1 Intel {"pciaddr":"0000:01:00.0","mtu":9014,"vmdq":false}\n' +
      "link nic0.output -> nic1.input\nlink nic1.output -> nic0.input",
  );
  const wrong: [string, string][] = [
    ["app nic0 Nic", 'line 1: class "Nic" is not one of'],
    ['app nic0 Intel {"pciaddr"}', 'line 1: {"pciaddr"} is not JSON'],
    ["app nic0 Intel", 'Intel needs the key "pciaddr"'],
    ['app s Source {"bytes": 60}', 'Source has no key "bytes"'],
    ["\nlink a.b > c.d", 'Cannot parse link "a.b > c.d"'],
    ["route a", 'line 1: "route a" is neither an app nor a link'],
  ];
  for (const [bad, message] of wrong) {
    assertThrows(() => snabbConfig.parse(bad, SNABB_APPS), TypeError, message);
  }
});

Deno.test("snabb 8.1: text of any design is parsed to the same design", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/);
  const apps = fc.dictionary(name, fc.constantFrom("Sink", "Join", "Tee"), {
    minKeys: 1,
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(apps, fc.array(fc.tuple(fc.nat(), name, fc.nat(), name)), (drawn, links) => {
      const names = Object.keys(drawn);
      const c = snabbConfig.new();
      for (const [app, cls] of Object.entries(drawn)) snabbConfig.app(c, app, SNABB_APPS[cls]!);
      for (const [a, x, b, y] of links) {
        snabbConfig.link(c, `${names[a % names.length]}.${x}->${names[b % names.length]}.${y}`);
      }
      assertEquals(snabbConfig.parse(snabbConfig.text(c), SNABB_APPS), c);
    }),
  );
});

/** nic0 -> app -> nic1, and back without the app. */
function through(cls: typeof SNABB_APPS.Intel, arg?: unknown) {
  return ({ config, engine }: SnabbModules): void => {
    const c = config.new();
    config.app(c, "nic0", Intel!, NIC0);
    config.app(c, "nic1", Intel!, NIC1);
    config.app(c, "app", cls, arg);
    config.link(c, "nic0.output -> app.input");
    config.link(c, "app.output -> nic1.input");
    engine.configure(c);
  };
}

Deno.test("snabb 8.2: a breath frees at most a pull's worth, and just that when it is overloaded", () => {
  const { n, rows, o } = run(stream(6000, gapPs(30)), { geometry: { rxRing: 512, ingress: 512 } });
  const fpb = rows(/^0\/engine\/fpb \d+$/).map(([name, breaths]) => [
    Number(name.split(" ")[1]),
    breaths,
  ]) as [number, number][];
  const total = fpb.reduce((sum, [freed, breaths]) => sum + freed * breaths, 0);
  assertEquals(total, n("engine/frees"), "each free is one of some breath");
  assertEquals(fpb.reduce((sum, [, breaths]) => sum + breaths, 0), n("engine/breaths"));
  const [mode] = fpb.filter(([freed]) => freed > 0).sort((a, b) => b[1] - a[1])[0]!;
  assertEquals(mode, 102, "LINK_MAX_PACKETS / 10, rounded down");
  assert(n("apps/nic0/rxdrop") > 500, "it is overloaded");
  assertEquals(o.dropped[REASON["rx-missed"]]! + o.emitted, 6000);
  assertEquals(o.findings.find(({ id }) => id === "SNABB-5"), { id: "SNABB-5", broken: null });
});

Deno.test("snabb 8.3: a full link drops, and its txdrop is the generator's count less what came through", () => {
  Stamp.breaths = [];
  // a consumer that takes two packets a breath, behind a link of 63
  const { o, n } = run(stream(400, gapPs(20)), {
    options: { linkRingSize: 64, design: through(Stamp, { most: 2 }) },
  });
  const spec = "links/nic0.output -> app.input";
  assertEquals(o.dropped[REASON["ring-full"]], n(`${spec}/txdrop`));
  assertEquals(n(`${spec}/txpackets`), o.emitted);
  assertEquals(n(`${spec}/txpackets`) + n(`${spec}/txdrop`), 400);
  assert(n(`${spec}/txdrop`) > 200, `${n(`${spec}/txdrop`)} of 400`);
  for (let p = 0; p < o.count; p++) {
    if (o.fate[p] !== FATE.dropped) continue;
    assertEquals(o.places[o.place[p]!], { name: "link nic0.output -> app.input", capacity: 63 });
    assertEquals(o.occupancy[p], 63);
  }
  assertEquals(broken(o), []);
});

Deno.test("snabb 8.4: pushes run in topological order, so a packet crosses a network in one breath", () => {
  Stamp.breaths = [];
  // the order is of links, not of names: nic0 -> z -> m -> a -> nic1
  const design = ({ config, engine }: SnabbModules): void => {
    const c = config.new();
    config.app(c, "nic0", Intel!, NIC0);
    config.app(c, "nic1", Intel!, NIC1);
    for (const name of ["a", "m", "z"]) config.app(c, name, Stamp);
    const hops = ["nic0.output -> z.in", "z.out -> m.in", "m.out -> a.in", "a.out -> nic1.input"];
    for (const hop of hops) config.link(c, hop);
    engine.configure(c);
  };
  const { o, processes, finding } = run(stream(20, 3e6), { options: { design } });
  assertEquals(o.emitted, 20);
  const { order } = (processes[0]!.engine as unknown as {
    network: { order: { pull: SnabbApp[]; push: { app: SnabbApp }[] } };
  }).network;
  assertEquals(order.pull.map(({ appname }) => appname), ["nic0", "nic1"]);
  assertEquals(order.push.map(({ app }) => app.appname), ["z", "m", "a", "nic1"]);
  for (let i = 0; i < Stamp.breaths.length; i += 3) {
    const [z, m, a] = Stamp.breaths.slice(i, i + 3);
    assertEquals([z!.app, m!.app, a!.app], ["z", "m", "a"]);
    assertEquals([m!.breath, a!.breath], [z!.breath, z!.breath]);
  }
  assertEquals(finding(4), { id: "SNABB-4", broken: null });
});

Deno.test("snabb 8.4: a cycle delays a packet to the next breath", () => {
  Stamp.breaths = [];
  let turns = 0;
  /** Sends each packet round again three times. */
  class Around extends Stamp {
    override push(): void {
      turns++;
      super.push();
    }
  }
  const design = ({ config, engine }: SnabbModules): void => {
    const c = config.new();
    config.app(c, "nic0", Intel!, NIC0);
    config.app(c, "loop", Around);
    config.app(c, "more", Stamp);
    config.link(c, "nic0.output -> loop.nic");
    config.link(c, "loop.out -> more.in");
    config.link(c, "more.out -> loop.back");
    engine.configure(c);
    engine.main({ done: () => Stamp.breaths.length > 8 });
  };
  const { o } = run(stream(1, 1e6), { options: { design }, patiencePs: 1e9 });
  assertEquals(o.fate[0], FATE.none, "it goes round for ever");
  const mores = Stamp.breaths.filter(({ app }) => app === "more");
  assert(mores.length >= 4 && turns > mores.length);
  mores.forEach(({ breath }, i) => {
    if (i > 0) assertEquals(breath, mores[i - 1]!.breath + 1, "back in the next breath");
  });
});

/** Paths of the counters of links, and what they have to be: nothing of a link that is gone, all of each that there is. */
function linkCounters(process: unknown): string[] {
  const paths = [...(process as SnabbProcess).counters.entries()].map(([path]) => path);
  return paths.filter((path) => path.startsWith("links/")).sort();
}

function countersOfLinks(process: unknown): string[] {
  const names = ["rxpackets", "rxbytes", "txpackets", "txbytes", "txdrop"];
  const links = [...(process as SnabbProcess).engine.links.keys()];
  return links.flatMap((link) => names.map((name) => `links/${link}/${name}`)).sort();
}

Deno.test("snabb 8.5: apps and links of both designs lose nothing when the network changes under traffic", () => {
  const filter = (expression: string) => (process: SnabbModules): void => {
    const { config, engine, timer } = process;
    const base = () => {
      const c = config.new();
      config.app(c, "nic0", Intel!, NIC0);
      config.app(c, "nic1", Intel!, NIC1);
      config.app(c, "app", SNABB_APPS.PcapFilter!, { filter: expression });
      config.link(c, "nic0.output -> app.input");
      config.link(c, "app.output -> nic1.input");
      return c;
    };
    engine.configure(base());
    const app = engine.apps.get("app");
    // every 7 us an app comes, another argument is taken, the app goes, the argument is the first again
    let turn = 0;
    timer.activate(timer.new(
      "change",
      () => {
        const c = base();
        if (++turn % 2 === 1) {
          config.app(c, "app", SNABB_APPS.PcapFilter!, { filter: `${expression} and len >= 60` });
          config.app(c, "spare", Source!);
          config.app(c, "sink", Sink!);
          config.link(c, "spare.output -> sink.input");
        }
        engine.configure(c);
        assert(engine.apps.get("app") === app, "it takes another argument and goes on");
        assertEquals(linkCounters(process), countersOfLinks(process));
      },
      7,
      "repeating",
    ));
  };
  const { o, n, finding } = run(stream(800, gapPs(4)), { options: { design: filter("udp") } });
  assertEquals([o.emitted, o.dropped[REASON.other]], [800, 0]);
  assert(n("engine/configs") > 20, `${n("engine/configs")} configurations`);
  assertEquals(n("links/nic0.output -> app.input/txpackets"), 800, "its counters went on");
  assertEquals(finding(10), { id: "SNABB-10", broken: null });
  assertEquals(broken(o), []);
});

Deno.test("snabb 8.5: a link that goes frees its packets, an app that goes gives its NIC's back", () => {
  const { o, n, processes } = run(stream(400, gapPs(20)), {
    options: {
      linkRingSize: 256,
      design(process) {
        through(Stamp, { most: 1 })(process);
        const { config, engine, timer } = process;
        timer.activate(timer.new("end", () => engine.configure(config.new()), 15));
      },
    },
    patiencePs: 5e8,
  });
  const { packet } = processes[0] as unknown as {
    packet: { allocated: number; freelist: { nfree: number } };
  };
  assertEquals(packet.freelist.nfree, packet.allocated, "every packet is free again");
  assert(o.dropped[REASON.other]! > 50, `${o.dropped[REASON.other]} packets were in the link`);
  assert(o.emitted > 0 && o.faultCount === 0, `${o.emitted} left, ${o.faults[0]?.kind}`);
  assertEquals(n("engine/configs"), 2);
});

Deno.test("Pace: the sleep grows by 1 us for an idle breath up to its limit, and halves with work", () => {
  const pace = new Pace({ Hz: false, busywait: false, maxsleep: 100 });
  const idle = Array.from({ length: 105 }, () => pace.pause(0, 0));
  assertEquals(idle.slice(0, 5), [1, 2, 3, 4, 5]);
  assertEquals(idle.slice(98), [99, 100, 100, 100, 100, 100, 100]);
  assertEquals([pace.pause(0, 1), pace.sleep, pace.pause(0, 9), pace.sleep], [0, 50, 0, 25]);
  assertEquals(pace.pause(0, 9), 26);
  const rhythm = new Pace({ Hz: 10_000, busywait: false, maxsleep: 100 });
  // breaths of 30 us; the last one is late by more than a period
  assertEquals([0, 30, 130, 330].map((us) => rhythm.pause(us, 0)), [0, 70, 70, 0]);
  const busy = new Pace({ Hz: false, busywait: true, maxsleep: 100 });
  assertEquals([busy.pause(0, 0), busy.sleeps], [0, 0]);
});

Deno.test("snabb 8.6: an idle process sleeps, and a packet that comes then waits for it; busywait does neither", () => {
  // the second one after 6 ms of nothing, which is enough for 100 sleeps
  const lonely = stream(2, 6e9, () => ({}), 1e9);
  const latencies = [false, true].map((busywait) => {
    const { o, n } = run(lonely, { options: { busywait }, patiencePs: 3e8 });
    assertEquals(o.emitted, 2);
    const share = o.lcores[0]!.busyPs / o.endPs;
    if (busywait) assertAlmostEquals(share, 1, 0.01, "busy all the time");
    else {
      assert(share < 0.05, `${share} of the time, though it breathes 10,000 times a second`);
      assertEquals([n("engine/longest sleep"), n("engine/sleeps")], [
        100,
        n("engine/system calls"),
      ]);
    }
    assertEquals(n("engine/sleeps") === 0, busywait);
    return o.endAt[1]! - 7e9;
  });
  assert(latencies[0]! < 100e6 + 6e6, `${latencies[0]} ps: 100 us and a breath at most`);
  assert(latencies[1]! < 6e6, `${latencies[1]} ps`);
  // no system call while there is work
  const { n } = run(stream(3000, gapPs(8)));
  const [calls] = [n("engine/system calls")];
  assert(calls < 60, `${calls} system calls for 3000 packets: before the first, after the last`);
});

Deno.test("snabb 8.6: Hz is a fixed rhythm", () => {
  const { o, n } = run(stream(2, 5e9), { options: { Hz: 20_000 }, patiencePs: 1e9 });
  assertEquals(o.emitted, 2);
  const rate = n("engine/breaths") / (o.endPs * 1e-12);
  assertAlmostEquals(rate, 20_000, 400);
});

Deno.test("snabb 8.12: zones have all cycles of the lcore but those of the kernel", () => {
  const { o, n, rows } = run(stream(500, gapPs(5)));
  const zones = rows(/^0\/vmprofile\/\w+$/);
  assertEquals(zones.map(([name]) => name).sort(), [
    "0/vmprofile/Intel",
    "0/vmprofile/Router",
    "0/vmprofile/engine",
  ]);
  const costs = profileOf().costs as Record<string, number>;
  const calls = n("engine/system calls") * (costs["host.syscall"]! + costs["snabb.usleep"]!);
  const kernel = calls + n("engine/context switches") * costs["host.switch"]!;
  const booked = zones.reduce((sum, [, cycles]) => sum + cycles, 0);
  assertAlmostEquals(booked + kernel, o.lcores[0]!.busyPs * 3400e-6, 1);
  // 100 cycles of each packet, as the router's share is defined, beside its callbacks
  const router = n("vmprofile/Router") - n("vmprofile/Router calls") * costs["snabb.callback"]!;
  assertEquals(router, 500 * costs["snabb.appPacket"]!);
});

Deno.test("snabb 8.12: the timeline tells breaths in order, rare rates in all of them, fine ones now and then", () => {
  const { processes } = run(stream(4, 12e9), { options: { design: snabbDesigns.router } });
  const { timeline } = processes[0] as unknown as { timeline: Timeline };
  const events = timeline.events();
  events.forEach(({ tsc }, i) => assert(i === 0 || tsc >= events[i - 1]!.tsc));
  const count = (name: string) => events.filter(({ event }) => event === name).length;
  const breaths = count("engine.breath_start");
  assert(breaths > 0 && count("engine.breath_end") <= breaths, `${breaths} breaths`);
  const log = new Timeline(3);
  for (const [breath, rate] of [[1, 9], [5, 8], [25, 7], [50, 7], [125, 6], [625, 5]] as const) {
    log.roll(breath);
    assertEquals(log.rate, rate, `breath ${breath}`);
  }
  log.roll(5);
  [9, 8, 7, 9, 9].forEach((rate, i) => log.log(i, rate, "e"));
  assertEquals(log.events().map(({ tsc }) => tsc), [1, 3, 4], "the last three of at least rate 8");
});

Deno.test("snabb 8.18: the first breaths are interpreted, and slower by that", () => {
  const [warm, cold] = (["warm", "cold"] as const).map((jit) => {
    const ran = run(stream(4000, gapPs(6)), { options: { jit } });
    return { ...ran, at: (p: number) => ran.o.endAt[p]! - 1e6 - p * gapPs(6) };
  }) as [
    ReturnType<typeof run> & { at(p: number): number },
    ReturnType<typeof run> & { at(p: number): number },
  ];
  assertEquals(warm.n("vmprofile/Router interpreted"), 0);
  assert(cold.n("vmprofile/Router interpreted") > 50_000, "a trace was recorded");
  assert(cold.o.emitted < 4000, "a warming process loses what a warm one forwards");
  assertEquals(warm.o.emitted, 4000);
  const late = cold.o.count - 1;
  assert(cold.at(0) > 4 * warm.at(0), `${cold.at(0)} against ${warm.at(0)} ps`);
  assert(cold.at(late) < 2 * warm.at(late), `${cold.at(late)} against ${warm.at(late)} ps`);
});

Deno.test("snabb: a pause of the collector is a long breath, a loss at the NIC, and nothing else", () => {
  const pauses = { gcEveryBreaths: 100, gcPauseUs: 60 };
  const { o, n, finding } = run(stream(4000, gapPs(10)), {
    options: pauses,
    geometry: { rxRing: 256, ingress: 64 },
  });
  assert(n("engine/collector pauses") > 0);
  assert(n("engine/latency.histogram p100") >= 58, `${n("engine/latency.histogram p100")} us`);
  assert(n("engine/latency.histogram p50") < 20, `${n("engine/latency.histogram p50")} us`);
  assert(n("apps/nic0/rxdrop") > 100, "60 us are 600 packets for a ring of 256");
  assertEquals(o.emitted + n("apps/nic0/rxdrop"), 4000);
  assertEquals(finding(17), { id: "SNABB-17", broken: null });
  assertEquals(broken(o), []);
});

Deno.test("snabb: main ends after its duration, or when it is done, and not by both", () => {
  const design = (process: SnabbModules): void => {
    snabbDesigns.router(process);
    process.engine.main({ duration: 50e-6 });
  };
  const { o, n } = run(stream(100, 1e6), { options: { design }, patiencePs: 1e8 });
  assert(o.emitted >= 45 && o.emitted < 60, `${o.emitted} packets in 50 us`);
  assert(n("engine/time") < 60e-6);
  const both = (process: SnabbModules): void => {
    process.engine.main({ duration: 1, done: () => true });
  };
  assertThrows(() => run([], { options: { design: both } }), TypeError, "duration and done");
});
