// A right router with every habit that RFC 1812 allows and few have: it takes only frames to its own MAC addresses,
// drops martians, writes zeros as padding, answers with ICMP errors that quote 8 bytes, from an address and with a TTL
// of its own choice, and sends port by port.
import type { Scenario } from "../../core/machine/device.ts";
import type { Sent, SentFrame } from "./observe.ts";

interface Hop {
  readonly port: number;
  readonly mac: Uint8Array;
}

/** What the router makes of a scenario. */
export function oddRouter(scenario: Scenario): Sent {
  const sent: Uint8Array[][] = Array.from({ length: scenario.geometry.ports }, () => []);
  const { traffic } = scenario;
  for (let p = 0; p < traffic.count; p++) {
    if (traffic.badFcs?.[p] === 1) continue; // refused below
    const at = traffic.offset[p]!;
    route(scenario, traffic.port[p]!, traffic.bytes.slice(at, at + traffic.length[p]!), sent);
  }
  const frames: SentFrame[] = [];
  let offset = 0;
  for (let port = sent.length - 1; port >= 0; port--) {
    for (const { length } of sent[port]!) {
      frames.push({ port, offset, length });
      offset += length;
    }
  }
  const bytes = new Uint8Array(offset);
  let used = 0;
  for (const frame of sent.reverse().flat()) {
    bytes.set(frame, used);
    used += frame.length;
  }
  return { bytes, frames };
}

function sum(bytes: Uint8Array): number {
  let total = 0;
  bytes.forEach((byte, i) => total += i % 2 === 0 ? byte * 256 : byte);
  return 0xffff - (total % 0xffff || (total > 0 ? 0xffff : 0));
}

function hopTo(
  { routes, neighbours }: Scenario,
  frame: Uint8Array,
  field: number,
): Hop | undefined {
  const address = new DataView(frame.buffer, frame.byteOffset).getUint32(14 + field);
  let longest = -1;
  for (let r = 0; r < routes.count; r++) {
    const size = 2 ** (32 - routes.depth[r]!);
    if (Math.floor(address / size) !== Math.floor(routes.prefix[r]! / size)) continue;
    if (longest < 0 || routes.depth[r]! > routes.depth[longest]!) longest = r;
  }
  if (longest < 0) return undefined;
  const hop = routes.nextHop[longest]!;
  return { port: neighbours.port[hop]!, mac: neighbours.mac.subarray(hop * 6, hop * 6 + 6) };
}

function macOf({ neighbours }: Scenario, port: number): Uint8Array {
  return neighbours.portMac.subarray(port * 6, port * 6 + 6);
}

function send(
  scenario: Scenario,
  frame: Uint8Array,
  { port, mac }: Hop,
  sent: Uint8Array[][],
): void {
  frame.set(mac, 0);
  frame.set(macOf(scenario, port), 6);
  frame.set([0, 0], 24);
  const header = frame.subarray(14, 14 + (frame[14]! & 15) * 4);
  frame.set([sum(header) >> 8, sum(header) & 255], 24);
  sent[port]!.push(frame);
}

function tell(scenario: Scenario, about: Uint8Array, type: number, sent: Uint8Array[][]): void {
  const back = hopTo(scenario, about, 12);
  const header = (about[14]! & 15) * 4;
  const isLater = ((about[20]! & 31) | about[21]!) !== 0;
  const isIcmp = about[23] === 1 && [3, 4, 5, 11, 12].includes(about[14 + header]!);
  if (back === undefined || isLater || isIcmp) return;
  const total = about[16]! * 256 + about[17]!;
  const quote = about.subarray(14, 14 + Math.min(header + 8, total));
  const frame = new Uint8Array(Math.max(60, 42 + quote.length));
  frame.set([8, 0, 0x45, 0, 0, 28 + quote.length, 0, 0, 0x40, 0, 255, 1], 12);
  frame.set([192, 0, 2, 1, ...about.subarray(26, 30), type, 0], 26);
  frame.set(quote, 42);
  const message = sum(frame.subarray(34, 42 + quote.length));
  frame.set([message >> 8, message & 255], 36);
  send(scenario, frame, back, sent);
}

function isNoHost(first: number): boolean {
  return first === 0 || first === 127 || first >= 224;
}

function route(scenario: Scenario, port: number, frame: Uint8Array, sent: Uint8Array[][]): void {
  if (frame.length < 60 || frame.length > 1514 || frame[12] !== 8 || frame[13] !== 0) return;
  if (macOf(scenario, port).some((byte, i) => frame[i] !== byte)) return;
  const [header, total] = [(frame[14]! & 15) * 4, frame[16]! * 256 + frame[17]!];
  if (frame[14]! >> 4 !== 4 || header < 20 || total < header || total > frame.length - 14) return;
  if (sum(frame.subarray(14, 14 + header)) !== 0) return;
  if (isNoHost(frame[26]!) || isNoHost(frame[30]!)) return;
  if (frame[22]! <= 1) return tell(scenario, frame, 11, sent);
  const hop = hopTo(scenario, frame, 16);
  if (hop === undefined) return tell(scenario, frame, 3, sent);
  frame[22]!--;
  frame.fill(0, 14 + total);
  send(scenario, frame, hop, sent);
}
