// Aim: what a device makes of a packet is called declared where its policy leaves it the choice, and nowhere else. Method:
// devices that send what a test says, beside one that sends nothing.
import { assertEquals } from "@std/assert";
import type { DeviceUnderTest } from "../../core/machine/device.ts";
import { Observation } from "../../core/machine/observation.ts";
import type { Policy } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import { frameOf } from "../reference/expectation.ts";
import { referenceRouter } from "../reference/router.ts";
import { frame, hopMac, portMac, scenario } from "../reference/_scenario_for_tests.ts";
import { firstDivergence } from "./outcomes.ts";

const PAIRED: Policy = { ...STRICT, topology: "paired" };

/** A device that sends copies of each packet, changed, by these ports. */
function sending(
  policy: Policy,
  ports: readonly number[],
  change: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes,
): DeviceUnderTest {
  return {
    ...{ name: "by hand", policy, offers: new Set(["frames"] as const) },
    run({ traffic, geometry }) {
      const o = new Observation();
      o.reset(traffic.count, geometry.fidelity);
      for (let p = 0; p < traffic.count; p++) {
        const at = traffic.offset[p]!;
        const bytes = change(traffic.bytes.slice(at, at + traffic.length[p]!));
        for (const port of ports) {
          o.emit(p, port, -1, traffic.at[p]!, traffic.at[p]! + 1, bytes, 0, bytes.length);
        }
      }
      return o;
    },
  };
}

/** Whether a frame, forwarded so, and dropped, are as declared. */
function declared(
  policy: Policy,
  bytes: Uint8Array,
  ...how: [number[], (b: Uint8Array) => Uint8Array]
) {
  const devices = [sending(policy, ...how), sending(policy, [])];
  const { outcomes } = firstDivergence(devices, scenario({ frames: [bytes] }))!;
  return outcomes.map(({ asDeclared }) => asDeclared);
}

Deno.test("firstDivergence lets a port forwarder send any bytes where nobody can tell them, and not drop the packet", () => {
  const policy = { ...PAIRED, rewrites: "5-tuple" } as const;
  // the ports are behind the frame
  const untold = frame({ first: 0x4f, length: 60 });
  const other = (bytes: Uint8Array): Uint8Array => bytes.fill(9);
  assertEquals(declared(policy, untold, [1], other), [true, false]);
  assertEquals(declared(policy, untold, [2], other), [false, false], "by another port");
  assertEquals(declared(policy, untold, [1, 1], other), [false, false], "twice");
  assertEquals(declared(policy, frame(), [1], other), [false, false], "bytes that are told");
});

Deno.test("firstDivergence takes fragments for declared that together are a packet longer than the MTU", () => {
  const policy = { ...STRICT, mtu: 100, tooLong: "cut" } as const;
  const long = frame({ length: 134, total: 120 });
  const fragment = (whole: Uint8Array, from: number, to: number) => {
    const bytes = Uint8Array.from([
      ...whole.subarray(0, 34),
      ...whole.subarray(34 + from, 34 + to),
    ]);
    const view = new DataView(bytes.buffer);
    view.setUint16(16, 20 + to - from);
    view.setUint16(20, from / 8 | (to < 100 ? 0x2000 : 0));
    return bytes;
  };
  const by = (parts: [from: number, to: number][]): DeviceUnderTest => ({
    ...{ name: "by hand", policy, offers: new Set(["frames"] as const) },
    run(cutting) {
      const o = new Observation();
      o.reset(1, cutting.geometry.fidelity);
      const e = referenceRouter(cutting, policy);
      for (const [from, to] of parts) {
        const bytes = fragment(frameOf(e, 0), from, to);
        o.emit(0, e.port[0]!, -1, 0, 1, bytes, 0, bytes.length);
      }
      return o;
    },
  });
  const declaredOf = (...parts: [from: number, to: number][]) =>
    firstDivergence([by(parts), by([])], scenario({ frames: [long] }))!.outcomes[0]!.asDeclared;
  assertEquals(declaredOf([0, 80], [80, 100]), true);
  assertEquals(declaredOf([0, 48], [48, 100]), true, "cut elsewhere");
  assertEquals(declaredOf([0, 80]), false, "not whole");
  assertEquals(declaredOf([0, 100]), false, "not cut");
});

Deno.test("firstDivergence takes any one of several next hops for declared, with its port and its MAC address", () => {
  const policy = { ...STRICT, routeTypes: true };
  const routes = { routes: ["10.0.0.0/8 6"], special: [[1, 3]] };
  const by = (port: number, macOf: number): boolean => {
    const sent = frame({ ttl: 63 });
    sent.set([...hopMac(macOf), ...portMac(port)]);
    const devices = [sending(policy, [port], () => sent), sending(policy, [])];
    const one = scenario({ ...routes, frames: [frame()] });
    return firstDivergence(devices, one)!.outcomes[0]!.asDeclared;
  };
  assertEquals([by(1, 1), by(3, 3)], [true, true]);
  assertEquals([by(1, 3), by(3, 1), by(2, 2)], [false, false, false]);
});
