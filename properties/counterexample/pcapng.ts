/**
 * A counterexample as a capture: the offered frames on `port0.in`, `port1.in`, ..., the emitted
 * ones on `port0.out`, ..., each with a comment that says what became of it, so that an analyser
 * shows the whole story.
 */
import { writePcapng } from "../../fixtures/capture/write_pcapng.ts";
import { type Counterexample, microseconds } from "./counterexample.ts";

/** The bytes of a pcapng file. Times are rounded to nanoseconds. */
export function captureCounterexample(counterexample: Counterexample): Uint8Array<ArrayBuffer> {
  const { law, device, scenario, fates, emitted, sentence } = counterexample;
  const { traffic, geometry } = scenario;
  const concerned = new Set(counterexample.packets);
  const note = (packet: number) => concerned.has(packet) ? `; ${law.id}: ${sentence}` : "";
  const frames: {
    readonly ps: number;
    readonly interface: number;
    bytes: Uint8Array;
    comment: string;
  }[] = [];
  for (let i = 0; i < traffic.count; i++) {
    frames.push({
      ps: traffic.at[i]!,
      interface: 2 * traffic.port[i]!,
      bytes: traffic.bytes.subarray(traffic.offset[i]!, traffic.offset[i]! + traffic.length[i]!),
      comment: `packet ${i}: ${fates[i]}${note(i)}`,
    });
  }
  for (const { packet, port, startPs, endPs, bytes } of emitted) {
    const what = packet < 0 ? "no packet that was offered" : `packet ${packet}`;
    const when = `first bit at ${microseconds(startPs)} us`;
    frames.push({
      ps: endPs,
      // where a frame left cannot always be told
      interface: port < geometry.ports ? 2 * port + 1 : 2 * geometry.ports,
      bytes,
      comment: `${what}: ${when}${note(packet)}`,
    });
  }
  frames.sort((a, b) => a.ps - b.ps);
  return writePcapng({
    interfaces: [
      ...Array.from({ length: 2 * geometry.ports }, (_, i) => ({
        name: `port${i >> 1}.${i % 2 === 0 ? "in" : "out"}`,
      })),
      ...frames.some((one) => one.interface === 2 * geometry.ports)
        ? [{ name: "unknown.out" }]
        : [],
    ],
    packets: frames.map(({ ps, ...frame }) => ({ ...frame, timeNs: Math.round(ps / 1000) })),
    comment: `${law.id} broken by ${device}: ${sentence}`,
    userappl: "planecheck",
  });
}
