// Aim: a forwarder loses nothing that its ports give it, waits where a port has no room, sleeps where nothing comes,
// and counts and times what it does. Method: ports of frames in memory that do as the test says, and a clock by hand.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createFib4, REASON, type Stack } from "../../core/mod.ts";
import { frame } from "../../properties/reference/_scenario_for_tests.ts";
import type { FramePort } from "../../stacks/external/live/frame_port.ts";
import { forwarder } from "../../stacks/mod.ts";
import { STACK_NAMES, stackNamed } from "../stacks.ts";
import { Forwarder, type PortTotals } from "./forwarder.ts";
import { Latencies } from "./latencies.ts";
import { metricsText, serveMetrics } from "./metrics.ts";
import { ratesTable, Screen, statusLines } from "./screen.ts";

const STAMP = 1_000_000;

/** Gives the frames that it is given, takes as many as it has room for. */
class MemoryPort implements FramePort {
  readonly fd = -1;
  readonly words: Int32Array = new Int32Array(0);
  bytes: Uint8Array = new Uint8Array(0);
  length = 0;
  room = Infinity;
  isOver = false;
  readonly waiting: Uint8Array[] = [];
  readonly sent: Uint8Array[] = [];
  flushes = 0;

  constructor(readonly name: string) {}

  receive(): number {
    if (this.waiting.length === 0) return -1;
    this.bytes = this.waiting[0]!;
    this.length = this.bytes.length;
    return 0;
  }

  stampNs(): number {
    return STAMP;
  }

  release(): void {
    this.waiting.shift();
  }

  send(bytes: Uint8Array, _words: Int32Array, at: number, length: number): boolean {
    if (this.room === 0) return false;
    this.room--;
    this.sent.push(bytes.slice(at, at + length));
    return true;
  }

  flush(): void {
    this.flushes++;
  }

  missed(): number {
    return 2;
  }

  close(): void {}
}

/** Two ports; 10.1/16 is behind the second. Time goes 10 us on with each look at the clock. */
function rig(stack: Stack = forwarder, ring = 64) {
  const ports = [new MemoryPort("east"), new MemoryPort('we"st')];
  const fib = createFib4("dir24-8", { firstBits: 8, groups: 4, maxRules: 4 });
  fib.add(0x0a010000, 16, 1);
  let us = 0;
  const slept: number[] = [];
  const f = new Forwarder({
    stack,
    ports,
    fib,
    neighbours: {
      count: 2,
      port: Uint8Array.of(0, 1),
      mac: new Uint8Array(12).fill(2),
      portMac: Uint8Array.of(2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1),
    },
    ring,
    nowUs: () => us += 10,
    realNs: () => STAMP + 5000,
    wait: (ms) => {
      slept.push(ms);
      us += ms * 1000;
    },
  });
  return { f, ports, slept };
}

Deno.test("Forwarder sends on what comes, whole and in order, and counts what its stack drops", () => {
  const { f, ports } = rig();
  for (let i = 0; i < 300; i++) {
    ports[0]!.waiting.push(frame({ ports: [i, 1], ttl: i % 3 === 0 ? 1 : 9, length: 60 + i }));
  }
  f.run(5);
  assertEquals(ports[0]!.waiting.length, 0);
  const { sent } = ports[1]!;
  assertEquals(sent.length, 200);
  assert(sent.every((b, i) => i === 0 || b.length > sent[i - 1]!.length && b[22] === 8));
  assertEquals(f.dropped[REASON.ttl], 100);
  const [east, west] = f.totals();
  assertEquals([east!.rxFrames, west!.txFrames, east!.txFrames], [300, 200, 0]);
  assertEquals(west!.txBytes, sent.reduce((sum, b) => sum + b.length, 0));
  // asked twice: what was missed adds up
  assertEquals([east!.rxMissed, f.totals()[0]!.rxMissed], [2, 4]);
});

Deno.test("Forwarder keeps what a port has no room for, in order, until the stack finds its ring full", () => {
  const { f, ports } = rig();
  ports[1]!.room = 10;
  for (let i = 0; i < 500; i++) ports[0]!.waiting.push(frame({ ports: [i, 1] }));
  f.run(20);
  assertEquals(ports[1]!.sent.length, 10);
  // a ring of 64 holds 63, with those ten, of whose going a report of 32 has to tell; what finds it full is dropped
  assertEquals(f.dropped[REASON["tx-full"]], 500 - 63);
  assert(f.totals()[1]!.txStalls > 0);
  ports[1]!.room = Infinity;
  f.run(1);
  assertEquals(ports[1]!.sent.length, 63);
  const numbers = ports[1]!.sent.map((b) => b[34]! << 8 | b[35]!);
  assert(numbers.every((n, i) => i === 0 || n > numbers[i - 1]!));
});

Deno.test("Forwarder leaves frames that no buffer holds, and goes on", () => {
  const { f, ports } = rig();
  ports[0]!.waiting.push(frame({ length: 1519 }), frame());
  f.run(1);
  assertEquals([f.totals()[0]!.rxOversize, ports[1]!.sent.length], [1, 1]);
});

Deno.test("Forwarder sleeps when nothing has come for 300 us, and not while something does", () => {
  const { f, ports, slept } = rig();
  f.run(0.25);
  assertEquals(slept, []);
  f.run(10);
  assert(slept.length >= 8 && slept.every((ms) => ms === 1), `${slept}`);
  slept.length = 0;
  ports[0]!.waiting.push(frame());
  f.run(0.2);
  assertEquals([slept, ports[1]!.sent.length], [[], 1]);
});

Deno.test("Forwarder forwards with every stack of poll loops, sleeps with it, and is over when its ports are", () => {
  const names: string[] = [];
  for (const name of STACK_NAMES) {
    let made: ReturnType<typeof rig>;
    try {
      made = rig(stackNamed(name).create(), 256);
    } catch (error) {
      assert(error instanceof RangeError && error.message.startsWith("Cannot run"), `${error}`);
      continue;
    }
    names.push(name);
    const { f, ports, slept } = made;
    // each ring goes round several times
    ports[0]!.waiting.push(...Array.from({ length: 1200 }, (_, i) => frame({ ports: [i, 1] })));
    f.run(10);
    assertEquals(
      [ports[0]!.waiting.length, ports[1]!.sent.length],
      [0, 1200],
      `${name}: ${f.dropped}`,
    );
    assert(slept.length >= 8, `${name} slept ${slept.length} times in 10 ms with nothing to do`);
    assertEquals(f.isOver, false, name);
    for (const port of ports) port.isOver = true;
    assertEquals(f.isOver, true, name);
  }
  assert(names.length > 5, `${names}`);
});

Deno.test("Forwarder is over when its ports are, and what came has gone", () => {
  const { f, ports } = rig();
  assertEquals(f.isOver, false);
  ports[0]!.waiting.push(frame());
  for (const port of ports) port.isOver = true;
  ports[1]!.room = 0;
  f.run(5);
  assertEquals(f.isOver, false, "a frame waits for room");
  ports[1]!.room = 1;
  f.run(5);
  assertEquals(f.isOver, true);
});

Deno.test("Forwarder times one frame in 64, from its stamp to its hand-over", () => {
  const { f, ports } = rig();
  for (let i = 0; i < 640; i++) ports[0]!.waiting.push(frame());
  f.run(20);
  const { count, p50, max } = f.latencies.summary()!;
  assertEquals([count, max], [10, 5]);
  // three digits: the top of the bucket
  assert(p50 >= 5 && p50 < 5.01, `${p50}`);
});

Deno.test("Latencies hold three digits of any time, and none of no time", () => {
  const latencies = new Latencies();
  assertEquals(latencies.summary(), null);
  for (const ns of [-5, 1000, 2000, 3e12]) latencies.record(ns);
  const { count, p50, max } = latencies.summary()!;
  assertEquals([count, p50], [4, 1]);
  assert(Math.abs(max / 1e7 - 1) < 0.001, `${max}`);
});

Deno.test("metricsText has every counter of every port, with names and labels as Prometheus reads them", () => {
  const { f, ports } = rig();
  ports[0]!.waiting.push(frame({ ttl: 1 }), ...Array.from({ length: 64 }, () => frame()));
  f.run(2);
  const text = metricsText(f);
  for (const line of text.trimEnd().split("\n")) {
    const known =
      /^# (HELP|TYPE) planecheck_\w+ .+$|^planecheck_\w+(\{\w+="([^"\\]|\\.)*"\})? [\d.e-]+$/;
    assert(known.test(line), line);
  }
  assertStringIncludes(text, 'planecheck_rx_frames_total{port="east"} 65\n');
  assertStringIncludes(text, 'planecheck_tx_frames_total{port="we\\"st"} 64\n');
  assertStringIncludes(text, 'planecheck_dropped_total{reason="ttl"} 1\n');
  assert(/^planecheck_latency_seconds\{quantile="0.99"\} 0\.00000500\d*$/m.test(text), text);
});

/** A port that nobody listens on now. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return (listener.addr as Deno.NetAddr).port;
}

Deno.test("serveMetrics answers on the loopback interface until it is stopped", async () => {
  const { f } = rig();
  const port = freePort();
  const stop = serveMetrics(port, f);
  const page = await fetch(`http://127.0.0.1:${port}/metrics`);
  assertStringIncludes(page.headers.get("content-type")!, "version=0.0.4");
  assertStringIncludes(await page.text(), 'planecheck_rx_frames_total{port="east"} 0\n');
  const other = await fetch(`http://127.0.0.1:${port}/`);
  assertEquals([other.status, await other.text()], [404, "see /metrics\n"]);
  await stop();
});

Deno.test("Screen shows rates since the last look, drawn over what was there", () => {
  const { f, ports } = rig();
  const before: PortTotals[] = f.totals();
  for (let i = 0; i < 100; i++) ports[0]!.waiting.push(frame());
  f.run(5);
  const text = ratesTable(before, f.totals(), 0.1) + statusLines(f);
  assert(/│ east +│ +1 │ +0\.48 │ +0 │ +0 │ +2 │ +0 │/.test(text), text);
  assert(
    text.endsWith("dropped: none\nlatency: p50 5.003, p90 5.003, p99 5.003, most 5 us\n"),
    text,
  );
  let out = "";
  const screen = new Screen((more) => out += more);
  screen.show(text);
  screen.show(text);
  const lines = text.split("\n").length - 1;
  assertEquals(out, `${text}\x1b[${lines}A\x1b[J${text}`);
});
