/** Calls of helpers as the verifier follows them. Source: kernel/bpf/verifier.c, check_func_arg, check_helper_call. */
import { UNKNOWN } from "./_num.ts";
import { refusedAccess, refusedStack, stackFill, stackReadable } from "./_verifier_memory.ts";
import {
  changeAll,
  type Frame,
  isPointer,
  NONE,
  pointer,
  type Reg,
  scalar,
} from "./_verifier_state.ts";
import type { MapType } from "./map_spec.ts";
import { OBJECT_VALUES } from "./map_spec.ts";
import type { ArgumentKind, Helper } from "./program_type.ts";

/** Follows a call of `helper`; answers what is wrong. */
export function afterHelper(frames: Frame[], helper: Helper, newId: () => number): string {
  const frame = frames[frames.length - 1]!;
  const { regs } = frame;
  let map: Reg = NONE;
  for (let i = 0; i < helper.args.length; i++) {
    const reg = regs[i + 1]!;
    const name = `R${i + 1}`;
    const kind = helper.args[i]!;
    if (reg.kind === "none") return `${name} !read_ok`;
    const why = kind === "map"
      ? refusedMap(helper, reg, name)
      : refusedArgument(frames, kind, reg, name, map, regs[i + 2] ?? NONE);
    if (why !== "") return `${why} (${helper.name})`;
    if (kind === "map") map = reg;
  }
  if (helper.tailCall === true && frames.length > 1) {
    return "tail_calls are not allowed in programs with bpf-to-bpf calls";
  }
  if (helper.changesPacket === true) voidPackets(frames);
  for (let r = 1; r <= 5; r++) regs[r] = NONE;
  regs[0] = helper.returns === "number" ? scalar(UNKNOWN) : pointer("map_value_or_null", {
    map: map.map,
    mapNumber: map.mapNumber,
    id: newId(),
  });
  return "";
}

/** Positions in a packet that has been changed mean nothing any more. */
function voidPackets(frames: Frame[]): void {
  changeAll(frames, (reg) => reg.kind.startsWith("pkt") ? scalar(UNKNOWN) : reg);
}

/** Kinds of maps that programs reach at all. */
const REACHED: readonly MapType[] = ["array", "hash"];

function refusedMap(helper: Helper, reg: Reg, name: string): string {
  if (reg.kind !== "map_ptr") return `${name} type=${reg.kind} expected=map_ptr`;
  const { type, readOnly } = reg.map!;
  if (!(helper.maps ?? REACHED).includes(type)) {
    return `cannot pass map_type ${type} into func`;
  }
  return helper.writesMap === true && readOnly === true ? "write into map forbidden" : "";
}

function refusedArgument(
  frames: Frame[],
  kind: ArgumentKind,
  reg: Reg,
  name: string,
  map: Reg,
  size: Reg,
): string {
  switch (kind) {
    case "anything":
      return isPointer(reg) ? `${name} leaks addr into helper function` : "";
    case "ctx":
      return reg.kind === "ctx" && reg.off === 0 ? "" : `${name} type=${reg.kind} expected=ctx`;
    case "key":
      return refusedMemory(frames, reg, name, map.map!.keySize, false);
    case "value":
      return refusedMemory(frames, reg, name, map.map!.valueSize, false);
    case "size":
    case "size0":
      return refusedSize(reg, name, kind === "size");
    default: {
      const none = reg.kind === "scalar" && reg.num.isConst && reg.num.value === 0n;
      if (none && kind === "memory?") {
        return size.num.isConst && size.num.value === 0n ? "" : `${name} is NULL with a size`;
      }
      if (size.kind !== "scalar") return `${name} has no size`;
      const wrong = refusedSize(size, name, false);
      return wrong !== ""
        ? wrong
        : refusedMemory(frames, reg, name, Number(size.num.umax), kind === "uninit");
    }
  }
}

function refusedSize(reg: Reg, name: string, positive: boolean): string {
  if (reg.kind !== "scalar") return `${name} type=${reg.kind} expected=scalar`;
  if (reg.num.smin < 0n) return `${name} min value is negative`;
  if (positive && reg.num.umin === 0n) return `${name} invalid zero-sized read`;
  return reg.num.umax > 0xffffn ? `${name} unbounded memory access` : "";
}

function refusedMemory(
  frames: Frame[],
  reg: Reg,
  name: string,
  size: number,
  written: boolean,
): string {
  if (reg.kind !== "fp") {
    if (written && reg.kind === "map_value" && !isWritable(reg)) return "write into map forbidden";
    return refusedAccess(reg, name, 0, size);
  }
  if (size === 0) return "";
  const wrong = refusedStack(reg, name, 0, size);
  if (wrong !== "") return wrong;
  const owner = frames[reg.frame]!;
  if (!written) return stackReadable(owner, reg.off, size);
  stackFill(owner, reg.off, size);
  return "";
}

/** Whether programs may write the values of the map that a pointer leads into. */
export function isWritable({ map }: Reg): boolean {
  return map!.readOnly !== true && OBJECT_VALUES[map!.type] === undefined;
}
