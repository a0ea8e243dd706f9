/** The model's answers to the rows about PacketShader, on the machine of its paper. */
import { type MachineProfile, maximaFor, Testbed } from "../../core/mod.ts";
import { generateTraffic, packetshaderMachine } from "../../fixtures/mod.ts";
import { packetshader, type PacketShaderOptions, psCrossover } from "../../stacks/mod.ts";
import type { SystemAnswer } from "./system_answers.ts";
import { routesTo } from "./traffic.ts";

/** The paper counts so many bits for a frame of 64 bytes. */
const PAPER_BITS = 88 * 8;
/** Time offered in microseconds, of which the second half counts; for what takes a core microseconds a packet. */
const OFFERED_US = 240;
const LONG_US = 2400;
const RINGS = 512;

/** What part of the box is run. */
interface Part {
  readonly ports: number;
  readonly lcores: number;
  /** How often it is in the box. */
  readonly times?: number;
  readonly us?: number;
  readonly options: PacketShaderOptions;
  /** A change of every frame, for traffic that is not IPv4. */
  readonly edit?: (frame: Uint8Array) => void;
}

/** Gb/s that a part forwards of frames of 64 bytes at the rate of its lines, as the paper counts, times its number. */
function forwarded(
  { ports, lcores, times = 1, us = OFFERED_US, options, edit }: Part,
): SystemAnswer {
  const machine: MachineProfile = packetshaderMachine();
  const { routes, neighbours } = routesTo(ports);
  // each port to the others of its half: what comes to a node leaves by it
  const half = ports > 4 ? ports / 2 : ports;
  const inputs = Array.from({ length: ports }, (_, port) => {
    const first = port - port % half;
    const outputs = Array.from({ length: half }, (_, i) => first + i).filter((to) => to !== port);
    return { port, outputs };
  });
  const perPort = Math.ceil(us * machine.linkGbps * 1000 / (84 * 8));
  const traffic = generateTraffic({
    ...{ routes, neighbours, pattern: { name: "all to all", inputs }, size: 64, seed: 1 },
    ...{ count: perPort * ports, flows: 256, rateGbps: machine.linkGbps },
    linkGbps: machine.linkGbps,
  });
  if (edit !== undefined) {
    traffic.offset.forEach((at, i) => edit(traffic.bytes.subarray(at, at + traffic.length[i]!)));
  }
  const geometry = {
    ...{ ports, lcores, rxRing: RINGS, txRing: RINGS, ingress: 128, spareBuffers: 4200 * lcores },
    ...{ poolCache: 32, peerSlots: 8, fidelity: "coarse" as const, headerCredits: 64 },
    ...{ dataCredits: 1024, mps: 256 },
  };
  const testbed = new Testbed(packetshader({ firstBits: 16, ...options }), machine, {
    maxima: maximaFor(geometry, machine),
  });
  const o = testbed.run({ geometry, routes, neighbours, traffic, deviations: [] });
  let frames = 0;
  for (let i = 0; i < o.outCount; i++) {
    if (o.outEnd[i]! >= us * 5e5 && o.outEnd[i]! < us * 1e6) frames++;
  }
  const mpps = frames / (us / 2) * times;
  return { value: mpps * PAPER_BITS / 1000, detail: `${mpps.toFixed(2)} Mpps` };
}

const ECHO: PacketShaderOptions = { app: "echo", echo: "as-is" };
/** The whole box, a node of it, a core of it. */
const BOX = { ports: 8, lcores: 8 };
const NODE = { ports: 4, lcores: 4, times: 2 };
const CORE = { ports: 2, lcores: 1 };

const gpuBox = (): SystemAnswer => forwarded({ ...BOX, options: { offload: "gpu", nodes: 2 } });

/** Gain of local placement, one core on each of two nodes. */
function numa(): SystemAnswer {
  const [local, blind] = (["local", "blind"] as const).map((placement) =>
    forwarded({ ports: 4, lcores: 2, options: { ...ECHO, nodes: 2, numa: placement } }).value
  );
  return { value: local! / blind!, detail: `${local!.toFixed(1)} / ${blind!.toFixed(1)} Gb/s` };
}

/** Every frame becomes one of IPv6 to 2001:db8::1, by a table that takes seven probes for it. */
function ipv6(): SystemAnswer {
  const routes6 = Array.from({ length: 127 }, (_, i) => ({
    prefix: [0x20010db8, 0, 0, 0] as const,
    depth: i + 1,
    nextHop: 1,
  }));
  return forwarded({
    ...{ ...CORE, times: 8, us: LONG_US, options: { app: "ipv6", offload: "cpu", routes6 } },
    edit: (frame) => {
      frame.fill(0, 12);
      frame.set([0x86, 0xdd, 0x60, 0, 0, 0, 0, 6, 17, 64], 12);
      frame.set([0x20, 0x01, 0x0d, 0xb8], 38);
      frame[53] = 1;
    },
  });
}

const TUNNEL = {
  ...{ spi: 1, salt: 2, src: 0xc0000201, dst: 0xc6336401, nextHop: 1 },
  ...{ key: new Uint8Array(16), authKey: new Uint8Array(20) },
};
const ipsec = (part: typeof NODE | typeof CORE, offload: "cpu" | "gpu", times: number) =>
  forwarded({
    ...{ ...part, times, us: LONG_US },
    options: { app: "ipsec", offload, tunnel: TUNNEL, streams: offload === "gpu" },
  });

const crossing = (cores: number) => (): SystemAnswer => {
  const { addresses } = psCrossover(packetshaderMachine().costs, cores);
  return { value: addresses, detail: `of seven probes, ${cores} cores` };
};

/** How each of these rows is answered. */
export const PACKETSHADER_ANSWERS: Readonly<Record<string, () => SystemAnswer>> = {
  K01: () => forwarded({ ...CORE, options: { ...ECHO, chunk: 1 } }),
  K02: () => forwarded({ ...CORE, options: { ...ECHO, chunk: 64 } }),
  K04: () => forwarded({ ...BOX, options: { ...ECHO, nodes: 2, chunk: 256 } }),
  K05: () => forwarded({ ...NODE, options: { offload: "cpu" } }),
  K06: gpuBox,
  K07: ipv6,
  K08: crossing(4),
  K09: () => {
    const { peak } = psCrossover(packetshaderMachine().costs, 4);
    return { value: peak, detail: "look-ups of a million addresses" };
  },
  K10: numa,
  K11: crossing(8),
  K12: () => ipsec(NODE, "gpu", 2),
  K13: () => ipsec(CORE, "cpu", 8),
  S11: gpuBox,
};
