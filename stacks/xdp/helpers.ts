/**
 * The type XDP of programs: struct xdp_md and the helpers of its own. Source: include/uapi/linux/bpf.h; net/core/filter.c
 * (xdp_func_proto).
 */
import {
  BASE_HELPERS,
  type BpfMap,
  ERRNO,
  type Helper,
  type MapType,
  type ProgramType,
  type Vm,
} from "../../core/bpf/mod.ts";
import { fibLookup } from "./fib_lookup.ts";
import type { XdpBuff } from "./xdp_buff.ts";

/** Verdicts (enum xdp_action). */
export const XDP = { ABORTED: 0, DROP: 1, PASS: 2, TX: 3, REDIRECT: 4 } as const;

const buffOf = (vm: Vm): XdpBuff => vm.context as XdpBuff;

/** A helper that moves an end of the frame by its second argument. */
function adjust(name: string, move: (buff: XdpBuff, delta: number) => boolean): Helper {
  return {
    name,
    args: ["ctx", "anything"],
    returns: "number",
    changesPacket: true,
    run: (vm) => vm.answer(move(buffOf(vm), vm.lo[2]!) ? 0 : -ERRNO.EINVAL),
  };
}

/** Programs of type BPF_PROG_TYPE_XDP. */
export const XDP_TYPE: ProgramType = {
  name: "xdp",
  // data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex
  context: ["data", "data_end", "data_meta", "u32", "u32", "u32"],
  helpers: new Map<number, Helper>([
    ...BASE_HELPERS,
    [23, {
      name: "bpf_redirect",
      args: ["anything", "anything"],
      returns: "number",
      run: redirect,
    }],
    [44, adjust("bpf_xdp_adjust_head", (buff, delta) => buff.adjustHead(delta))],
    [51, {
      name: "bpf_redirect_map",
      args: ["map", "anything", "anything"],
      returns: "number",
      maps: ["devmap", "devmap_hash", "cpumap", "xskmap"] satisfies MapType[],
      run: redirectMap,
    }],
    [54, adjust("bpf_xdp_adjust_meta", (buff, delta) => buff.adjustMeta(delta))],
    [65, adjust("bpf_xdp_adjust_tail", (buff, delta) => buff.adjustTail(delta))],
    [69, {
      name: "bpf_fib_lookup",
      args: ["ctx", "memory", "size", "anything"],
      returns: "number",
      run: (vm) => fibLookup(vm, buffOf(vm)),
    }],
    [188, {
      name: "bpf_xdp_get_buff_len",
      args: ["ctx"],
      returns: "number",
      run: (vm) => vm.answer(buffOf(vm).dataEnd - buffOf(vm).data),
    }],
  ]),
};

/** bpf_redirect(ifindex, flags): no flag is known. */
function redirect(vm: Vm): void {
  if (vm.lo[2] !== 0) return vm.answer(XDP.ABORTED);
  const info = buffOf(vm).redirect;
  info.map = null;
  info.index = vm.lo[1]! >>> 0;
  vm.answer(XDP.REDIRECT);
}

const KEY = new Uint8Array(4);
const KEY_VIEW = new DataView(KEY.buffer);
/** Flags that are an action to answer where the key is not there. */
const ACTION_MASK = 3;

/** bpf_redirect_map(map, key, flags): the low bits of the flags are the answer where there is no entry. */
function redirectMap(vm: Vm): void {
  const map: BpfMap = vm.mapOf(1);
  const flags = vm.lo[3]!;
  if ((flags & ~ACTION_MASK) !== 0) return vm.answer(XDP.ABORTED);
  const info = buffOf(vm).redirect;
  KEY_VIEW.setInt32(0, vm.lo[2]!, true);
  const slot = map.lookup(KEY, 0);
  if (slot < 0) {
    info.map = null;
    info.index = -1;
    return vm.answer(flags & ACTION_MASK);
  }
  info.map = map;
  info.index = vm.lo[2]! >>> 0;
  info.slot = slot;
  vm.answer(XDP.REDIRECT);
}
