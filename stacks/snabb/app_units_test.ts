// Aim: apps that copy, learn or route do what they say with each packet, also when links come and go: none is in two
// places, none is lost. Method: the apps alone, over links that are arrays and packets that are numbers.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Flooding, Learning } from "./apps/bridge.ts";
import { Router } from "./apps/router.ts";
import { Tee } from "./apps/basic_apps.ts";
import type { SnabbApp } from "./app.ts";
import type { SnabbProcess } from "./process.ts";

/** A link; one that has as many packets as it holds frees what it is given. */
type Queue = number[] & { room?: number };
const BYTES = 64;
const ROOM = 4096;

/** What apps need of a process, packets being numbers that are made one after the other. */
function processOf(routeTo = 0) {
  const discarded: number[] = [];
  const state = { now: 0, next: 0 };
  const memory = {
    bytes: new Uint8Array(BYTES * ROOM),
    offset: Int32Array.from({ length: ROOM }, (_, i) => i * BYTES),
    length: new Int32Array(ROOM).fill(BYTES),
  };
  const packet = (dst: number, src: number): number => {
    const p = state.next++ % ROOM;
    const at = p * BYTES;
    memory.bytes.fill(0, at, at + BYTES);
    memory.bytes.set([2, 0, 0, 0, 0, dst, 2, 0, 0, 0, 0, src, 8, 0, 0x45, 0, 0, 50], at);
    memory.bytes.set([64, 17], at + 22);
    let sum = 0;
    for (let i = 14; i < 34; i += 2) sum += memory.bytes[at + i]! * 256 + memory.bytes[at + i + 1]!;
    const check = 0xffff - sum % 0xffff;
    memory.bytes.set([check >> 8, check & 255], at + 24);
    return p;
  };
  const process = {
    memory,
    ...{
      charge: () => {},
      costs: { linkPacket: 1, appPacket: 1 },
      engine: { now: () => state.now },
    },
    discard: (p: number) => void discarded.push(p),
    link: {
      empty: (link: Queue) => link.length === 0,
      receive: (link: Queue) => link.shift()!,
      transmit: (link: Queue, p: number) => {
        if (link.length < (link.room ?? Infinity)) link.push(p);
        // who has it next writes over it
        else memory.bytes.fill(0xdd, p * BYTES, (p + 1) * BYTES);
      },
    },
    packet: {
      clone: (p: number) => {
        const copy = state.next++ % ROOM;
        memory.bytes.copyWithin(copy * BYTES, p * BYTES, (p + 1) * BYTES);
        return copy;
      },
    },
    env: {
      hardware: { nics: [0, 1, 2] },
      fib: { lookup: () => routeTo },
      neighbours: {
        port: Uint8Array.of(0, 1, 2),
        mac: new Uint8Array(18),
        portMac: new Uint8Array(18),
      },
    },
  };
  return { process: process as unknown as SnabbProcess, packet, discarded, state };
}

/** Gives an app a link on each side of each name. */
function linked(app: SnabbApp, inputs: readonly string[], outputs: readonly string[]) {
  const make = (names: readonly string[]) => {
    const links = Object.assign([] as Queue[], {}) as unknown as Record<string, Queue> & Queue[];
    for (const name of names) links.push(links[name] = []);
    return links;
  };
  const [input, output] = [make(inputs), make(outputs)];
  Object.assign(app, { input, output });
  for (const name of outputs) app.link?.("output", name);
  return { input, output };
}

Deno.test("Tee sends each packet on one link and a copy of it on every other", () => {
  for (const names of [["a"], ["a", "b"], ["a", "b", "c", "d"]]) {
    const { process, packet } = processOf();
    const app = new Tee(undefined, process);
    const { input, output } = linked(app, ["input"], names);
    const sent = [packet(1, 2), packet(3, 4)];
    input.input!.push(...sent);
    app.push();
    const all = names.flatMap((name) => output[name]!);
    assertEquals([all.length, new Set(all).size], [2 * names.length, 2 * names.length]);
    assertEquals(names.map((name) => output[name]!.length), names.map(() => 2));
    assertEquals(sent.every((p) => all.includes(p)), true);
  }
});

Deno.test("apps that copy give each link that has room the bytes that came, whichever others are full", () => {
  const names = ["a", "b", "c", "d"];
  const rooms = fc.tuple(...names.map(() => fc.nat(3)));
  const apps = {
    tee: (process: SnabbProcess) => new Tee(undefined, process),
    flooding: (process: SnabbProcess) =>
      new Flooding({ ports: [...names, "in"], timeout: 1 }, process),
    learning: (process: SnabbProcess) =>
      new Learning({ ports: [...names, "in"], timeout: 1 }, process),
  };
  for (const make of Object.values(apps)) {
    fc.assert(fc.property(rooms, fc.nat(5), (rooms, count) => {
      const { process, packet } = processOf();
      const app = make(process);
      const { input, output } = linked(app, ["in"], names);
      names.forEach((name, i) => output[name]!.room = rooms[i]!);
      const sent = Array.from({ length: count }, (_, i) => packet(100 + i, 50 + i));
      const bytes = (p: number) => [...process.memory.bytes.subarray(p * BYTES, (p + 1) * BYTES)];
      const came = sent.map(bytes);
      input.in!.push(...sent);
      app.push();
      const got = names.map((name) => output[name]!.map(bytes));
      assertEquals(got, rooms.map((room) => came.slice(0, room)));
      const all = names.flatMap((name) => output[name]!);
      assertEquals(new Set(all).size, all.length);
    }));
  }
});

Deno.test("Learning sends to where an address was seen last, for as long as it is remembered, and floods what it does not know", () => {
  const step = fc.record({
    port: fc.nat(3),
    src: fc.nat(5),
    dst: fc.nat(5),
    isGroup: fc.boolean(),
    toGroup: fc.boolean(),
    after: fc.constantFrom(0, 1, 5, 9, 10, 11),
  });
  const groupOf = ["a", "b", "g", "g"];
  const ports = ["p0", "p1", "p2", "p3"];
  fc.assert(fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
    const { process, packet, discarded, state } = processOf();
    const conf = { ports: ["p0", "p1"], split_horizon_groups: { g: ["p2", "p3"] }, timeout: 10 };
    const app = new Learning(conf, process);
    const { input, output } = linked(app, ports, ports);
    const seen = new Map<number, { port: number; at: number }>();
    for (const { port, src, dst, isGroup, toGroup, after } of steps) {
      state.now += after;
      const p = packet(dst, src);
      // a group address as the source is nobody's
      if (isGroup) process.memory.bytes[p * BYTES + 6]! |= 1;
      else seen.set(src, { port, at: state.now });
      if (toGroup) process.memory.bytes[p * BYTES]! |= 1;
      input[ports[port]!]!.push(p);
      app.push();
      const known = toGroup ? undefined : seen.get(dst);
      const talks = [0, 1, 2, 3].filter((other) => groupOf[other] !== groupOf[port]);
      const to = known === undefined || state.now - known.at > 10
        ? talks
        : talks.filter((other) => other === known.port);
      const got = ports.map((name) => output[name]!.splice(0));
      assertEquals(
        got.map((packets) => packets.length),
        [0, 1, 2, 3].map((i) => Number(to.includes(i))),
      );
      const lost = discarded.splice(0);
      assertEquals([...got.flat(), ...lost].includes(p), true);
      assertEquals(lost.length, to.length === 0 ? 1 : 0);
      assertEquals(new Set(got.flat()).size, got.flat().length);
    }
  }));
});

Deno.test("Router frees what is for a link that was taken away, and sends there again when it is back", () => {
  const { process, packet, discarded } = processOf(1);
  const app = new Router(undefined, process);
  const { input, output } = linked(app, ["nic0", "nic1"], ["nic0", "nic1"]);
  const gone = output.nic1!;
  const pass = (): void => {
    input.nic0!.push(packet(1, 2));
    app.push();
  };
  pass();
  assertEquals([gone.length, discarded.length], [1, 0]);
  app.unlink("input", "nic1");
  pass();
  assertEquals([gone.length, discarded.length], [2, 0], "its input is another link");
  app.unlink("output", "nic1");
  delete (output as Record<string, unknown>).nic1;
  pass();
  assertEquals([gone.length, discarded.length], [2, 1]);
  (output as Record<string, unknown>).nic1 = gone;
  app.link();
  pass();
  assertEquals([gone.length, discarded.length], [3, 1]);
});
