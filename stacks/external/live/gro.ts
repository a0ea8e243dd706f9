/**
 * Generic receive offload of an interface (ethtool, ETHTOOL_SGRO), by ioctl. With it the end of a veth pair has a NAPI
 * context, without which the kernel drops what a program in native mode redirects to the other end (drivers/net/veth.c,
 * veth_xdp_xmit).
 */
import { addressOf, cString, type Libc, succeeded, u32s } from "./libc.ts";

const SIOCETHTOOL = 0x8946n;
const ETHTOOL_SGRO = 0x2c;
const AF_INET = 2;
const SOCK_DGRAM = 2;
/** Bytes of struct ifreq; the pointer is behind the name. */
const IFREQ = 40;
const DATA = 16;

/** Switches GRO on, in the namespace of the calling thread. */
export function switchGroOn(libc: Libc, name: string): void {
  const value = u32s(ETHTOOL_SGRO, 1);
  const request = new Uint8Array(IFREQ);
  request.set(cString(name));
  new DataView(request.buffer).setBigUint64(DATA, addressOf(value), true);
  const fd = succeeded(libc, libc.socket(AF_INET, SOCK_DGRAM, 0), "open a socket");
  try {
    succeeded(libc, libc.ioctl(fd, SIOCETHTOOL, request), `switch GRO on at ${name}`);
  } finally {
    libc.close(fd);
  }
}
