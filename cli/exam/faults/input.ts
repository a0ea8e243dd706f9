/** Faults of what reads and writes files: captures, MRT, gzip, lists of routes. */
import { type Fault, faultsIn } from "../fault.ts";

const CAPTURE = [
  "fixtures/capture/read_test.ts",
  "fixtures/stream_test.ts",
  "fixtures/capture/write_test.ts",
  "fixtures/capture/limits_test.ts",
];
const MRT = [
  "fixtures/mrt/read_test.ts",
  "fixtures/mrt/rib_test.ts",
  "fixtures/mrt/damage_test.ts",
  "fixtures/stream_test.ts",
];
const ROUTES = ["fixtures/routes/prefix_list_test.ts", "fixtures/routes/read_routes_test.ts"];
const STREAM = ["fixtures/stream_test.ts"];
const WRITE = ["fixtures/capture/write_test.ts", "fixtures/capture/read_test.ts"];

/** Captures, MRT files, gzip, streams, lists of routes. */
export const INPUT_FAULTS: readonly Fault[] = [
  ...faultsIn("input", "fixtures/capture/pcap.ts", CAPTURE, [
    {
      id: "pcap-byte-order-fixed",
      what: "every pcap file is read as little-endian",
      from: 'for (const order of ["little", "big"] as const) {',
      to: 'for (const order of ["little"] as const) {',
    },
    {
      id: "pcap-nanoseconds-as-micro",
      what: "the fractions of a nanosecond file are taken for microseconds",
      from: "this.#nanosPerTick = magic === NANO ? 1 : 1000;",
      to: "this.#nanosPerTick = 1000;",
    },
    {
      id: "pcap-patched-header-short",
      what: "the longer record header of a patched libpcap is read as the usual one",
      from: "this.#header = magic === PATCHED ? 24 : 16;",
      to: "this.#header = 16;",
    },
    {
      id: "pcap-lengths-swapped",
      what: "the length of the packet on the wire is taken for what was kept",
      from: "originalLength: length === first ? second : first,",
      to: "originalLength: length,",
    },
    {
      id: "pcap-snap-limit-off",
      what: "a length beyond every snapshot length is believed",
      from: "    if (length > SNAP_MAX) {\n",
      to: "    if (length > 2 * SNAP_MAX) {\n",
    },
    {
      id: "pcap-cut-packet-kept",
      what: "a packet that the end of the file cuts is read past the end",
      from: "if (length > end - at - header) {",
      to: "if (length > end - at) {",
    },
    {
      id: "pcap-fcs-not-halved",
      what: "the length of the frame check sequence is taken for bytes, not for words",
      from: "(link >>> 28) * 2 : 0",
      to: "(link >>> 28) : 0",
    },
    {
      id: "pcap-carry-lost",
      what: "a fraction of a second and more is not carried",
      from: "seconds: fields.u32(at) + carry,",
      to: "seconds: fields.u32(at),",
    },
    {
      id: "pcap-old-lengths-not-swapped",
      what: "the lengths of files before version 2.3 are not exchanged",
      from: "return minor < 3 || first > second ? second : first;",
      to: "return first > second ? second : first;",
    },
  ]),
  ...faultsIn("input", "fixtures/capture/pcapng.ts", CAPTURE, [
    {
      id: "pcapng-interfaces-not-per-section",
      what: "an interface number counts from the start of the file, not of the section",
      from: "    this.#firstInterface = this.#sink.interfaces.length;\n",
      to: "",
    },
    {
      id: "pcapng-offset-dropped",
      what: "the time offset of an interface is left out",
      from: "return { seconds: Number(seconds + clock.offset), nanos: Number(nanos) };",
      to: "return { seconds: Number(seconds), nanos: Number(nanos) };",
    },
    {
      id: "pcapng-power-of-two-as-ten",
      what: "a resolution in powers of two is read as one in powers of ten",
      from: "const ticks = resolution & 0x80\n",
      to: "const ticks = resolution & 0x100\n",
    },
    {
      id: "pcapng-option-not-padded",
      what: "the next option is looked for without the padding",
      from: "at += 4 + padded(length);",
      to: "at += 4 + length;",
    },
    {
      id: "pcapng-option-beyond-block",
      what: "an option may reach beyond its block",
      from: "if (length > end - at - 4) {",
      to: "if (length > end - at + 4) {",
    },
    {
      id: "pcapng-trailer-not-compared",
      what: "the length at the end of a block is not compared",
      from: "if (f.u32(at + length - 4) !== length) {",
      to: "if (f.u32(at + length - 4) === 0) {",
    },
    {
      id: "pcapng-block-length-unaligned",
      what: "a block length that is no multiple of four is taken",
      from: "return length >= 12 && length % 4 === 0;",
      to: "return length >= 12;",
    },
    {
      id: "pcapng-high-low-swapped",
      what: "the halves of a timestamp are exchanged",
      from: "timeOf(clock, f.u32(body + 4), f.u32(body + 8));",
      to: "timeOf(clock, f.u32(body + 8), f.u32(body + 4));",
    },
    {
      id: "pcapng-simple-packet-not-cut",
      what: "a simple packet is as long as on the wire, whatever the snapshot length",
      from: "const length = snap === 0 ? originalLength : Math.min(snap, originalLength);",
      to: "const length = originalLength;",
    },
    {
      id: "pcapng-obsolete-as-enhanced",
      what: "the interface of an obsolete packet block is read with 32 bits",
      from: "this.#packet(body, end, f.u16, 20);",
      to: "this.#packet(body, end, f.u32, 20);",
    },
    {
      id: "pcapng-unknown-interface",
      what: "a packet of an undeclared interface is one of the first",
      from: "const clock = this.#clocks[index];",
      to: "const clock = this.#clocks[index] ?? this.#clocks[0];",
    },
    {
      id: "pcapng-section-order-kept",
      what: "a section of another byte order is read in that of the first",
      from: "    for (const little of [true, false]) {\n",
      to:
        "    for (const little of this.#sections > 0 ? [this.#fields.little] : [true, false]) {\n",
    },
  ]),
  ...faultsIn("input", "fixtures/capture/read.ts", CAPTURE, [
    {
      id: "capture-cut-gzip-not-told",
      what: "a capture whose gzip file is cut looks whole",
      from: "return { ...capture, cut: capture.cut ?? { offset: plain.length, reason } };",
      to: "return capture;",
    },
  ]),
  ...faultsIn("input", "fixtures/capture/stream.ts", STREAM, [
    {
      id: "stream-comment-kept",
      what: "a packet has the comment of the one before it",
      from: "    this.comment = undefined;\n    this.count++;",
      to: "    this.count++;",
    },
    {
      id: "stream-cut-offset-in-window",
      what: "a cut is told by its place in the window",
      from: "this.cut ??= { offset: this.base + offset, reason };",
      to: "this.cut ??= { offset, reason };",
    },
    {
      id: "stream-packet-offset-in-window",
      what: "a packet is told by its place in the window",
      from: "offset: base + p.offset,",
      to: "offset: p.offset,",
    },
    {
      id: "stream-block-limit-not-cut",
      what: "a block beyond the limit ends the stream without a word",
      from: "      sink.stop(\n        window.at,\n",
      to: "      if (window.base < 0) sink.stop(\n        window.at,\n",
    },
  ]),
  ...faultsIn("input", "fixtures/_window.ts", STREAM, [
    {
      id: "window-base-not-moved",
      what: "what left the window does not count towards offsets",
      from: "    this.base += this.at;\n",
      to: "",
    },
    {
      id: "window-grows-without-need",
      what: "the window doubles whatever is needed",
      from: "new Uint8Array(Math.min(2 * bytes.length, n));",
      to: "new Uint8Array(2 * bytes.length);",
    },
    {
      id: "window-chunk-rest-lost",
      what: "what does not fit the window is thrown away",
      from: "this.#chunk = this.#chunk.subarray(part.length);",
      to: "this.#chunk = this.#chunk.subarray(this.#chunk.length);",
    },
    {
      id: "window-source-not-returned",
      what: "a stream that is cancelled is not closed",
      from: "    await this.#source.return?.();\n",
      to: "",
    },
    {
      id: "window-reader-not-bound",
      what: "the reader keeps the window from before it grew",
      from: "      reader.bind(this.bytes, this.base);\n",
      to: "",
    },
  ]),
  ...faultsIn("input", "fixtures/_inflate.ts", STREAM, [
    {
      id: "inflate-error-as-end",
      what: "a damaged gzip file ends as a whole one",
      from: "else if (error !== undefined) return cutBy(error);",
      to: "else if (error !== undefined) return undefined;",
    },
    {
      id: "inflate-cut-not-early",
      what: "a gzip file that is cut short counts as damaged",
      from: 'const early = message === "unexpected end of file";',
      to: "const early = false;",
    },
  ]),
  ...faultsIn("input", "fixtures/gunzip.ts", [
    "fixtures/gunzip_test.ts",
    "fixtures/capture/read_test.ts",
  ], [
    {
      id: "gunzip-no-limit",
      what: "what comes out of a gzip file has no limit",
      from: "maxOutputLength: limit, finishFlush",
      to: "finishFlush",
    },
    {
      id: "gunzip-cut-not-told",
      what: "a gzip file that is cut short looks whole",
      from: "constants.Z_SYNC_FLUSH), cut: true };",
      to: "constants.Z_SYNC_FLUSH), cut: false };",
    },
  ]),
  ...faultsIn("input", "fixtures/capture/to_ethernet.ts", ["fixtures/capture/write_test.ts"], [
    {
      id: "ethernet-fcs-kept",
      what: "the frame check sequence stays at the end of a frame",
      from: "const end = Math.max(from, whole ? to - fcs : to);",
      to: "const end = Math.max(from, to);",
    },
    {
      id: "ethernet-fcs-of-a-cut-frame",
      what: "a frame that was cut loses the bytes of its missing check sequence",
      from: "const end = Math.max(from, whole ? to - fcs : to);",
      to: "const end = Math.max(from, to - fcs);",
    },
    {
      id: "ethernet-sll-mac-always",
      what: "an address of another length is taken for a MAC address",
      from: "mac: be16(4) === 6 ? 6 : -1 };",
      to: "mac: 6 };",
    },
    {
      id: "ethernet-length-as-type",
      what: "a cooked frame of IEEE 802.3 becomes one with a length as its type",
      from: "start.type >= TYPE_MIN ? start : undefined;",
      to: "start.type >= 0 ? start : undefined;",
    },
  ]),
  ...faultsIn("input", "fixtures/capture/write_pcapng.ts", WRITE, [
    {
      id: "write-pcapng-not-padded",
      what: "the length of a block leaves out the padding of its options",
      from: "sum + 4 + padded(b.length), encoded.length && 4);",
      to: "sum + 4 + b.length, encoded.length && 4);",
    },
    {
      id: "write-pcapng-time-cut",
      what: "the upper half of a timestamp is left out",
      from: "view.setUint32(4, Number(time >> 32n), true);",
      to: "view.setUint32(4, 0, true);",
    },
    {
      id: "write-pcapng-trailer-dropped",
      what: "a block does not say its length again",
      from: "  view.setUint32(out.length - 4, out.length, true);\n",
      to: "",
    },
  ]),
  ...faultsIn("input", "fixtures/capture/write_pcap.ts", WRITE, [
    {
      id: "write-pcap-original-lost",
      what: "the length on the wire is that which is written",
      from: "words(at, [Number(seconds), nanos, bytes.length, originalLength]);",
      to: "words(at, [Number(seconds), nanos, bytes.length, bytes.length]);",
    },
    {
      id: "write-pcap-time-wraps",
      what: "a time beyond 2^32 seconds wraps around",
      from: "if (seconds > 0xffffffffn) {",
      to: "if (seconds > 0xffffffffffn) {",
    },
  ]),
  ...faultsIn("input", "fixtures/mrt/_bgp.ts", MRT, [
    {
      id: "mrt-extended-length-ignored",
      what: "an attribute with a length of two bytes is read as one of one",
      from: "const extended = (flags & EXTENDED_LENGTH) !== 0;",
      to: "const extended = false;",
    },
    {
      id: "mrt-withdrawn-announced",
      what: "withdrawn routes count as announced",
      from: "this.routes(4, withdrawnEnd, MRT_KIND.withdraw, -1);",
      to: "this.routes(4, withdrawnEnd, MRT_KIND.announce, this.nextHop);",
    },
    {
      id: "mrt-depth-unchecked",
      what: "a prefix of more than 32 bits is taken",
      from: "const max = family === 4 ? 32 : 128;\n    if (depth > max) c.refuse(start",
      to: "const max = 128;\n    if (depth > max) c.refuse(start",
    },
    {
      id: "mrt-host-bits-kept",
      what: "bits behind a prefix are not cleared",
      from: "address[k] = (address[k]! & mask) >>> 0;",
      to: "address[k] = address[k]!;",
    },
    {
      id: "mrt-next-hop-of-message-before",
      what: "a message without a next hop has that of the one before",
      from: "    this.nextHop = this.mpNextHop = -1;\n",
      to: "",
    },
    {
      id: "mrt-attribute-end-not-kept",
      what: "after an attribute that is not read reading goes on inside it",
      from: "      c.at = c.end;\n      c.end = end;",
      to: "      c.end = end;",
    },
    {
      id: "mrt-unreach-announces",
      what: "withdrawn routes of another family count as announced",
      from: "this.routes(family, c.end, MRT_KIND.withdraw, -1);",
      to: "this.routes(family, c.end, MRT_KIND.announce, this.mpNextHop);",
    },
    {
      id: "mrt-safi-leaks",
      what: "routes after a multicast attribute are multicast",
      from:
        "this.routes(family, c.end, MRT_KIND.announce, this.mpNextHop);\n    this.#entries.safi = UNICAST;",
      to: "this.routes(family, c.end, MRT_KIND.announce, this.mpNextHop);",
    },
    {
      id: "mrt-path-id-ignored",
      what: "path identifiers are taken for prefixes",
      from: 'this.addPath ? c.u32("path identifier") : 0;',
      to: 'this.addPath && kind === MRT_KIND.withdraw ? c.u32("path identifier") : 0;',
    },
  ]),
  ...faultsIn("input", "fixtures/mrt/_cursor.ts", MRT, [
    {
      id: "mrt-part-beyond-end",
      what: "a part may reach beyond its record",
      from: "if (n > this.end - this.at) {",
      to: "if (n > this.bytes.length - this.at) {",
    },
    {
      id: "mrt-take-beyond-end",
      what: "a field may reach beyond its record",
      from: "if (n > this.end - start) {",
      to: "if (n > this.bytes.length - start) {",
    },
  ]),
  ...faultsIn("input", "fixtures/mrt/read.ts", MRT, [
    {
      id: "mrt-damaged-entries-kept",
      what: "what a damaged record gave before the damage is kept",
      from: "      entries.count = count;\n",
      to: "",
    },
    {
      id: "mrt-damage-not-counted",
      what: "damaged records are not counted",
      from: "    this.#damaged++;\n",
      to: "",
    },
    {
      id: "mrt-cut-not-told",
      what: "a file that ends inside a record looks whole",
      from: "if (fits) return length;",
      to: "if (fits) return length;\n    if (left > HEADER) return left - HEADER;",
    },
    {
      id: "mrt-microseconds-dropped",
      what: "the microseconds of a record are skipped",
      from: 'extended ? this.#cursor.u32("microseconds") : 0;',
      to: 'extended ? 0 * this.#cursor.u32("microseconds") : 0;',
    },
    {
      id: "mrt-masked-counted-twice",
      what: "bits that a first attempt cleared are counted again",
      from: "      bgp.masked = masked;\n",
      to: "",
    },
  ]),
  ...faultsIn("input", "fixtures/mrt/rib.ts", ["fixtures/mrt/rib_test.ts"], [
    {
      id: "rib-withdraw-of-another-peer",
      what: "a route goes when another peer withdraws it",
      from: "if (this.#nextHop[at] !== undefined && this.#peer[at] !== peer) return;",
      to: "if (!withdrawn && this.#nextHop[at] !== undefined && this.#peer[at] !== peer) return;",
    },
    {
      id: "rib-takes-multicast",
      what: "multicast routes are routes, too",
      from: "file.safi[i] !== 1 || !wanted",
      to: "!wanted",
    },
    {
      id: "rib-last-peer-wins",
      what: "a later peer takes a route over",
      from: "if (this.#nextHop[at] !== undefined && this.#peer[at] !== peer) return;",
      to: "if (withdrawn && this.#peer[at] !== peer) return;",
    },
    {
      id: "rib-next-hops-as-text",
      what: "next hops are numbered in the order of their text",
      from: "if (four && other) return parseIpv4(a) - parseIpv4(b);",
      to: "",
    },
  ]),
  ...faultsIn("input", "fixtures/mrt/stream.ts", STREAM, [
    {
      id: "mrt-stream-entries-pile-up",
      what: "a record has the entries of those before it",
      from: "    entries.count = 0;\n",
      to: "",
    },
    {
      id: "mrt-stream-names-unbounded",
      what: "names have no limit",
      from: "if (reader.names > MRT_NAMES_MAX) {",
      to: "if (reader.names > 1e9) {",
    },
    {
      id: "mrt-stream-cut-not-told",
      what: "a stream that ends inside a gzip file looks whole",
      from:
        "if (this.#over && cut !== undefined && !(cut.early && this.cut)) this.#cut(offset, cut.reason);",
      to: "",
    },
  ]),
  ...faultsIn("input", "fixtures/mrt/write_rib.ts", ["fixtures/mrt/rib_test.ts"], [
    {
      id: "write-mrt-depth-bytes",
      what: "the bytes of a prefix are rounded down",
      from: "k < (depth + 7) >> 3;",
      to: "k < depth >> 3;",
    },
    {
      id: "write-mrt-length-with-header",
      what: "the length of a record counts its header",
      from: "this.u32(end - start - 12);",
      to: "this.u32(end - start);",
    },
  ]),
  ...faultsIn("input", "fixtures/routes/_line_scanner.ts", ROUTES, [
    {
      id: "lines-decimal-wraps",
      what: "a number beyond its limit is cut, not refused",
      from: "if (value > max) return -1;",
      to: "if (value > max) value = max;",
    },
    {
      id: "lines-octet-300",
      what: "an octet may be 999",
      from: "const octet = this.decimal(255);",
      to: "const octet = this.decimal(999);",
    },
    {
      id: "lines-bom-kept",
      what: "a byte order mark is part of the first line",
      from: "if (BOM.every((byte, i) => text[i] === byte)) this.#end = BOM.length - 1;",
      to: "",
    },
    {
      id: "lines-last-line-lost",
      what: "a last line without a line feed is left out",
      from: "if (start >= text.length) return false;",
      to: "if (text.indexOf(LF, start) < 0) return false;",
    },
    {
      id: "lines-depth-200",
      what: "a depth of more than 32 is taken",
      from: "return this.decimal(32 * words.length);",
      to: "return this.decimal(128);",
    },
    {
      id: "lines-comment-is-route",
      what: "a line that starts with ; is no comment",
      from: "return byte === 0x23 || byte === 0x3b;",
      to: "return byte === 0x23;",
    },
    {
      id: "lines-two-gaps",
      what: "an IPv6 address with two gaps is one",
      from: "if (gaps > 1 || groups > 8",
      to: "if (groups > 8",
    },
  ]),
  ...faultsIn("input", "fixtures/routes/_route_lines.ts", ROUTES, [
    {
      id: "routes-host-bits-kept",
      what: "bits behind a prefix are not cleared",
      from: "      words[word]! &= mask;\n",
      to: "",
    },
    {
      id: "routes-mask-of-first-word",
      what: "only the first word of a prefix is cleared",
      from: "for (let word = depth >>> 5; word < words.length; word++) {",
      to: "for (let word = depth >>> 5; word < 1; word++) {",
    },
    {
      id: "routes-utf16-read",
      what: "a file in UTF-16 is read as text",
      from: "if ((text[0] === 0xff && text[1] === 0xfe) ||",
      to: "if (text.length === 0 ||",
    },
  ]),
  ...faultsIn("input", "fixtures/routes/_route_set.ts", ROUTES, [
    {
      id: "routes-duplicate-kept-twice",
      what: "a prefix that comes again is a second route",
      from: "        this.#nextHop[i] = nextHop;\n        return false;",
      to: "        break;",
    },
    {
      id: "routes-first-duplicate-wins",
      what: "the first of two next hops of a prefix counts",
      from: "        this.#nextHop[i] = nextHop;\n        return false;",
      to: "        return false;",
    },
    {
      id: "routes-depth-not-compared",
      what: "prefixes of other depths are the same",
      from: "this.#depth[i] === depth ? 0 : width + 1;",
      to: "0;",
    },
    {
      id: "routes-lost-on-growth",
      what: "slots are not filled again when the table grows",
      from: "      slots[slot] = i;\n    }\n    this.#slots = slots;",
      to: "    }\n    this.#slots = slots;",
    },
  ]),
  ...faultsIn("input", "fixtures/routes/_read_list.ts", ROUTES, [
    {
      id: "routes-mixed-columns",
      what: "a file may mix names and indices of next hops",
      from: "} else if (this.#column !== column) {",
      to: "} else if (this.#column === -1) {",
    },
    {
      id: "routes-rest-of-line",
      what: "what follows the next hop is not looked at",
      from: "    if (!this.#lines.blankOrComment()) {\n",
      to: "    if (this.#lines.at < 0) {\n",
    },
    {
      id: "routes-index-beyond",
      what: "an index beyond 65535 is taken",
      from: "if (index > INDEX_MAX) lines.refuse(",
      to: "if (index < 0) lines.refuse(",
    },
  ]),
  ...faultsIn(
    "input",
    "fixtures/routes/_ipv6_address.ts",
    ["fixtures/routes/prefix_list_test.ts"],
    [
      {
        id: "ipv6-two-gaps",
        what: "an address with two gaps is one",
        from: "    if (gap >= 0) return -1;\n",
        to: "",
      },
      {
        id: "ipv6-five-digits",
        what: "a group may have five digits",
        from: "if (i - start === 4) return -1;",
        to: "if (i - start === 5) return -1;",
      },
      {
        id: "ipv6-gap-of-nothing",
        what: "a gap may stand for no group",
        from: "(gap < 0 ? n !== 8 : n > 7)",
        to: "(gap < 0 ? n !== 8 : n > 8)",
      },
      {
        id: "ipv6-dotted-halves",
        what: "the halves of a dotted end are exchanged",
        from: "const group = to + (octet >> 1);",
        to: "const group = to + 1 - (octet >> 1);",
      },
    ],
  ),
  ...faultsIn("input", "fixtures/routes/read_routes.ts", ["fixtures/routes/read_routes_test.ts"], [
    {
      id: "routes-family-of-the-end",
      what: "the family is that of the last route",
      from: "  const family = options.family ?? first ?? 4;",
      to: "  const family = options.family ?? (of[6] > of[4] ? 6 : 4);",
    },
    {
      id: "routes-damage-not-told",
      what: "damaged records of a file of routes are not told",
      from: "damaged: file.counts.damaged,",
      to: "damaged: 0,",
    },
  ]),
];
