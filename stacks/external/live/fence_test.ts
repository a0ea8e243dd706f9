// Aim: fences are told from other frames, by whatever head they come back with; one that is lost, or comes out of the
// wrong port, is an error that says which. Method: frames by hand; nothing is sent.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "../../../properties/mod.ts";
import { GENERATED, Observation } from "../../../core/mod.ts";
import { observe } from "../observe.ts";
import { FenceLost, Fences } from "./fence.ts";
import { ipv4Fence } from "./ipv4_fence.ts";
import { KERNEL_POLICY } from "./kernel.ts";

const plain = () => new Uint8Array(60);

Deno.test("Fences come back once each, with any head, from their own port", () => {
  const fences = new Fences(2);
  const frames = [0, 1].flatMap((i) => [0, 1].map((e) => fences.next(i, e, plain)!.slice()));
  assertEquals(fences.outstanding, 4);
  assertEquals(fences.isFence(0, new Uint8Array(60), 0, 60), false);
  frames.forEach((frame, pair) => {
    frame.fill(9, 0, 44);
    assert(fences.isFence(pair % 2, frame, 0, 60));
    assertEquals(fences.outstanding, 3 - pair);
  });
  // one that comes twice is still a fence
  assert(fences.isFence(0, frames[0]!, 0, 60));
  assertEquals(fences.outstanding, 0);
  // those of others are frames
  assertEquals(new Fences(2).isFence(0, frames[0]!, 0, 60), false);
});

Deno.test("Fences say which of them is lost, and which came out of a wrong port", () => {
  const fences = new Fences(3);
  const frame = fences.next(0, 2, plain)!.slice();
  assertThrows(
    () => fences.isFence(1, frame, 0, 60),
    FenceLost,
    "the fence from port 0 to port 2 came out of port 1",
  );
  fences.next(1, 0, plain);
  const lost = fences.lost(50);
  assertEquals(
    lost.message,
    "the fence from port 0 to port 2, from port 1 to port 0 did not come back within 50 ms",
  );
  assertEquals(fences.outstanding, 0);
  // what comes too late belongs to no exchange
  assert(fences.isFence(2, frame, 0, 60));
});

Deno.test("Fences ask for a frame once, and pass over pairs that have none", () => {
  const fences = new Fences(2);
  let asked = 0;
  const make = (ingress: number, egress: number) => {
    asked++;
    return ingress === egress ? null : plain();
  };
  assertEquals(fences.next(0, 0, make), null);
  fences.next(0, 1, make);
  fences.next(0, 1, make);
  assertEquals([asked, fences.outstanding], [2, 1]);
  fences.forget();
  fences.next(0, 1, make);
  assertEquals(asked, 3);
});

function scenarioTo(dst: number, src = 0xac100001) {
  return build({
    geometry: PLAIN_GEOMETRY,
    neighbours: [1],
    routes: [{ prefix: dst, depth: 32, nextHop: 0 }],
    packets: [{ ...PLAIN_PACKET, src, dst }],
    deviations: [],
  });
}

Deno.test("ipv4Fence keeps away from addresses that a scenario has", () => {
  const fence = ipv4Fence();
  assertEquals(fence.choose(scenarioTo(0x0a000001)), 0xc6120000);
  assertEquals(fence.choose(scenarioTo(0xc6120003)), 0xc6120010);
  assertEquals(fence.choose(scenarioTo(0x0a000001, 0xc612001f)), 0xc6120020);
  assertEquals(fence.choose(scenarioTo(0xc6120003)), 0xc6120020, "it stays while it may");
  const frame = fence.frame(1, 0)!;
  assertEquals([...frame.subarray(0, 6)], [6, 0, 0, 0, 0, 1]);
  assertEquals([...frame.subarray(30, 34)], [198, 18, 0, 32]);
  // its tag is payload, which nobody cuts off
  assertEquals(frame[16]! * 256 + frame[17]!, 46);
});

Deno.test("observe tells ICMP errors of the device from packets, though they quote them", () => {
  const scenario = scenarioTo(0x0a000001);
  const { bytes } = scenario.traffic;
  const error = new Uint8Array(14 + 28 + 46);
  error.set([2, 0, 0, 0, 0, 1, 6, 0, 0, 0, 0, 1, 8, 0, 0x45, 0xc0, 0, 74, 0, 0, 0, 0, 64, 1, 0, 0]);
  error.set([192, 0, 0, 8, 172, 16, 0, 1, 11, 0], 26);
  error.set(bytes.subarray(14, 60), 42);
  const sent = { bytes: error, frames: [{ port: 1, offset: 0, length: error.length }] };
  const o = observe(new Observation(), "kernel", KERNEL_POLICY, scenario, sent);
  assertEquals([o.outPacket[0], o.faultCount], [GENERATED, 0]);
  // from an address that is not the device's it is somebody's packet: here the one that it quotes
  error[29] = 9;
  const other = observe(new Observation(), "kernel", KERNEL_POLICY, scenario, sent);
  assertEquals(other.outPacket[0], 0);
});
