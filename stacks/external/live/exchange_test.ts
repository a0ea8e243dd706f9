// Aim: what waits in a device for an answer is awaited, and an exchange comes to its end with a device that asks for
// every frame anew. Method: a device that is a function, between ports that are arrays.
import { assertEquals } from "@std/assert";
import type { Traffic } from "../../../core/machine/scenario.ts";
import { Exchange } from "./exchange.ts";
import type { PacketPort } from "./packet_port.ts";

const SIZE = 60;
const [QUESTION, ANSWER] = [1, 2];

/**
 * Two ports of a device that forwards each frame out of the other one, but asks there first, unless it remembers the
 * answer, and keeps the frame until one comes.
 */
function askingDevice(remembers: boolean): PacketPort[] {
  const out: Uint8Array[][] = [[], []];
  const waiting: Uint8Array[][] = [[], []];
  const isKnown = [false, false];
  return out.map((queue, p) => {
    const port = {
      length: SIZE,
      bytes: new Uint8Array(0) as Uint8Array,
      receive: () => queue.length === 0 ? -1 : (port.bytes = queue[0]!, 0),
      release: () => void queue.shift(),
      flush: () => {},
      wait: () => {},
      transmit: (from: Uint8Array, offset: number, length: number) => {
        const frame = from.slice(offset, offset + length);
        if (frame[0] === ANSWER) {
          isKnown[p] = remembers;
          queue.push(...waiting[p]!.splice(0));
        } else if (isKnown[1 - p]) out[1 - p]!.push(frame);
        else {
          waiting[1 - p]!.push(frame);
          out[1 - p]!.push(new Uint8Array(SIZE).fill(QUESTION, 0, 1));
        }
        return true;
      },
    };
    return port as unknown as PacketPort;
  });
}

for (const remembers of [true, false]) {
  Deno.test(`Exchange waits for what waits for an answer, in a device that ${remembers ? "remembers it" : "asks anew"}`, () => {
    const ports = askingDevice(remembers);
    const exchange: Exchange = new Exchange(ports, false, (p, bytes, at) => {
      if (bytes[at] !== QUESTION) return false;
      ports[p]!.transmit(new Uint8Array(SIZE).fill(ANSWER, 0, 1), 0, SIZE);
      exchange.unsettled = true;
      return true;
    });
    const count = 5;
    const traffic: Traffic = {
      count,
      port: Uint8Array.from({ length: count }, (_, i) => i % 2),
      at: new Float64Array(count),
      offset: Uint32Array.from({ length: count }, (_, i) => i * SIZE),
      length: new Uint32Array(count).fill(SIZE),
      bytes: new Uint8Array(count * SIZE).fill(9),
    };
    const fence = (ingress: number, egress: number) =>
      ingress === egress ? null : new Uint8Array(SIZE).fill(8);
    const { frames } = exchange.run(traffic, 2, fence);
    assertEquals(frames.map(({ port }) => port).sort(), [0, 0, 1, 1, 1]);
  });
}
