/** Faults of packets: checksums, headers, fragments, frames; of RSS and hash tables. */
import { type Fault, faultsIn } from "../fault.ts";

const CHECKSUM = ["core/packet/checksum_test.ts"];
const FORWARD = ["core/packet/ipv4_forward_test.ts", "stacks/example/conformance_test.ts"];
const FRAGMENT = ["core/packet/fragment_test.ts"];
const FIELDS = ["core/packet/fields_test.ts", "core/packet/frame_test.ts"];
const ETHERNET = ["core/packet/ethernet_test.ts", ...FIELDS];
const LAYERS = ["core/packet/layers_test.ts", "core/packet/fragment_test.ts"];
const RSS = ["core/packet/toeplitz_test.ts", "fixtures/vectors/vectors_test.ts"];
const HASH = ["core/hash/hash_table_test.ts"];

/** Packets and hashes. */
export const PACKET_FAULTS: readonly Fault[] = [
  ...faultsIn("packet", "core/packet/checksum.ts", CHECKSUM, [
    {
      id: "checksum-one-fold",
      what: "the carry that the first fold makes is not brought round",
      from: "  return (once >>> 16) + (once & 0xffff);",
      to: "  return once & 0xffff;",
    },
    {
      id: "checksum-odd-byte-low",
      what: "an odd last byte counts as the low byte of a word",
      from: "return at < end ? sum + (bytes[at]! << 8) : sum;",
      to: "return at < end ? sum + bytes[at]! : sum;",
    },
    {
      id: "checksum-rfc1141",
      what: "the incremental update is that of RFC 1141, which makes 0xffff of 0",
      from: "return ~fold((~sum & 0xffff) + (~before & 0xffff) + after) & 0xffff;",
      to: "return fold(sum + before + (~after & 0xffff)) & 0xffff;",
    },
    {
      id: "checksum-header-skips-byte",
      what: "the unrolled checksum of a header leaves its last byte out",
      from: "    bytes[off + 19]!;\n  return ~fold((high << 8) + low) & 0xffff;",
      to: "    bytes[off + 17]!;\n  return ~fold((high << 8) + low) & 0xffff;",
    },
    {
      id: "checksum-32-high-only",
      what: "of a changed address only the upper half goes into the checksum",
      from: "return updateChecksum(high, before & 0xffff, after & 0xffff);",
      to: "return updateChecksum(high, before & 0xffff, before & 0xffff);",
    },
    {
      id: "checksum-pseudo-without-length",
      what: "the pseudo header has no length",
      from: "+ (dst >>> 16) + (dst & 0xffff) + protocol + length;",
      to: "+ (dst >>> 16) + (dst & 0xffff) + protocol;",
    },
    {
      id: "checksum-verify-accepts-zero",
      what: "a sum of 0 counts as right, too",
      from: "return fold(sumWords(bytes, off, len, initial)) === 0xffff;",
      to: "return fold(sumWords(bytes, off, len, initial)) % 0xffff === 0;",
    },
  ]),
  ...faultsIn("packet", "core/packet/ipv4_forward.ts", FORWARD, [
    {
      id: "runt-forwarded",
      what: "a packet with fewer bytes than its total length says goes through",
      from: "return total < headerBytes || total > room ? BAD_HEADER : NONE;",
      to: "return total < headerBytes ? BAD_HEADER : NONE;",
    },
    {
      id: "total-below-header",
      what: "a total length below the header's goes through",
      from: "return total < headerBytes || total > room ? BAD_HEADER : NONE;",
      to: "return total < 20 || total > room ? BAD_HEADER : NONE;",
    },
    {
      id: "ihl-below-five",
      what: "a header of fewer than five words is not refused",
      from: "if (headerBytes < 20 || headerBytes > room) return BAD_HEADER;",
      to: "if (headerBytes > room) return BAD_HEADER;",
    },
    {
      id: "version-unchecked",
      what: "a version other than 4 goes through",
      from: "if (first >>> 4 !== 4) return BAD_HEADER;",
      to: "if (first >>> 6 !== 1) return BAD_HEADER;",
    },
    {
      id: "options-not-in-checksum",
      what: "the checksum of a header with options is checked over 20 bytes",
      from: "    const rest = headerBytes === 20\n",
      to: "    const rest = headerBytes >= 20\n",
    },
    {
      id: "header-read-beyond-frame",
      what: "the bytes behind a packet count towards its header",
      from:
        "const room = Math.min(available, bytes.length - off);\n  if (!(room >= 20)) return BAD_HEADER;\n  const first",
      to:
        "const room = bytes.length - off;\n  if (!(room >= 20)) return BAD_HEADER;\n  const first",
    },
    {
      id: "ttl-carry-lost",
      what: "the carry of the incremental checksum goes lost when the TTL is decremented",
      from: "const after = ~fold(sum);",
      to: "const after = ~sum;",
    },
    {
      id: "ttl-checksum-plus-one",
      what: "the checksum is raised by 0x100 without the end-around carry",
      from: "const after = ~fold(sum);",
      to: "const after = before + 0x100;",
    },
    {
      id: "ttl-zero-stays",
      what: "a TTL of 0 stays 0 instead of wrapping, with the checksum of 255",
      from: "  bytes[off + 8] = next;\n  bytes[off + 10]",
      to: "  bytes[off + 8] = ttl === 0 ? 0 : next;\n  bytes[off + 10]",
    },
  ]),
  ...faultsIn("packet", "core/packet/router.ts", FORWARD, [
    {
      id: "ttl-one-forwarded",
      what: "a packet that arrives with TTL 1 is forwarded with 0",
      from: "return ipv4Ttl(bytes, ip) <= 1 ? REASON.ttl : REASON.none;",
      to: "return ipv4Ttl(bytes, ip) < 1 ? REASON.ttl : REASON.none;",
    },
    {
      id: "mac-of-port-as-destination",
      what: "the destination MAC is that of the port and not that of the next hop",
      from: "  copyMac(neighbours.mac, nextHop * 6, bytes, off);",
      to: "  copyMac(neighbours.portMac, neighbours.port[nextHop]! * 6, bytes, off);",
    },
    {
      id: "source-mac-by-next-hop",
      what: "the source MAC is taken at the number of the next hop instead of its port",
      from: "copyMac(neighbours.portMac, neighbours.port[nextHop]! * 6, bytes, off + 6);",
      to: "copyMac(neighbours.portMac, neighbours.port[0]! * 6, bytes, off + 6);",
    },
    {
      id: "padding-counts-as-packet",
      what: "the link header counts to what the packet may have",
      from: "checkHeader(bytes, ip, length - ETHERNET_HEADER_BYTES, true);",
      to: "checkHeader(bytes, ip, length, true);",
    },
  ]),
  ...faultsIn("packet", "core/packet/ipv4_fragment.ts", FRAGMENT, [
    {
      id: "fragment-offset-in-bytes",
      what: "the offset of a later fragment forgets that of the packet, itself a fragment",
      from: "ip.setIpv4FragmentOffset(out, at, ip.ipv4FragmentOffset(bytes, off) + start / 8);",
      to: "ip.setIpv4FragmentOffset(out, at, start / 8);",
    },
    {
      id: "fragment-mf-on-last",
      what: "every fragment says that more follow",
      from: "if (!isLast) ip.setIpv4Flags",
      to: "if (count > 1) ip.setIpv4Flags",
    },
    {
      id: "fragment-df-ignored",
      what: "a packet that must not be fragmented is",
      from: "if ((ip.ipv4Flags(bytes, off) & IPV4_DF) !== 0) return 0;",
      to: "if ((ip.ipv4Flags(bytes, off) & IPV4_DF) > 2) return 0;",
    },
    {
      id: "fragment-not-of-eight",
      what: "a fragment carries a number of bytes that is no multiple of eight",
      from: "  const first = count === 1 ? payload : (mtu - full) & ~7;",
      to: "  const first = count === 1 ? payload : (mtu - full) & ~3;",
    },
    {
      id: "fragment-options-everywhere",
      what: "later fragments are reckoned with the whole header",
      from: "return IPV4_HEADER_BYTES + copyFragmentOptions(bytes, off, null, 0);",
      to: "return ip.ipv4HeaderLength(bytes, off);",
    },
    {
      id: "fragment-tiny-passes",
      what: "a fragment that would write over TCP's flags is let through (RFC 3128)",
      from: "return units === 1 || (units === 0 && data < TCP_SEEN_MIN);",
      to: "return units === 0 && data < TCP_SEEN_MIN;",
    },
  ]),
  ...faultsIn("packet", "core/packet/ipv4_options.ts", FRAGMENT, [
    {
      id: "option-length-zero-loops",
      what: "an option of length 0 is stepped over by one byte",
      from: "return length >= 2 && at + length <= end ? length : 0;",
      to: "return at + length <= end ? Math.max(1, length) : 0;",
    },
    {
      id: "option-beyond-header",
      what: "an option may reach beyond the header",
      from: "return length >= 2 && at + length <= end ? length : 0;",
      to: "return length >= 2 ? length : 0;",
    },
    {
      id: "option-copied-flag",
      what: "options without the copied flag go into every fragment",
      from: "if ((bytes[from]! & IPV4_OPTION_COPIED) !== 0) {",
      to: "if (bytes[from]! > IPV4_OPTION_NOP) {",
    },
  ]),
  ...faultsIn("packet", "core/packet/reassembler.ts", FRAGMENT, [
    {
      id: "reassembly-mf-stays",
      what: "a reassembled packet still says that more fragments follow",
      from: "    ip.setIpv4Flags(bytes, off, ip.ipv4Flags(bytes, off) & ~ip.IPV4_MF);\n",
      to: "",
    },
    {
      id: "reassembly-protocol-ignored",
      what: "fragments of two protocols with one id are put together",
      from: "key[0] = 0x400 | ip.ipv4Protocol(bytes, off);",
      to: "key[0] = 0x400;",
    },
    {
      id: "reassembly-not-of-eight",
      what: "a fragment in the middle may have any number of bytes",
      from: "return data > 0 && (isLast || data % 8 === 0);",
      to: "return data > 0;",
    },
    {
      id: "reassembly-beyond-64k",
      what: "a fragment that ends beyond the longest packet is taken (ping of death)",
      from: "if (!this.#isPossible(data, isLast) || start + total > LONGEST) {",
      to: "if (!this.#isPossible(data, isLast)) {",
    },
  ]),
  ...faultsIn("packet", "core/packet/_fragment_entries.ts", FRAGMENT, [
    {
      id: "reassembly-overlap-taken",
      what: "a fragment that overlaps the one before it is taken (teardrop; RFC 5722)",
      from: "if (at > base && this.#end[at - 1]! > f.start) return true;",
      to: "if (at > base && this.#end[at - 1]! > f.end) return true;",
    },
    {
      id: "reassembly-second-end",
      what: "a second last fragment shortens the packet",
      from: "if (f.isLast) return total >= 0 || at < behind;",
      to: "if (f.isLast) return at < behind;",
    },
    {
      id: "reassembly-timeout-leaks",
      what: "the fragments of a packet that took too long are not given back",
      from: "      this.#give(lcore, e);\n      this.#table.end(e);",
      to: "      this.held -= this.#count[e]!;\n      this.#table.end(e);",
    },
    {
      id: "reassembly-timeout-late",
      what: "a packet is given up only after its time",
      from: "if (!(now - this.#table.began[e]! >= this.#limits.timeout)) break;",
      to: "if (!(now - this.#table.began[e]! > this.#limits.timeout)) break;",
    },
    {
      id: "reassembly-duplicate-unread",
      what: "a fragment of the same place counts as a duplicate whatever it holds",
      from: "if (this.#one[i] !== this.#other[i]) return false;",
      to: "if (this.#one[i] !== this.#other[i]) return true;",
    },
    {
      id: "reassembly-ce-lost",
      what: "a fragment marked as congested does not mark the packet (RFC 3168)",
      from: "this.ecn = (seen >>> CE & 1) === 1 ? CE : -1;",
      to: "this.ecn = (seen >>> CE & 1) === 1 ? NOT_ECT : -1;",
    },
  ]),
  ...faultsIn("packet", "core/packet/_fragment_table.ts", FRAGMENT, [
    {
      id: "reassembly-oldest-not-relinked",
      what: "when a packet in the middle is complete, the list of ages is cut behind it",
      from: "    else this.#older[younger] = older;\n",
      to: "    else this.#older[younger] = NONE;\n",
    },
  ]),
  ...faultsIn("packet", "core/packet/mbuf_fragment.ts", FRAGMENT, [
    {
      id: "fragment-refusal-leaks",
      what: "a fragmentation that runs out of buffers keeps those of the fragment at hand",
      from:
        "if (!show(pool, lcore, head, b, from, data)) return undo(pool, lcore, out, i + 1);\n    from += data;\n  }\n  return count;\n}\n\n",
      to:
        "if (!show(pool, lcore, head, b, from, data)) return undo(pool, lcore, out, i);\n    from += data;\n  }\n  return count;\n}\n\n",
    },
  ]),
  ...faultsIn("packet", "core/packet/ipv6_extensions.ts", LAYERS, [
    {
      id: "ipv6-ah-length",
      what: "the length of AH is read in words of eight bytes",
      from: "length = (bytes[at + 1]! + 2) * 4;",
      to: "length = (bytes[at + 1]! + 1) * 8;",
    },
    {
      id: "ipv6-extension-beyond-packet",
      what: "an extension header may reach beyond the packet",
      from: '    if (at + length > this.end) return "cut";\n',
      to: "",
    },
    {
      id: "ipv6-second-fragment-header",
      what: "a second fragment header is taken",
      from: '      if (this.fragmentAt >= 0) return "broken";\n',
      to: "",
    },
    {
      id: "ipv6-hop-by-hop-later",
      what: "hop-by-hop options behind other headers are taken",
      from: '&& at !== off + IPV6_HEADER_BYTES) return "broken";',
      to: '&& at < off + IPV6_HEADER_BYTES) return "broken";',
    },
    {
      id: "ipv6-walk-not-bounded",
      what: "one header more than the limit is walked over",
      from: 'if (this.count === EXTENSIONS_MAX) return "too-many";',
      to: 'if (this.count > EXTENSIONS_MAX) return "too-many";',
    },
  ]),
  ...faultsIn("packet", "core/packet/ipv6_checksum.ts", LAYERS, [
    {
      id: "udp6-zero-checksum-sent",
      what: "a UDP checksum that comes out as 0 is sent as 0 over IPv6",
      from: "return sum === 0 && protocol === PROTOCOL_UDP ? 0xffff : sum;",
      to: "return sum;",
    },
    {
      id: "udp6-no-checksum-accepted",
      what: "a UDP datagram without a checksum is accepted over IPv6",
      from: "if (protocol === PROTOCOL_UDP && readU16(bytes, off + field) === 0) return false;",
      to: "if (protocol === PROTOCOL_UDP && readU16(bytes, off + field) === 0) return true;",
    },
  ]),
  ...faultsIn("packet", "core/packet/udp.ts", [...CHECKSUM, ...FIELDS], [
    {
      id: "udp-zero-checksum-sent",
      what: "a UDP checksum that comes out as 0 is sent as 0, which says that there is none",
      from: "return sum === 0 ? 0xffff : sum;",
      to: "return sum;",
    },
    {
      id: "udp-no-checksum-refused",
      what: "a UDP datagram without a checksum counts as broken",
      from: "if (udpChecksum(bytes, off) === 0) return true;",
      to: "if (udpChecksum(bytes, off) === 0) return false;",
    },
  ]),
  ...faultsIn("packet", "core/packet/ethernet.ts", ETHERNET, [
    {
      id: "vlan-tag-beyond-frame",
      what: "a tag of which two bytes are there is read whole",
      from: "  if (at + 4 > end) return -1;\n",
      to: "  if (at + 2 > end) return -1;\n",
    },
    {
      id: "vlan-third-tag",
      what: "a third tag is taken for the network header",
      from: "return isVlanType(readU16(bytes, at + 6)) ? -1 : at + 8;",
      to: "return at + 8;",
    },
    {
      id: "mac-high-bytes",
      what: "a MAC address loses the top bit of its lower half",
      from: "writeU32(bytes, at + 2, mac % 0x1_0000_0000);",
      to: "writeU32(bytes, at + 2, mac % 0x8000_0000);",
    },
    {
      id: "mac-copy-five-bytes",
      what: "the last byte of a MAC address is not copied",
      from: "  to[toAt + 5] = from[fromAt + 5]!;\n",
      to: "",
    },
  ]),
  ...faultsIn("packet", "core/packet/_frame_link.ts", FIELDS, [
    {
      id: "frame-padded-short",
      what: "short frames are padded to 59 bytes",
      from: "Math.max(whole, MIN_FRAME_BYTES);",
      to: "Math.max(whole, MIN_FRAME_BYTES - 1);",
    },
  ]),
  ...faultsIn("packet", "core/packet/frame.ts", FIELDS, [
    {
      id: "frame-padding-not-cleared",
      what: "padding shows what lay in the buffer before (CVE-2003-0001)",
      from: "  bytes.fill(0, off, off + length);\n",
      to: "",
    },
  ]),
  ...faultsIn("hash", "core/packet/toeplitz.ts", RSS, [
    {
      id: "rss-last-key-byte",
      what: "the window of the key is filled up from one byte too early",
      from: ": (high << bit) | (key[position + 4]! >>> (8 - bit));",
      to: ": (high << bit) | (key[position + 3]! >>> (8 - bit));",
    },
    {
      id: "rss-fragment-ports",
      what: "a fragment's data are hashed as ports",
      from: "if (isIpv4Fragment(bytes, l3off) || ipv4TotalLength",
      to: "if (ipv4TotalLength",
    },
    {
      id: "rss-ports-at-fixed-offset",
      what: "ports are looked for behind a header without options",
      from: "toeplitz.hashPorts(bytes, l3off + headerBytes)) >>> 0;",
      to: "toeplitz.hashPorts(bytes, l3off + 20)) >>> 0;",
    },
    {
      id: "rss-udp-without-ports",
      what: "the ports of UDP do not go into the hash",
      from: "if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) return addresses;",
      to: "if (protocol !== PROTOCOL_TCP) return addresses;",
    },
    {
      id: "rss-short-packet-read",
      what: "a packet too short for ports is hashed with what lies behind it",
      from: "ipv4TotalLength(bytes, l3off) < headerBytes + 4) {",
      to: "ipv4TotalLength(bytes, l3off) < headerBytes) {",
    },
  ]),
  ...faultsIn("hash", "core/packet/toeplitz6.ts", RSS, [
    {
      id: "rss6-ports-behind-fragment",
      what: "a fragment over IPv6 is hashed with ports",
      from: "    fragmentAt < 0 && offset + 4 <= end;",
      to: "    fragmentAt < Infinity && offset + 4 <= end;",
    },
  ]),
  ...faultsIn("hash", "core/packet/reta.ts", RSS, [
    {
      id: "reta-last-queue-unused",
      what: "the last queue gets no entry of the redirection table",
      from: "for (let i = 0; i < n; i++) reta[i] = i % queues;",
      to: "for (let i = 0; i < n; i++) reta[i] = i % Math.max(1, queues - 1);",
    },
    {
      id: "reta-high-bits",
      what: "the entry is picked by the length as a mask",
      from: "return reta[hash & (reta.length - 1)]!;",
      to: "return reta[(hash >>> 1) & (reta.length - 1)]!;",
    },
  ]),
  ...faultsIn("hash", "core/hash/_buckets.ts", HASH, [
    {
      id: "hash-moved-key-lost",
      what: "a key that makes room is emptied from its slot before it is in the next",
      from:
        "      this.signatures[empty] = this.signatures[slot]!;\n      this.positions[empty] = this.positions[slot]!;\n      this.positions[slot] = 0;\n      empty = slot;",
      to:
        "      this.signatures[empty] = this.signatures[slot]!;\n      this.positions[slot] = 0;\n      this.positions[empty] = this.positions[slot]!;\n      empty = slot;",
    },
    {
      id: "hash-chain-bucket-leaks",
      what: "a chained bucket that got empty is not spare again",
      from: "    this.#spare[this.#spareCount++] = last;\n",
      to: "",
    },
    {
      id: "hash-chain-hole",
      what: "a key taken from the middle of a chain leaves a hole that hides the rest",
      from: "    this.signatures[slot] = this.signatures[end]!;\n",
      to: "",
    },
    {
      id: "hash-second-bucket",
      what: "the other bucket of a key that moves is reckoned without its signature",
      from: "const other = (current ^ this.signatures[slot]!) & this.mask;",
      to: "const other = (current ^ (this.signatures[slot]! >>> 1)) & this.mask;",
    },
  ]),
  ...faultsIn("hash", "core/hash/hash_table.ts", HASH, [
    {
      id: "hash-signature-only",
      what: "two keys of one signature count as one",
      from:
        "    for (let i = 0; i < this.keyBytes; i++) {\n      if (this.#keys[at + i] !== key[off + i]) return false;",
      to:
        "    for (let i = 0; i < this.keyBytes - 1; i++) {\n      if (this.#keys[at + i] !== key[off + i]) return false;",
    },
    {
      id: "hash-position-reused-at-once",
      what: "a deleted key's position is handed out before it is reclaimed",
      from: "if (this.#deferred) this.#state[position] = RETIRED;",
      to: "if (this.#deferred && position < 0) this.#state[position] = RETIRED;",
    },
    {
      id: "hash-full-not-refused",
      what: "a key is added when there is no position left",
      from: "const slot = this.#freeCount === 0 ? NONE : this.#room(hash);",
      to: "const slot = this.#freeCount < 0 ? NONE : this.#room(hash);",
    },
    {
      id: "hash-chain-not-searched",
      what: "a look-up stops at the first chained bucket",
      from: "      bucket = buckets.next[bucket]!;\n",
      to: "      bucket = NONE;\n",
    },
  ]),
  ...faultsIn("hash", "core/hash/crc32c.ts", HASH, [
    {
      id: "crc-tail-byte",
      what: "the last bytes of a length that is no multiple of four are left out",
      from: "for (; at < end; at++) crc",
      to: "for (; at < end - 1; at++) crc",
    },
  ]),
];
