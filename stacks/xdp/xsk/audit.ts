/**
 * Holds the rings of a run against the invariants: walks every ring from its published indices, and counts where each
 * chunk is. Nothing here is shared with the code that moves them.
 */
import type { Finding } from "../../../core/stack.ts";
import type { XskApp } from "./app.ts";
import type { XskKernel } from "./kernel.ts";
import type { XskRing } from "./ring.ts";
import type { XskSocket } from "./socket.ts";

const CHUNK = 2048;

/** Findings of a run. */
export function auditXsk(xsk: XskKernel, apps: readonly XskApp[]): Finding[] {
  const { sockets } = xsk;
  return [
    { id: "XDP-12", broken: first(apps, (app, cpu) => chunks(app, cpu, sockets)) },
    { id: "XDP-13", broken: first(sockets, sizes) },
    { id: "XDP-14", broken: first(sockets, received) },
    { id: "XDP-15", broken: first(sockets, completions) },
    { id: "XDP-17", broken: first(sockets, waiting) ?? first(apps, asleep) },
  ];
}

function first<T>(all: readonly T[], judge: (one: T, i: number) => string | null): string | null {
  for (let i = 0; i < all.length; i++) {
    const broken = judge(all[i]!, i);
    if (broken !== null) return broken;
  }
  return null;
}

/** Chunks that the entries of a ring name. */
function inRing(ring: XskRing): number[] {
  const found: number[] = [];
  const entries = (ring.producer - ring.consumer) >>> 0;
  for (let i = 0; i < entries && i < ring.size; i++) {
    found.push(Math.floor(ring.addr[((ring.consumer + i) >>> 0) % ring.size]! / CHUNK));
  }
  return found;
}

/** Where each chunk of one process's UMEM is. */
function chunks(app: XskApp, cpu: number, all: readonly XskSocket[]): string | null {
  const own = all.filter(({ queue }) => queue === cpu);
  const places: string[][] = Array.from({ length: own[0]!.umem.count }, () => []);
  const put = (where: string, list: Iterable<number>): void => {
    for (const chunk of list) places[chunk]?.push(where);
  };
  for (const socket of own) {
    const name = `of port ${socket.port}`;
    put(`FILL ${name}`, inRing(socket.fill));
    put(`RX ${name}`, inRing(socket.rx));
    put(`TX ${name}`, inRing(socket.tx));
    put(`COMPLETION ${name}`, inRing(socket.completion));
    put(`kernel (free list ${name})`, socket.spare);
    put(`kernel (sent by ${name.slice(3)})`, socket.inFlight);
    put(`kernel (receive ring ${name})`, socket.posted);
  }
  app.held.forEach((held, port) => put(`user (port ${port})`, held));
  const wrong = places.findIndex((where) => where.length !== 1);
  if (wrong < 0) return null;
  const where = places[wrong]!.length === 0 ? "nowhere" : `in ${places[wrong]!.join(" and in ")}`;
  return `chunk ${wrong} of CPU ${cpu} is ${where}`;
}

function sizes(socket: XskSocket): string | null {
  for (const name of ["fill", "completion", "rx", "tx"] as const) {
    const { most, size } = socket[name];
    if (most > size) return `${nameOf(socket)}: ${name} held ${most} entries at once, of ${size}`;
  }
  return null;
}

function received(socket: XskSocket): string | null {
  const { offered, received, statistics: { rxDropped, rxRingFull } } = socket;
  if (offered === received + rxDropped + rxRingFull) return null;
  return `${
    nameOf(socket)
  }: ${offered} frames offered, ${received} received, ${rxDropped} rx_dropped, ` +
    `${rxRingFull} rx_ring_full`;
}

function completions(socket: XskSocket): string | null {
  const { completion, owedMost, inFlight } = socket;
  if (owedMost > completion.size) {
    return `${nameOf(socket)}: ${owedMost} completions were owed or lay there at once, ` +
      `in a ring of ${completion.size}`;
  }
  if (completion.reserved === inFlight.size) return null;
  return `${nameOf(socket)}: ${completion.reserved} slots of COMPLETION are reserved, ` +
    `for ${inFlight.size} frames on their way`;
}

function waiting(socket: XskSocket): string | null {
  for (const name of ["rx", "tx"] as const) {
    const { producer, consumer } = socket[name];
    if (producer !== consumer) {
      return `${nameOf(socket)}: ${(producer - consumer) >>> 0} descriptors wait in ${name}`;
    }
  }
  return null;
}

function asleep(app: XskApp, cpu: number): string | null {
  if (!app.process.blocked || app.outstanding === 0) return null;
  return `the process of CPU ${cpu} sleeps while ${app.outstanding} of its frames are under way`;
}

function nameOf({ port, queue }: XskSocket): string {
  return `socket of port ${port} queue ${queue}`;
}
