// Aim: a bench file says what its page says it does, and one that contradicts itself is refused in one line. Method: the
// example of docs/real-devices.md, and files that differ from it in one thing.
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { InputError } from "../../fixtures/mod.ts";
import { UserError } from "../user_error.ts";
import { readBench } from "./bench_file.ts";

const PAGE = new URL("../../docs/real-devices.md", import.meta.url);
const [, EXAMPLE] = /```json\n(\{\n {2}"ports".*?)```/s.exec(Deno.readTextFileSync(PAGE))!;
const BENCH = JSON.parse(EXAMPLE!);

/** What is read of a bench file that says this. */
function read(bench: object): ReturnType<typeof readBench> {
  const file = Deno.makeTempFileSync({ suffix: "bench.json" });
  try {
    Deno.writeTextFileSync(file, JSON.stringify(bench));
    return readBench(file);
  } finally {
    Deno.removeSync(file);
  }
}

Deno.test("readBench takes the documented example, whose next hops go by place and by address", () => {
  const { interfaces, routes, neighbours, hopAddresses, policy } = read(BENCH);
  assertEquals(interfaces, ["eth1", "eth2"]);
  assertEquals([...neighbours.port], [0, 1, 1, 0]);
  assertEquals(neighbours.special, new Map([[3, "blackhole"]]));
  assertEquals(hopAddresses, [0x0a000002, 0x0a010002, null]);
  assertEquals(policy.mtu, [1500, 1400]);
  // the last is the host route to the next hop within the network at its port
  assertEquals([...routes.nextHop], [0, 1, 2, 3, 1]);
  assertEquals([...routes.depth], [12, 9, 24, 16, 32]);
  assertEquals(routes.prefix[4], 0x0a010002);
});

Deno.test("readBench takes several next hops, by place and by address", () => {
  const routes = ["10.0.0.0/8 10.1.0.2,0 # either"];
  const { neighbours, routes: { nextHop } } = read({ ...BENCH, routes });
  assertEquals([nextHop[0], neighbours.special], [3, new Map([[3, [1, 0]]])]);
});

Deno.test("readBench refuses what contradicts itself, in one line", () => {
  const port = BENCH.ports[0];
  const list = Deno.makeTempFileSync();
  Deno.writeTextFileSync(list, "10.0.0.0/8 9\n");
  const refusals: readonly (readonly [object, string])[] = [
    [{ ports: [] }, "bench.json: ports: "],
    [{ ports: [{ interface: "x", mac: "02" }] }, "ports.0.mac: expected a MAC address"],
    [{ ports: [port, port] }, "ports.1.interface: expected each once, got eth1 twice"],
    [{ nextHops: [{ port: 9, mac: port.mac }] }, "nextHops.0.port: expected 0..1, got 9"],
    [
      { routes: ["10.0.0.0/8 0", "10.0.0.0/9 10.9.9.9"] },
      "routes: line 2: expected a next hop by its place, 0..2, or its address, got 10.9.9.9",
    ],
    [
      { routes: ["10.0.0.0/8 9"] },
      "bench.json: routes: line 1: expected a next hop by its place, 0..2, or its address, got 9",
    ],
    [{ routes: ["10.0.0.0/8 0,"] }, "routes: line 1: expected an index or an IPv4 address"],
    [{ routes: "none.txt" }, "none.txt: expected a prefix list, got no such file"],
    [{ routes: list }, `${list}: expected a next hop by its place, 0..2, or its address, got 9`],
  ];
  for (const [change, expected] of refusals) {
    const error = assertThrows(() => read({ ...BENCH, ...change }), Error);
    assert(error instanceof UserError || error instanceof InputError, String(error));
    assertStringIncludes(error.message, expected);
  }
  Deno.removeSync(list);
});
