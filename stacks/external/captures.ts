/**
 * The folder that a program reads and writes: `ports.txt` (`PORT MAC` a line), `routes.txt`
 * (`PREFIX/DEPTH PORT MAC`), `in0.pcap`, `in1.pcap`, ... with the frames that each port receives, at
 * nanosecond stamps; the program writes `out0.pcap`, ... in any form of pcap or pcapng. A file that is
 * not there holds no frames.
 */
import { RunFailure, type Scenario } from "../../core/machine/device.ts";
import { ipv4ToString } from "../../core/packet/ipv4_text.ts";
import { InputError, readCapture, writePcap } from "../../fixtures/mod.ts";
import type { Sent, SentFrame } from "./observe.ts";

const ETHERNET = 1;

/** Writes the files of a scenario. */
export function writeFolder(folder: string, scenario: Scenario): void {
  const { geometry, neighbours, routes, traffic } = scenario;
  const ports = Array.from({ length: geometry.ports }, (_, port) => port);
  const macs = ports.map((port) => `${port} ${mac(neighbours.portMac, port)}\n`);
  Deno.writeTextFileSync(`${folder}/ports.txt`, macs.join(""));
  const lines = Array.from({ length: routes.count }, (_, i) => {
    const hop = routes.nextHop[i]!;
    const prefix = `${ipv4ToString(routes.prefix[i]!)}/${routes.depth[i]}`;
    return `${prefix} ${neighbours.port[hop]} ${mac(neighbours.mac, hop)}\n`;
  });
  Deno.writeTextFileSync(`${folder}/routes.txt`, lines.join(""));
  for (const port of ports) {
    const packets = [];
    for (let i = 0; i < traffic.count; i++) {
      // a frame with a wrong FCS ends at the port
      if (traffic.port[i] !== port || traffic.badFcs?.[i] === 1) continue;
      const from = traffic.offset[i]!;
      const bytes = traffic.bytes.subarray(from, from + traffic.length[i]!);
      packets.push({ timeNs: Math.floor(traffic.at[i]! / 1000), bytes });
    }
    Deno.writeFileSync(`${folder}/in${port}.pcap`, writePcap({ linkType: ETHERNET, packets }));
  }
}

/** What a program wrote: the frames of all ports, each port's in order. */
export function readFolder(folder: string, ports: number): Sent {
  const parts: Uint8Array[] = [];
  const frames: SentFrame[] = [];
  let used = 0;
  for (let port = 0; port < ports; port++) {
    const path = `${folder}/out${port}.pcap`;
    let file: Uint8Array;
    try {
      file = Deno.readFileSync(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      throw error;
    }
    const capture = readWritten(`out${port}.pcap`, file);
    if (capture.cut !== undefined) {
      const { offset, reason } = capture.cut;
      throw new RunFailure(`it wrote out${port}.pcap cut at byte ${offset}: ${reason}`);
    }
    const other = capture.interfaces.find(({ linkType }) => linkType !== ETHERNET);
    if (other !== undefined) {
      throw new RunFailure(
        `it wrote out${port}.pcap: expected link type 1 (Ethernet), got ${other.linkType}`,
      );
    }
    for (let i = 0; i < capture.count; i++) {
      const from = capture.offset[i]!;
      const length = capture.length[i]!;
      parts.push(capture.bytes.subarray(from, from + length));
      frames.push({ port, offset: used, length });
      used += length;
    }
  }
  const bytes = new Uint8Array(used);
  frames.forEach(({ offset }, i) => bytes.set(parts[i]!, offset));
  return { bytes, frames };
}

function readWritten(name: string, file: Uint8Array): ReturnType<typeof readCapture> {
  try {
    return readCapture(name, file);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new RunFailure(`it wrote ${error.message}`);
  }
}

function mac(bytes: Uint8Array, at: number): string {
  return [...bytes.subarray(at * 6, at * 6 + 6)]
    .map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}
