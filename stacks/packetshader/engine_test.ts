// Aim: the parts of the I/O engine by themselves: who may attach a queue, what crosses nodes and what that costs, what a
// shared line of statistics costs, and that each invariant's checker sees the breach that it is for.
// Method: the stack on small machines, and the same with one part of it broken from outside.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { scenarioOf, stream } from "../../core/machine/_scenario_for_tests.ts";
import type { Finding, Stack } from "../../core/stack.ts";
import { checkConformance } from "../../properties/run/check.ts";
import { testbed } from "../../core/machine/testbed.ts";
import { DEFAULT_MACHINE } from "../../properties/run/default_machine.ts";
import { Auditor } from "./audit.ts";
import { PsChunk } from "./chunk.ts";
import { ERRNO } from "./ps_driver.ts";
import { PsContext } from "./ps_context.ts";
import { PsRxRing } from "./ps_rx_ring.ts";
import { bedOf, counter, load, saturated, watched, WIRE_PS } from "./_rig_for_tests.ts";
import { packetshader, PACKETSHADER_VIEWS, packetshaderView } from "./mod.ts";

Deno.test("PsContext attaches a queue once, and lets nobody but its owner detach it", () => {
  const contexts: PsContext[] = [];
  const attach = PsContext.prototype.attachRxDevice;
  PsContext.prototype.attachRxDevice = function (...args) {
    if (!contexts.includes(this)) contexts.push(this);
    return attach.apply(this, args);
  };
  try {
    bedOf(packetshader({ firstBits: 8, offload: "cpu" })).run(scenarioOf([], { lcores: 2 }));
  } finally {
    PsContext.prototype.attachRxDevice = attach;
  }
  const [mine, other] = contexts as [PsContext, PsContext];
  const cpu = { charge: () => {} } as never;
  assertEquals(mine.listDevices(cpu).map(({ name, numRxQueues }) => [name, numRxQueues]), [
    ["xge0", 2],
    ["xge1", 2],
  ]);
  assertEquals(other.attachRxDevice(cpu, 0, 0), ERRNO.EBUSY);
  assertEquals(other.detachRxDevice(cpu, 0, 0), ERRNO.ENOENT);
  assertEquals(mine.attachRxDevice(cpu, 0, 9), ERRNO.ENODEV);
  assertEquals(mine.detachRxDevice(cpu, 0, 0), 0);
  assertEquals(mine.detachRxDevice(cpu, 0, 0), ERRNO.ENOENT);
  assertEquals(other.attachRxDevice(cpu, 0, 0), 0);
  assertEquals([mine.rings.length, other.rings.length], [1, 3]);
  assertEquals(other.recvChunk(cpu, null as never, 4097, false), ERRNO.EINVAL);
});

Deno.test("packetshader 8.15: what crosses nodes is counted and costs; kept local, I/O is 1.6 times as fast", () => {
  const run = (numa: "local" | "blind") => {
    const stack = packetshader({ app: "echo", echo: "as-is", nodes: 2, numa });
    const { rate, bed } = saturated(stack, { ports: 4, lcores: 2, spareBuffers: 3000 }, 100);
    const received = counter(bed.report(), /^cpu\d xge\d rx_packets$/);
    return { rate, remote: counter(bed.report(), /remote packets/) / received };
  };
  const [local, blind] = [run("local"), run("blind")];
  assertEquals(local.remote, 0);
  // half of what is received and half of what is sent
  assert(Math.abs(blind.remote - 1) < 0.1, `${blind.remote} of what was received`);
  const gain = local.rate / blind.rate;
  assert(gain > 1.5 && gain < 1.7, `${gain} times`);
  // a router's packets cross on their way out, and that is told too
  const router = bedOf(packetshader({ firstBits: 16, nodes: 2 }));
  router.run(load(100, 1e6, { ports: 2, lcores: 2, spareBuffers: 3000 }));
  assertEquals(
    counter(router.report(), /remote packets/),
    counter(router.report(), /^cpu\d xge\d tx_packets$/),
  );
});

Deno.test("packetshader with statistics in one line of the cache forwards less", () => {
  const rate = (sharedStatistics: boolean): number => {
    const stack = packetshader({ app: "echo", echo: "as-is", sharedStatistics });
    return saturated(stack, { ports: 2, lcores: 1, spareBuffers: 1000 }, 80).rate;
  };
  const [apart, shared] = [rate(false), rate(true)];
  assert(shared < 0.75 * apart, `${shared} against ${apart} Mpps`);
});

/** What a stack finds of itself with one of its parts replaced for the time of a run under load. */
function findingsWith<T extends object, K extends keyof T>(
  of: T,
  name: K,
  broken: (original: T[K]) => T[K],
  options: Parameters<typeof packetshader>[0] = {},
): Map<string, string> {
  const original = of[name];
  of[name] = broken(original);
  try {
    const seen = watched(packetshader({ firstBits: 8, offload: "gpu", chunk: 8, ...options }));
    try {
      bedOf(seen.stack).run(load(20, 2 * WIRE_PS, { ports: 2, lcores: 2, rxRing: 64, txRing: 64 }));
    } catch (error) {
      // what is broken may stop the machine; what was found until then counts
      if (!(error instanceof RangeError)) throw error;
    }
    const all: readonly Finding[] = seen.plane.audit!();
    return new Map(all.flatMap(({ id, broken }) => broken === null ? [] : [[id, broken]]));
  } finally {
    of[name] = original;
  }
}

/** The breach of an invariant says this. */
function breaks(found: Map<string, string>, id: string, text: RegExp): void {
  assert(text.test(found.get(id) ?? ""), `${id}: ${found.get(id)}; found ${[...found.keys()]}`);
}

Deno.test("PSHADER-1 sees cells that change places", () => {
  const swapped = new Set<PsRxRing>();
  const found = findingsWith(
    PsRxRing.prototype,
    "recv",
    (recv) =>
      function (this: PsRxRing, ...args) {
        const n = recv.apply(this, args);
        const { cell } = this.huge;
        if (!swapped.has(this)) [cell[0], cell[1]] = [cell[1]!, cell[0]!];
        swapped.add(this);
        return n;
      },
  );
  breaks(found, "PSHADER-1", /descriptor [01] of queue 0 of nic[01] names cell \d+, expected \d+/);
});

Deno.test("PSHADER-2 sees a tail that is written twice for a chunk", () => {
  const found = findingsWith(
    Auditor.prototype,
    "counted",
    (counted) =>
      function (this: Auditor, side, port) {
        const once = counted.call(this, side, port);
        return {
          ...once,
          txTail: (cpu, queue, slot) => {
            once.txTail(cpu, queue, slot);
            once.txTail(cpu, queue, slot);
          },
        };
      },
  );
  breaks(found, "PSHADER-2", /a transmit tail was written \d+ times for \d+ chunks/);
});

Deno.test("PSHADER-3 sees views that are sent in another order", () => {
  const found = findingsWith(
    PsChunk.prototype,
    "forward",
    (forward) =>
      function (this: PsChunk, k, port) {
        forward.call(this, k, port);
        const at = port * this.slots;
        const n = this.viewCount[port]!;
        if (n > 1) {
          [this.view[at], this.view[at + n - 1]] = [
            this.view[at + n - 1]!,
            this.view[at]!,
          ];
        }
      },
  );
  breaks(found, "PSHADER-3", /packet \d+ of queue 0 of nic\d was sent to nic\d after packet \d+/);
});

Deno.test("PSHADER-4 and 5 see chunks of another queue and with a hole", () => {
  const of = (name: "open" | "append", broken: (this: PsChunk, ...args: number[]) => unknown) =>
    findingsWith(PsChunk.prototype, name as "append", () => broken as never);
  const { open, append } = PsChunk.prototype;
  const elsewhere = of("open", function (ifindex, qidx) {
    open.call(this, ifindex! ^ 1, qidx!);
  });
  breaks(elsewhere, "PSHADER-4", /packet 0 of a chunk of queue 0 of nic\d came in by nic\d/);
  const hole = of("append", function (length) {
    const b = append.call(this, length!);
    // as if the frame were longer
    if (this.cnt === 1) this.length[0] = 65;
    return b;
  });
  breaks(hole, "PSHADER-5", /packet 1 of a chunk begins at 64, expected 128/);
});

Deno.test("PSHADER-7 sees a context that is woken twice", () => {
  const woken = findingsWith(
    PsContext.prototype,
    "interrupt",
    (interrupt) =>
      function (this: PsContext, cpu, ring) {
        interrupt.call(this, cpu, ring);
        this.wakes++;
      },
    { offload: "cpu" },
  );
  breaks(woken, "PSHADER-7", /a context slept \d+ times and was woken \d+ times/);
});

/** An auditor that is told by hand, and what it has found. */
function told(tell: (auditor: Auditor, ring: PsRxRing, chunk: PsChunk) => void): string[] {
  const memory = {
    ...{ bytes: new Uint8Array(4096), port: new Int32Array(8), note: () => {} },
    ...{ offset: Int32Array.of(0, 128), length: Int32Array.of(60, 0) },
  };
  const auditor = new Auditor({
    memory: memory as never,
    ...{
      oracle: null,
      nodeOfPort: [0, 1],
      nodeOfWorker: [0],
      local: true,
      on: true,
      faults: false,
    },
  });
  const buffer = Int32Array.of(0, 0, 0, 0);
  const descriptors = { size: 4, buffer, done: Uint8Array.of(1, 1, 0, 0) };
  const ring = { port: 0, queue: 0, ring: descriptors } as unknown as PsRxRing;
  const of = { owner: 0, id: 0, first: 1, slots: 1, ports: 2 };
  const chunk = new PsChunk(memory as never, of, { key: 0, result: 0 });
  chunk.open(0, 0);
  auditor.armed(ring);
  tell(auditor, ring, chunk);
  return auditor.findings.all().flatMap(({ id, broken }) =>
    broken === null ? [] : `${id}: ${broken}`
  );
}

Deno.test("PSHADER-6 sees a chunk that is cut short, PSHADER-8 a queue that two have, PSHADER-15 a stranger", () => {
  const short = told((auditor, ring, chunk) => {
    auditor.beforeRecv(ring);
    auditor.received(ring, chunk, 64);
  });
  assertEquals(short, [
    "PSHADER-6: a chunk of queue 0 of nic0 has 0 packets, expected 1: 2 were there, 64 asked for",
  ]);
  const [mine, other] = [{}, {}] as PsContext[];
  const both = told((auditor, ring) => {
    auditor.attached(mine!, ring);
    auditor.attached(other!, ring);
  });
  assertEquals(both[0], "PSHADER-8: queue 0 of nic0 was attached though a context has it");
  const stolen = told((auditor, ring) => {
    auditor.attached(mine!, ring);
    auditor.detached(other!, ring);
  });
  assertEquals(
    stolen[0],
    "PSHADER-8: queue 0 of nic0 was detached by a context that does not have it",
  );
  const stranger = told((auditor, ring, chunk) => {
    const far = Object.assign(ring, { port: 1 });
    auditor.beforeRecv(far);
    chunk.open(1, 0);
    chunk.append(60);
    auditor.received(far, chunk, 1);
  });
  assert(
    stranger.includes("PSHADER-15: worker 0 of node 0 received from nic1 of node 1"),
    `${stranger}`,
  );
});

Deno.test("PSHADER-9 sees a wrong result, PSHADER-11 results that go to another chunk", () => {
  const wrong = findingsWith(
    Auditor.prototype,
    "launched",
    (launched) =>
      function (this: Auditor, chunks, results) {
        results[0]! ^= 1;
        launched.call(this, chunks, results);
      },
  );
  breaks(
    wrong,
    "PSHADER-9",
    /result 0 in a batch of the GPU is \d+, expected \d+ by a linear search/,
  );
  const scattered = findingsWith(
    Auditor.prototype,
    "scattered",
    (original) =>
      function (this: Auditor, chunk, worker) {
        chunk.results.fill(9);
        original.call(this, chunk, worker);
      },
  );
  breaks(scattered, "PSHADER-11", /result 0 in chunk \d of worker 0 is 9, expected [12]/);
});

Deno.test("PSHADER-10 sees a packet that is forgotten, PSHADER-12 a ring that is filled up", () => {
  const lost = findingsWith(Auditor.prototype, "sent", (sent) =>
    function (this: Auditor, ring, n) {
      sent.call(this, ring, n - 1);
    });
  breaks(
    lost,
    "PSHADER-10",
    /\d+ packets were received, \d+ sent, 0 dropped or given to the host, 0 are in hand/,
  );
  const full = findingsWith(Auditor.prototype, "sent", (sent) =>
    function (this: Auditor, ring, n) {
      sent.call(this, ring, n + 64);
    });
  breaks(full, "PSHADER-12", /transmit ring 0 of nic\d has \d+ of 64 descriptors in use/);
});

Deno.test("packetshader's invariants are all judged by the harness of the laws", () => {
  const stack: Stack = packetshader({ firstBits: 8, offload: "gpu" });
  const result = checkConformance(testbed(stack, DEFAULT_MACHINE, { name: "packetshader" }), {
    numRuns: 20,
  });
  const judged = result.laws.filter(({ law, judged }) => /^PSHADER/.test(law.id) && judged > 0);
  assertEquals(judged.length, 13);
});

Deno.test("packetshaderView prints handles, devices and GPUs, and refuses what it does not know", () => {
  const bed = bedOf(packetshader({ firstBits: 16, offload: "gpu", nodes: 2 }));
  bed.run(scenarioOf(stream(10, 1e8), { lcores: 2, spareBuffers: 2000 }));
  const [handles, devices, gpus] = PACKETSHADER_VIEWS.map((view) =>
    packetshaderView(view, bed.report()).split("\n")
  );
  assertEquals(
    handles![0],
    "CPU 0 xge0: RX 10 packets, 10 chunks, 1.00 packets/chunk; TX 0 packets, 0 chunks, 0.00 packets/chunk",
  );
  assertEquals(devices, ["xge0: 2 rx queues, node 0", "xge1: 2 rx queues, node 1"]);
  assertEquals(gpus, [
    "GPU 0: 10 launches, 1.0 packets/launch, H2D 40 B, D2H 40 B",
    "GPU 1: 0 launches, 0.0 packets/launch, H2D 0 B, D2H 0 B",
  ]);
  assertThrows(() => packetshaderView("top" as never, []), TypeError, 'Cannot print "top"');
});
