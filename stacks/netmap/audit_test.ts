// Aim: watch and audit see each thing that they are for, and say it with the values.
// Method: a ring whose sync does one thing wrong, and a router's rings with one thing changed after the run.
import { assertEquals } from "@std/assert";
import { stream } from "../../core/machine/_scenario_for_tests.ts";
import { DescriptorRing } from "../../core/nic/rings.ts";
import type { Memory } from "../../core/memory/memory.ts";
import type { Cpu } from "../../core/stack.ts";
import { rig } from "./_rig_for_tests.ts";
import { Audit } from "./audit.ts";
import type { NetmapHost } from "./host.ts";
import type { NetmapMem } from "./memory.ts";
import { NetmapKring } from "./kring.ts";
import { NetmapRing, NS_BUF_CHANGED, NS_REPORT } from "./ring.ts";
import { Router } from "./router.ts";
import { RingWatch } from "./watch.ts";

const CPU = { charge: () => {} } as unknown as Cpu;
const MEM = { valid: () => true, bufSize: 2048 } as unknown as NetmapMem;

/** What a watch says of one sync of a ring of eight, five of whose slots the process has given away. */
function said(
  tx: boolean,
  sync: (kring: NetmapKring, ring: () => void) => boolean,
  change = (_: NetmapKring): void => {},
) {
  const kring = new NetmapKring("eth0 TX0", tx, 0, MEM, new NetmapRing(8, 2048));
  const descriptors = new DescriptorRing(8);
  descriptors.reset(8, -1);
  let doorbells = 0;
  kring.sync = () => sync(kring, () => doorbells++);
  const watch = new RingWatch(kring, tx ? descriptors : null, () => doorbells);
  kring.ring.head = kring.ring.cur = 5;
  change(kring);
  kring.run(CPU, 0);
  return Object.fromEntries([...watch.findings].filter(([, broken]) => broken !== null));
}

/** What a right transmit sync does. */
function right(kring: NetmapKring, ring: () => void): boolean {
  kring.hwcur = kring.rhead;
  ring();
  return true;
}

Deno.test("RingWatch says what a sync did wrong, and nothing of one that did right", () => {
  assertEquals(said(true, right), {});
  assertEquals(said(true, (k, ring) => (k.ring.len[6] = 9, right(k, ring))), {
    "NETMAP-1": "eth0 TX0: slot 6 of the process was changed",
  });
  assertEquals(said(true, (k, ring) => (k.ring.cur = 6, right(k, ring))), {
    "NETMAP-1": "eth0 TX0: it moved head or cur",
  });
  // slots 0 to 4 come back, and slot 5, which the process still has
  assertEquals(said(true, (k, ring) => (k.hwtail = 5, right(k, ring))), {
    "NETMAP-1": "eth0 TX0: tail went from 7 to 5, head 5",
    "NETMAP-8": "eth0 TX0: slot 5 is free again, descriptor 5 was not reported",
  });
  assertEquals(said(true, (k, ring) => (k.hwtail = 2, right(k, ring))), {
    "NETMAP-8": "eth0 TX0: slot 2 is free again, descriptor 2 was not reported",
  });
  assertEquals(said(true, (k) => (k.hwcur = k.rhead, true)), {
    "NETMAP-7": "eth0 TX0: 0 doorbells for slots 0 to 5",
  });
  const unreleased = (k: NetmapKring): void => void (k.ring.head = k.ring.cur = 0);
  assertEquals(said(true, right, unreleased), {
    "NETMAP-7": "eth0 TX0: 1 doorbells for slots 0 to 0",
  });
  assertEquals(said(true, (k, ring) => (k.hwcur = 3, ring(), false)), {
    "NETMAP-3": "eth0 TX0: the kernel went on from 0 to 3",
  });
  const asks = (k: NetmapKring): void => void (k.ring.flagsOf[2] = NS_BUF_CHANGED | NS_REPORT);
  assertEquals(said(true, right, asks), {
    "NETMAP-4": "eth0 TX0: slot 2 was handed over and still asks for 3",
  });
  const keepsTail = (k: NetmapKring): void => {
    k.ring.tail = 3;
    k.finalize = () => void (k.rtail = k.hwtail);
    k.prologue = () => k.takeOver(k.ring.head, k.ring.cur);
  };
  assertEquals(said(true, right, keepsTail)["NETMAP-2"], "eth0 TX0: tail is 3, the kernel's 7");
});

/** What an audit finds when something is changed after a run of three packets, all of which were forwarded. */
function found(change: (host: NetmapHost, router: Router, memory: Memory) => void) {
  let [audit, router, memory]: [Audit | null, Router | null, Memory | null] = [null, null, null];
  const { host } = rig(
    { offers: stream(3, 1e6), geometry: { rxRing: 8, txRing: 8 } },
    (host, env) => {
      const fds = ["eth0", "eth1"].map((name) => host.kernel.open(`netmap:${name}`));
      router = new Router(env, 0, host.costs, fds, 1024);
      memory = env.memory as Memory;
      env.spawn(0, "softirq", (cpu) => (cpu.sleep(), 1));
      audit = new Audit(env, host, [router]);
    },
  );
  // watches were not set: the ports came up after the audit
  const say = () =>
    Object.fromEntries(
      audit!.findings().filter(({ broken }) => broken !== null)
        .map(({ id, broken }) => [id, broken]),
    );
  assertEquals(say(), {});
  change(host, router!, memory!);
  return say();
}

Deno.test("Audit says what of a router's rings is wrong", () => {
  assertEquals(
    found(({ queues }) => void (queues[0]!.rx.ring.bufIdx[1] = queues[0]!.rx.ring.bufIdx[0]!)),
    { "NETMAP-5": "buffer 18 of region 1 is in 2 places, expected 1" },
  );
  assertEquals(found(({ queues }) => void queues[0]!.rx.ring.head++), {
    "NETMAP-11": "eth0 RX0 has 7 packets and its process sleeps",
  });
  assertEquals(found((_host, _router, memory) => void (memory.copiedBytes += 60)), {
    "NETMAP-13": "60 bytes were copied, expected 0",
  });
  assertEquals(found((_host, router) => void router.forwarded--), {
    "NETMAP-20": "3 packets were received, 2 forwarded, 0 refused, 3 sent",
  });
});
