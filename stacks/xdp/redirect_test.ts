// Aim: bpf_redirect and bpf_redirect_map leave behind where the frame goes, nothing of the call before, and answer what
// the kernel's do. Method: drawn calls of both on one frame, against what the last of them says.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Vm } from "../../core/bpf/vm.ts";
import { XDP, XDP_TYPE } from "./helpers.ts";

const call = fc.record({
  isMap: fc.boolean(),
  map: fc.nat(1),
  key: fc.nat(3),
  flags: fc.constantFrom(0, 1, 2, 3, 4, 8),
});

Deno.test("bpf_redirect and bpf_redirect_map: the last call decides, and an empty entry answers by its flags", () => {
  // key 1 is there, key 2 in the second map alone
  const maps = [[1], [1, 2]].map((keys) => ({
    lookup: (key: Uint8Array) => keys.includes(key[0]!) ? 8 * key[0]! : -1,
  }));
  const [one, two] = [23, 51].map((id) => XDP_TYPE.helpers.get(id)!);
  fc.assert(fc.property(fc.array(call, { minLength: 1, maxLength: 6 }), (calls) => {
    const info = { map: null as unknown, index: -1, slot: -1 };
    let answer = -1;
    const lo = new Int32Array(11);
    const vm = {
      lo,
      context: { redirect: info },
      mapOf: () => maps[lo[1]!]!,
      answer: (value: number) => void (answer = value),
    } as unknown as Vm;
    for (const { isMap, map, key, flags } of calls) {
      const before = { ...info };
      if (isMap) {
        lo.set([map, key, flags], 1);
        two!.run(vm);
        const slot = flags > 3 ? -2 : maps[map]!.lookup(Uint8Array.of(key, 0, 0, 0));
        if (slot === -2) assertEquals([answer, info], [XDP.ABORTED, before]);
        else if (slot < 0) assertEquals([answer, info.map, info.index], [flags, null, -1]);
        else assertEquals([answer, info], [XDP.REDIRECT, { map: maps[map], index: key, slot }]);
      } else {
        lo.set([key, flags, 0], 1);
        one!.run(vm);
        if (flags !== 0) assertEquals([answer, info], [XDP.ABORTED, before]);
        else assertEquals([answer, info.map, info.index], [XDP.REDIRECT, null, key]);
      }
    }
  }));
});
