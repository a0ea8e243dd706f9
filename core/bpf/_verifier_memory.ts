/**
 * Loads and stores as the verifier follows them. Source: kernel/bpf/verifier.c, check_mem_access,
 * check_stack_read, check_stack_write, check_packet_access, check_map_access.
 */
import { low, Num, UNKNOWN } from "./_num.ts";
import {
  ANY,
  type Frame,
  isPointer,
  pointer,
  type Reg,
  scalar,
  type Slot,
} from "./_verifier_state.ts";
import type { ContextField } from "./program_type.ts";
import { STACK_BYTES } from "./_limits.ts";

/** What is wrong with an access to packet or map of `size` bytes at `off` from a pointer; nothing else is. */
export function refusedAccess(reg: Reg, name: string, off: number, size: number): string {
  const { kind, num, range } = reg;
  const at = reg.off + off;
  if (kind === "map_value_or_null") return `${name} invalid mem access 'map_value_or_null'`;
  if (kind !== "pkt" && kind !== "pkt_meta" && kind !== "map_value") {
    return `${name} invalid mem access '${kind === "none" ? "uninitialised" : kind}'`;
  }
  if (num.smin < 0n) {
    return `${name} min value is negative, either use unsigned index or do a if (index >=0) check.`;
  }
  if (kind === "map_value") {
    const { valueSize } = reg.map!;
    if (num.smin + BigInt(at) < 0n || num.umax + BigInt(at + size) > BigInt(valueSize)) {
      return `invalid access to map value, value_size=${valueSize} off=${at} size=${size}` +
        (num.isConst ? "" : `, ${name} max value is outside of the allowed memory range`);
    }
    return "";
  }
  if (at < 0 || at + size > range) {
    return `invalid access to packet, off=${at} size=${size}, ${name}(id=${reg.id},off=${reg.off},r=${range})`;
  }
  return "";
}

/** What is wrong with an access to the stack. */
export function refusedStack(reg: Reg, name: string, off: number, size: number): string {
  const at = reg.off + off;
  if (!reg.num.isConst) return `${name} variable stack access prohibited`;
  if (at >= 0 || at < -STACK_BYTES || at + size > 0) {
    return `invalid stack access off=${at} size=${size}`;
  }
  return "";
}

/** What a field of the context reads as, or what is wrong. */
export function contextField(
  fields: readonly ContextField[],
  reg: Reg,
  off: number,
  size: number,
): Reg | string {
  const at = reg.off + off;
  const field = at % 4 === 0 && size === 4 ? fields[at / 4] : undefined;
  switch (field) {
    case undefined:
      return `invalid bpf_context access off=${at} size=${size}`;
    case "data":
      return pointer("pkt");
    case "data_meta":
      return pointer("pkt_meta");
    case "data_end":
      return pointer("pkt_end");
    default:
      return scalar(low(UNKNOWN, 4));
  }
}

/** Number that a load of `size` bytes from memory that nobody follows gives. */
export function loaded(size: number, signed: boolean): Reg {
  return signed || size === 8 ? ANY : scalar(low(UNKNOWN, size));
}

/** Index of the byte of a frame's stack at `at` below its top, counted from the bottom. */
const fromBottom = (at: number): number => STACK_BYTES + at;

/** What a load from the stack gives, or what is wrong with it. */
export function stackRead(frame: Frame, at: number, size: number, signed: boolean): Reg | string {
  const from = fromBottom(at);
  const slot = frame.stack[from >> 3]!;
  if (slot.reg !== null && (from & 7) === 0 && size === 8) return slot.reg;
  if (slot.reg !== null && isPointer(slot.reg)) {
    return `corrupted spill memory off=${at} size=${size}`;
  }
  const mask = ((1 << size) - 1) << (from & 7);
  if ((slot.written & mask) !== mask) return `invalid read from stack off ${at}+0 size ${size}`;
  if (slot.reg !== null && (from & 7) === 0 && !signed) return scalar(low(slot.reg.num, size));
  return (slot.zero & mask) === mask ? scalar(Num.of(0n)) : loaded(size, signed);
}

/** Stores a register of `size` bytes on the stack; answers what is wrong. */
export function stackWrite(frame: Frame, at: number, size: number, value: Reg): string {
  const from = fromBottom(at);
  const index = from >> 3;
  const old = frame.stack[index]!;
  if (size === 8) {
    const zero = value.kind === "scalar" && value.num.isConst && value.num.value === 0n;
    frame.stack[index] = { reg: value, written: 0xff, zero: zero ? 0xff : 0 };
    return "";
  }
  if (isPointer(value)) return `invalid size of register spill at off ${at}`;
  if (old.reg !== null && isPointer(old.reg)) return `attempt to corrupt spilled pointer on stack`;
  const mask = ((1 << size) - 1) << (from & 7);
  const zero = value.num.isConst && value.num.value === 0n ? mask : 0;
  frame.stack[index] = {
    reg: null,
    written: old.written | mask,
    zero: (old.zero & ~mask) | zero,
  };
  return "";
}

/** Whether all of `size` bytes at `at` were written and hold no pointer; else what is wrong. */
export function stackReadable(frame: Frame, at: number, size: number): string {
  for (let i = fromBottom(at); i < fromBottom(at) + size; i++) {
    const { reg, written } = frame.stack[i >> 3]!;
    if (reg !== null && isPointer(reg)) return `pointer on the stack at off ${i - STACK_BYTES}`;
    if ((written & (1 << (i & 7))) === 0) {
      return `invalid indirect read from stack off ${at}+${i - fromBottom(at)} size ${size}`;
    }
  }
  return "";
}

/** `size` bytes at `at` hold what nobody follows. */
export function stackFill(frame: Frame, at: number, size: number): void {
  for (let i = fromBottom(at); i < fromBottom(at) + size; i++) {
    const { written, zero }: Slot = frame.stack[i >> 3]!;
    const bit = 1 << (i & 7);
    frame.stack[i >> 3] = { reg: null, written: written | bit, zero: zero & ~bit };
  }
}
