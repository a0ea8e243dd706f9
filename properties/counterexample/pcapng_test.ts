// Aim: the capture holds every offered and every emitted frame, in order, on its port, with its
// story.
// Method: read it back with the reader of captures, which shares nothing with the writer's callers.
import { assert, assertEquals } from "@std/assert";
import { capturePacket, captureTimeNs } from "../../fixtures/capture/capture.ts";
import { readCapture } from "../../fixtures/capture/read.ts";
import { build } from "../arbitraries/build.ts";
import { FakeDevice } from "../run/_fake_device_for_tests.ts";
import { checkConformance } from "../run/check.ts";
import { DRAW, exampleOf } from "./_example_for_tests.ts";
import { captureCounterexample } from "./pcapng.ts";

const EXAMPLE = exampleOf("drops-fifth", "LOSS-1a");
const CAPTURE = readCapture("x.pcapng", captureCounterexample(EXAMPLE));

function rows() {
  return Array.from({ length: CAPTURE.count }, (_, i) => ({
    ns: Number(captureTimeNs(CAPTURE, i)),
    on: CAPTURE.interfaces[CAPTURE.interface[i]!]!.name,
    comment: CAPTURE.comments.get(i),
  }));
}

Deno.test("captureCounterexample tells the story of every frame on its port", () => {
  assertEquals(CAPTURE.interfaces.map(({ name }) => name), [
    "port0.in",
    "port0.out",
    "port1.in",
    "port1.out",
  ]);
  assertEquals(rows(), [
    { ns: 1000, on: "port0.in", comment: "packet 0: left port 1 at 1.540 us" },
    { ns: 1019, on: "port0.in", comment: "packet 1: left port 1 at 1.580 us" },
    {
      ns: 1036,
      on: "port0.in",
      comment: "packet 2: dropped at nic0.ingress: rx-missed (2 of 2)",
    },
    { ns: 1036, on: "port1.in", comment: "packet 3: dropped at nic1.mac: bad-checksum" },
    { ns: 1557, on: "port1.out", comment: "packet 0: first bit at 1.540 us" },
    { ns: 1599, on: "port1.out", comment: "packet 1: first bit at 1.580 us" },
    {
      ns: 2036,
      on: "port0.in",
      comment: `packet 4: dropped at nic0.mac: other; LOSS-1a: ${EXAMPLE.sentence}`,
    },
  ]);
});

Deno.test("a counterexample stays as it is when its device runs again", () => {
  const device = new FakeDevice("drops-fifth");
  const replay = build(DRAW);
  const { laws } = checkConformance(device, { replay, only: /LOSS-1a/ });
  const example = laws.find(({ law }) => law.id === "LOSS-1a")!.counterexample!;
  const before = captureCounterexample(example);
  device.run(build({ ...DRAW, packets: DRAW.packets.toReversed() }));
  assertEquals(captureCounterexample(example), before);
});

Deno.test("captureCounterexample keeps a frame of which nobody knows where it left", () => {
  const [one, ...others] = EXAMPLE.emitted;
  const emitted = [{ ...one!, port: 255 }, ...others];
  const capture = readCapture("x.pcapng", captureCounterexample({ ...EXAMPLE, emitted }));
  const names = capture.interfaces.map(({ name }) => name);
  assertEquals(names, ["port0.in", "port0.out", "port1.in", "port1.out", "unknown.out"]);
  assertEquals(names[capture.interface[4]!], "unknown.out");
});

Deno.test("captureCounterexample holds the bytes of the frames", () => {
  const { traffic } = EXAMPLE.scenario;
  const frame = (i: number) =>
    traffic.bytes.slice(traffic.offset[i]!, traffic.offset[i]! + traffic.length[i]!);
  assertEquals(Uint8Array.from(capturePacket(CAPTURE, 0)), frame(0));
  assertEquals(Uint8Array.from(capturePacket(CAPTURE, 6)), frame(4));
  assertEquals(Uint8Array.from(capturePacket(CAPTURE, 4)), EXAMPLE.emitted[0]!.bytes);
  assert(capturePacket(CAPTURE, 4)[22] === 63, "TTL of what left");
});
