// Aim: the byte code that is kept is what the C source beside it says, and what is in it is read right.
// Method: compiled again where there is a clang of the same version, which its absence is told of; maps and programs
// of the objects by hand.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { readBpfObject } from "../../core/bpf/mod.ts";
import { compile, SOURCES } from "../../cli/tasks/compile_xdp.ts";
import { BENCH, FORWARD, objectBytes } from "./programs/mod.ts";
import { XDP_BENCH_OBJECT } from "./programs/xdp_bench.ts";
import { XDP_FORWARD_OBJECT } from "./programs/xdp_forward.ts";

const KEPT = { xdp_forward: XDP_FORWARD_OBJECT, xdp_bench: XDP_BENCH_OBJECT } as const;

for (const source of SOURCES) {
  Deno.test(`${source}.c compiled by clang is the byte code that is kept`, async () => {
    const out = await Deno.makeTempFile();
    const object = await compile(source, out);
    await Deno.remove(out);
    if (typeof object === "string") {
      console.warn(`${source}.c was not compiled: ${object}`);
      return;
    }
    const again = readBpfObject(object);
    const kept = readBpfObject(objectBytes(KEPT[source]));
    assertEquals(again.maps, kept.maps);
    assertEquals(again.programs, kept.programs);
  });
}

Deno.test("the byte code that is kept names its sources alone, not the folder that they were compiled in", () => {
  for (const source of SOURCES) {
    const text = new TextDecoder("latin1").decode(objectBytes(KEPT[source]));
    const named = [...text.matchAll(/[\w./-]+\.[ch]\0/g)].map(([path]) => path.slice(0, -1));
    assert(named.length > 0);
    assertEquals(named.filter((path) => path.startsWith("/")), []);
  }
});

Deno.test("readBpfObject finds the maps of BTF with their kinds, sizes and flags", () => {
  const { maps, license } = BENCH;
  assertEquals(license, "GPL");
  const acl = maps.find(({ name }) => name === "acl");
  assertEquals(acl, {
    name: "acl",
    type: "lpm_trie",
    keySize: 8,
    valueSize: 4,
    maxEntries: 1024,
    flags: 1,
  });
  const kinds = Object.fromEntries(
    maps.map(({ name, type, valueSize }) => [name, `${type} ${valueSize}`]),
  );
  assertEquals(kinds, {
    tx_port: "devmap 8",
    cpu_map: "cpumap 8",
    xsks_map: "xskmap 4",
    jump_table: "prog_array 4",
    counters: "percpu_array 8",
    settings: "array 4",
    acl: "lpm_trie 4",
  });
});

Deno.test("readBpfObject finds programs by section and links what they call and name", () => {
  assertEquals(FORWARD.programs.map(({ name }) => name), ["xdp_fwd", "xdp_fwd_strict"]);
  const sections = new Set(BENCH.programs.map(({ section }) => section));
  assertEquals(sections, new Set(["xdp", "xdp/devmap", "xdp/cpumap"]));
  const calls = BENCH.programs.find(({ name }) => name === "xdp_calls")!;
  const call =
    calls.code.findIndex((op, i) => i % 8 === 0 && op === 0x85 && calls.code[i + 1]! >> 4 === 1) /
    8;
  const target = call + 1 + new DataView(calls.code.buffer).getInt32(call * 8 + 4, true);
  // the function lies behind the program's own exit
  assertEquals(calls.code[(target - 1) * 8], 0x95);
  const acl = BENCH.programs.find(({ name }) => name === "xdp_acl")!;
  assertEquals(acl.references.map(({ map, offset }) => [BENCH.maps[map]!.name, offset]), [[
    "acl",
    -1,
  ]]);
});

Deno.test("readBpfObject refuses what is cut short or no eBPF, and never reads beyond its bytes", () => {
  const whole = objectBytes(XDP_BENCH_OBJECT);
  for (let length = 0; length < whole.length; length += 97) {
    assertThrows(() => readBpfObject(whole.slice(0, length)), TypeError, "Cannot read eBPF object");
  }
  const other = whole.slice();
  other[18] = 62;
  assertThrows(() => readBpfObject(other), TypeError, "machine 62 is not eBPF");
  assert(readBpfObject(whole).programs.length > 10);
});
