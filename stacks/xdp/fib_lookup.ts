/**
 * bpf_fib_lookup: the kernel's own table and neighbours, asked by a program. What `ip route` and `ip neigh` change it
 * sees at once. IPv4 only, as the kernel here routes; IPv6 is answered as a host without routes would.
 * Source: net/core/filter.c (bpf_ipv4_fib_lookup), include/uapi/linux/bpf.h (struct bpf_fib_lookup).
 */
import { ERRNO, type Vm } from "../../core/bpf/mod.ts";
import { lookupCycles } from "./lookup_cycles.ts";
import { ifindexOf, portOf, type XdpBuff } from "./xdp_buff.ts";

/** Answers (BPF_FIB_LKUP_RET_*). */
export const FIB_LKUP = {
  SUCCESS: 0,
  NOT_FWDED: 4,
  FWD_DISABLED: 5,
  NO_NEIGH: 7,
  FRAG_NEEDED: 8,
} as const;

const AF_INET = 2;
const AF_INET6 = 10;
/** sizeof(struct bpf_fib_lookup). */
const PARAMS_BYTES = 64;
/** Offsets of its fields. */
const AT = { family: 0, totLen: 6, ifindex: 8, ipv4Dst: 32, smac: 52, dmac: 58 } as const;

/** Fills the parameters in and answers one of FIB_LKUP, or an error number. */
export function fibLookup(vm: Vm, buff: XdpBuff): void {
  const size = vm.lo[3]!;
  if (size < PARAMS_BYTES) return vm.answer(-ERRNO.EINVAL);
  const at = vm.resolve(2, 0, PARAMS_BYTES, true);
  const { bytes } = vm;
  const { env, kernel, costs } = buff.devices;
  const { ip } = kernel;
  const family = bytes[at + AT.family]!;
  if (family === AF_INET6) return vm.answer(FIB_LKUP.NOT_FWDED);
  if (family !== AF_INET) return vm.answer(-ERRNO.EOPNOTSUPP);
  if (portOf(word(bytes, at + AT.ifindex), env.hardware.nics.length) < 0) {
    return vm.answer(-ERRNO.ENODEV);
  }
  const dst = address(bytes, at + AT.ipv4Dst);
  buff.runner.charge(lookupCycles(ip.fib, dst, costs));
  if (!ip.sysctl.ipForward) return vm.answer(FIB_LKUP.FWD_DISABLED);
  const nextHop = ip.fib.lookup(dst);
  if (nextHop < 0) return vm.answer(FIB_LKUP.NOT_FWDED);
  const totalLength = bytes[at + AT.totLen]! | (bytes[at + AT.totLen + 1]! << 8);
  if (totalLength > ip.mtu) return vm.answer(FIB_LKUP.FRAG_NEEDED);
  putWord(bytes, at + AT.ifindex, ifindexOf(env.neighbours.port[nextHop]!));
  const header = buff.devices.header;
  if (!ip.neigh.header(nextHop, header, 0)) return vm.answer(FIB_LKUP.NO_NEIGH);
  for (let i = 0; i < 6; i++) {
    bytes[at + AT.dmac + i] = header[i]!;
    bytes[at + AT.smac + i] = header[6 + i]!;
  }
  vm.answer(FIB_LKUP.SUCCESS);
}

function address(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>>
    0;
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function putWord(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = value >>> (8 * i);
}
