/** Helpers that every kind of program has (kernel/bpf/helpers.c, net/core/filter.c). */
import { readU32 } from "./_map_parts.ts";
import { ERRNO, type MapType } from "./map_spec.ts";
import type { Helper } from "./program_type.ts";
import type { Vm } from "./vm.ts";

const DATA_MAPS: readonly MapType[] = [
  "array",
  "percpu_array",
  "hash",
  "percpu_hash",
  "lru_hash",
  "lpm_trie",
];
const READ_MAPS: readonly MapType[] = [...DATA_MAPS, "devmap", "devmap_hash", "xskmap"];

/** Helpers that every kind of program has, by number. */
export const BASE_HELPERS: ReadonlyMap<number, Helper> = new Map<number, Helper>([
  [1, {
    name: "bpf_map_lookup_elem",
    args: ["map", "key"],
    returns: "value-or-null",
    maps: READ_MAPS,
    run(vm) {
      const map = vm.mapOf(1);
      const at = vm.resolve(2, 0, map.spec.keySize, false);
      const found = map.lookup(vm.bytes, at);
      vm.answerValue(map, found < 0 ? -1 : found + vm.context.cpu * map.perCpu);
    },
  }],
  [2, {
    name: "bpf_map_update_elem",
    args: ["map", "key", "value", "anything"],
    returns: "number",
    maps: DATA_MAPS,
    writesMap: true,
    run: updateElement,
  }],
  [3, {
    name: "bpf_map_delete_elem",
    args: ["map", "key"],
    returns: "number",
    maps: DATA_MAPS,
    writesMap: true,
    run(vm) {
      const map = vm.mapOf(1);
      vm.answer(map.delete(vm.bytes, keyOf(vm, map.spec.keySize)));
    },
  }],
  [5, {
    name: "bpf_ktime_get_ns",
    args: [],
    returns: "number",
    run(vm) {
      const ns = vm.context.nowNs();
      vm.lo[0] = ns | 0;
      vm.hi[0] = Math.floor(ns / 2 ** 32) | 0;
    },
  }],
  [8, {
    name: "bpf_get_smp_processor_id",
    args: [],
    returns: "number",
    run: (vm) => vm.answer(vm.context.cpu),
  }],
  [12, {
    name: "bpf_tail_call",
    args: ["ctx", "map", "anything"],
    returns: "number",
    maps: ["prog_array"],
    tailCall: true,
    run: tailCall,
  }],
  [28, {
    name: "bpf_csum_diff",
    args: ["memory?", "size0", "memory?", "size0", "anything"],
    returns: "number",
    run: checksumDifference,
  }],
]);

function keyOf(vm: Vm, keySize: number): number {
  return vm.resolve(2, 0, keySize, false);
}

function updateElement(vm: Vm): void {
  const map = vm.mapOf(1);
  // the two may lie in different memory, and `bytes` holds one at a time
  const valueAt = vm.resolve(3, 0, map.spec.valueSize, false);
  const values = vm.bytes;
  const keyAt = keyOf(vm, map.spec.keySize);
  const flags = vm.hi[4] === 0 ? vm.lo[4]! : -1;
  vm.answer(map.update(vm.bytes, keyAt, values, valueAt, flags, vm.context.cpu));
}

/** Goes on in the program at an index; past the end, at a hole or at the limit the call just returns. */
function tailCall(vm: Vm): void {
  const map = vm.mapOf(2);
  const key = new Uint8Array(4);
  new DataView(key.buffer).setInt32(0, vm.lo[3]!, true);
  const slot = map.lookup(key, 0);
  const program = slot < 0 ? undefined : vm.programs[readU32(map.values, slot) - 1];
  if (program === undefined || !vm.tailCall(program)) vm.answer(-ERRNO.ENOENT);
}

/** Sum of `to` less sum of `from` and the seed, in one's complement, not folded. */
function checksumDifference(vm: Vm): void {
  const [fromSize, toSize] = [vm.lo[2]!, vm.lo[4]!];
  if (((fromSize | toSize) & 3) !== 0) return vm.answer(-ERRNO.EINVAL);
  let sum = vm.lo[5]! >>> 0;
  for (const [reg, size, flip] of [[1, fromSize, true], [3, toSize, false]] as const) {
    if (size === 0) continue;
    const at = vm.resolve(reg, 0, size, false);
    for (let i = 0; i < size; i += 4) {
      const word = readU32(vm.bytes, at + i);
      sum += flip ? ~word >>> 0 : word;
      if (sum > 0xffffffff) sum -= 0xffffffff;
    }
  }
  vm.lo[0] = sum | 0;
  vm.hi[0] = 0;
}
