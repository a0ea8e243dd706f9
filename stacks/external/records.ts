/**
 * The stream that a program reads and writes: records, each of a length (four bytes, most significant
 * first, of what follows it), a letter, and its fields. Numbers have the most significant byte first.
 *
 *     P  port u8, mac 6                              an own port and its MAC address
 *     R  prefix u32, depth u8, port u8, mac 6        a route: egress port, MAC address of the next hop
 *     F  port u8, frame                              a frame without FCS: received, or sent
 *
 * The program gets ports, routes, frames, in this order, then the end of its input; it writes F
 * records and ends with exit code 0.
 */
import { RunFailure, type Scenario } from "../../core/machine/device.ts";
import type { SentFrame } from "./observe.ts";

const PORT = 0x50, ROUTE = 0x52, FRAME = 0x46;
const ETHERNET_MIN = 14;
const FRAME_MAX = 65535;

/** The stream of a scenario. */
export function writeRecords({ geometry, neighbours, routes, traffic }: Scenario): Uint8Array {
  const frames = traffic.length.subarray(0, traffic.count).reduce((sum, n) => sum + n + 6, 0);
  const out = new Uint8Array(geometry.ports * 12 + routes.count * 17 + frames);
  const view = new DataView(out.buffer);
  let at = 0;
  const begin = (letter: number, length: number) => {
    view.setUint32(at, 1 + length);
    out[at + 4] = letter;
    at += 5;
  };
  for (let port = 0; port < geometry.ports; port++) {
    begin(PORT, 7);
    out[at++] = port;
    out.set(neighbours.portMac.subarray(port * 6, port * 6 + 6), at);
    at += 6;
  }
  for (let i = 0; i < routes.count; i++) {
    const hop = routes.nextHop[i]!;
    begin(ROUTE, 12);
    view.setUint32(at, routes.prefix[i]!);
    out[at + 4] = routes.depth[i]!;
    out[at + 5] = neighbours.port[hop]!;
    out.set(neighbours.mac.subarray(hop * 6, hop * 6 + 6), at + 6);
    at += 12;
  }
  for (let i = 0; i < traffic.count; i++) {
    // a frame with a wrong FCS ends at the port
    if (traffic.badFcs?.[i] === 1) continue;
    const length = traffic.length[i]!;
    begin(FRAME, 1 + length);
    out[at++] = traffic.port[i]!;
    const from = traffic.offset[i]!;
    out.set(traffic.bytes.subarray(from, from + length), at);
    at += length;
  }
  return out.subarray(0, at);
}

/**
 * The frames that a program wrote.
 * @throws {RunFailure} naming the byte at which it wrote something else
 */
export function readRecords(bytes: Uint8Array, ports: number): SentFrame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const frames: SentFrame[] = [];
  for (let at = 0; at < bytes.length;) {
    const wrong = (expected: string, got: string) =>
      new RunFailure(
        `it wrote record ${frames.length} at byte ${at}: expected ${expected}, got ${got}`,
      );
    const left = bytes.length - at;
    if (left < 6) throw wrong("a length, a letter and a port", `${left} bytes`);
    const length = view.getUint32(at) - 2;
    if (bytes[at + 4] !== FRAME) throw wrong('the letter "F"', hex(bytes[at + 4]!));
    if (length < ETHERNET_MIN || length > FRAME_MAX) {
      throw wrong(`a frame of ${ETHERNET_MIN}..${FRAME_MAX} bytes`, `${length}`);
    }
    if (length > left - 6) throw wrong(`a frame of ${length} bytes`, `${left - 6}`);
    const port = bytes[at + 5]!;
    if (port >= ports) throw wrong(`a port below ${ports}`, `${port}`);
    frames.push({ port, offset: at + 6, length });
    at += 6 + length;
  }
  return frames;
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
