/**
 * A device for the tests of the harness: a store-and-forward router that does what the reference
 * router says, behind ingress buffers of the drawn size, and that can be given one fault. It shows
 * no buffers and no credits.
 */
import type { DeviceUnderTest, Evidence, Scenario } from "../../core/machine/device.ts";
import { Observation } from "../../core/machine/observation.ts";
import { type Policy, REASON } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import type { Expectation } from "../reference/expectation.ts";
import { referenceRouter } from "../reference/router.ts";

/** What can be wrong with the fake device. */
export type FakeFault =
  | "drops-fifth"
  | "keeps-ttl-with-options"
  | "wrong-port-for-32"
  | "duplicates"
  | "forgets-long-frames"
  | "frees-silently"
  | "drops-at-half"
  | "swaps"
  | "throws-on-vlan"
  | "flaky";

/** Service of one frame by an ingress buffer, and the way to the egress port, in ps. */
const SERVICE_PS = 40_000;
const TRANSIT_PS = 500_000;

interface Served {
  readonly packet: number;
  readonly at: number;
}

/** The fake device; `fault` is what is wrong with it. */
export class FakeDevice implements DeviceUnderTest {
  readonly name = "fake";
  readonly policy: Policy;
  readonly offers: ReadonlySet<Evidence> = new Set([
    ...["frames", "fates", "reasons", "occupancy", "trace"] as const,
  ]);
  readonly #fault: FakeFault | null;
  readonly #observation = new Observation();
  /** Scenarios run so far. */
  runs = 0;
  /** Events that each run claims to take. */
  events = 0;

  constructor(fault: FakeFault | null = null, policy: Policy = STRICT) {
    this.#fault = fault;
    this.policy = policy;
  }

  run(scenario: Scenario): Observation {
    const o = this.#observation;
    const { traffic, geometry } = scenario;
    const expected = referenceRouter(scenario, this.policy);
    this.runs++;
    o.reset(traffic.count, geometry.fidelity);
    for (let p = 0; p < geometry.ports; p++) o.addPlace(`nic${p}.ingress`, geometry.ingress);
    for (let p = 0; p < geometry.ports; p++) o.addPlace(`nic${p}.mac`);
    const served = this.#serve(scenario, expected);
    if (this.#fault === "swaps" && served.length >= 2) {
      const [first, second] = [served.at(-2)!, served.at(-1)!];
      served.splice(-2, 2, { ...first, packet: second.packet }, {
        ...second,
        packet: first.packet,
      });
    }
    this.#forward(scenario, expected, served);
    o.ports = [];
    o.endPs = (traffic.at[traffic.count - 1] ?? 0) + 1e9;
    o.events = this.events;
    o.end = "quiet";
    return o;
  }

  /** Takes the frames through the ingress buffers; answers what comes out, in order of time. */
  #serve(scenario: Scenario, expected: Expectation): Served[] {
    const o = this.#observation;
    const { traffic, geometry } = scenario;
    const queues = Array.from({ length: geometry.ports }, (): number[] => []);
    const capacity = this.#fault === "drops-at-half"
      ? Math.ceil(geometry.ingress / 2)
      : geometry.ingress;
    const served: Served[] = [];
    for (let i = 0; i < traffic.count; i++) {
      const at = traffic.at[i]!;
      const port = traffic.port[i]!;
      const type = traffic.bytes[traffic.offset[i]! + 12]! << 8 |
        traffic.bytes[traffic.offset[i]! + 13]!;
      if (this.#fault === "throws-on-vlan" && type === 0x8100) {
        throw new TypeError("Cannot read a tag");
      }
      const mac = (1 << REASON.runt) | (1 << REASON.oversize);
      if ((expected.reasons[i]! & mac) !== 0) {
        o.drop(i, 31 - Math.clz32(expected.reasons[i]! & mac), geometry.ports + port, at);
        continue;
      }
      const queue = queues[port]!;
      while (queue.length > 0 && queue[0]! <= at) queue.shift();
      if (queue.length >= capacity) {
        o.drop(i, REASON["rx-missed"], port, at, queue.length);
        continue;
      }
      const done = Math.max(at, queue.at(-1) ?? 0) + SERVICE_PS;
      queue.push(done);
      served.push({ packet: i, at: done });
    }
    return served.sort((a, b) => a.at - b.at || a.packet - b.packet);
  }

  #forward(scenario: Scenario, expected: Expectation, served: readonly Served[]): void {
    const o = this.#observation;
    const { traffic, geometry } = scenario;
    const freeAt = new Float64Array(geometry.ports);
    const frames: {
      packet: number;
      port: number;
      start: number;
      end: number;
      bytes: Uint8Array;
    }[] = [];
    for (const { packet, at } of served) {
      const mac = geometry.ports + traffic.port[packet]!;
      if (expected.forward[packet] === 0) {
        o.drop(packet, 31 - Math.clz32(expected.reasons[packet]!), mac, at);
        continue;
      }
      const long = traffic.length[packet]! > 1000;
      if (this.#fault === "forgets-long-frames" && long) {
        o.waitingAt.set(packet, "a forgotten ring");
      } else if (this.#fault === "drops-fifth" && packet === 4) {
        o.drop(packet, REASON.other, mac, at);
      } else if (this.#fault === "frees-silently" && packet === 2) o.freed(packet, mac, at);
      else if (this.#fault === "flaky" && this.runs % 40 === 39) {
        o.drop(packet, REASON.other, mac, at);
      } else {
        const { port, bytes } = this.#rewrite(scenario, expected, packet);
        const copies = this.#fault === "duplicates" && packet === 1 ? 2 : 1;
        for (let copy = 0; copy < copies; copy++) {
          const start = Math.max(at + TRANSIT_PS, freeAt[port]!);
          const end = start + (bytes.length + 24) * 200;
          freeAt[port] = end;
          frames.push({ packet, port, start, end, bytes });
        }
      }
    }
    frames.sort((a, b) => a.end - b.end);
    for (const { packet, port, start, end, bytes } of frames) {
      o.emit(packet, port, geometry.ports + port, start, end, bytes, 0, bytes.length);
    }
  }

  /** Port and bytes of a forwarded packet, with the fault in them. */
  #rewrite(scenario: Scenario, expected: Expectation, packet: number) {
    const { traffic, geometry, routes } = scenario;
    const from = expected.offset[packet]!;
    const bytes = expected.bytes.slice(from, from + expected.length[packet]!);
    let port = expected.port[packet]!;
    const input = traffic.offset[packet]!;
    if (this.#fault === "keeps-ttl-with-options" && (bytes[14]! & 15) > 5) {
      for (const at of [22, 24, 25]) bytes[at] = traffic.bytes[input + at]!;
    }
    if (this.#fault === "wrong-port-for-32") {
      const view = new DataView(bytes.buffer);
      for (let r = 0; r < routes.count; r++) {
        const isHit = routes.depth[r] === 32 && routes.prefix[r] === view.getUint32(30);
        if (isHit) port = (port + 1) % geometry.ports;
      }
    }
    return { port, bytes };
  }
}

/** Builds fake devices with the same fault. */
export function fakeDevices(fault: FakeFault | null = null, policy: Policy = STRICT) {
  return { device: new FakeDevice(fault, policy), fresh: () => new FakeDevice(fault, policy) };
}
