// A forwarder for tests of external programs, with a fault by name: records in, records out, or, with
// a folder, captures. It looks nothing up but the first route and checks nothing.
const [fault, folder] = Deno.args;

function forward(frame: Uint8Array, mac: Uint8Array): void {
  frame.set(mac, 0);
  frame[22]!--;
  // the TTL is the high byte of its word: one less there is one more in the checksum (RFC 1624)
  const sum = (frame[24]! << 8 | frame[25]!) + 0x100;
  const folded = (sum & 0xffff) + (sum >> 16);
  frame[24] = folded >> 8;
  frame[25] = folded;
  if (fault === "flips a bit") frame[40]! ^= 1;
}

function record(port: number, frame: Uint8Array): Uint8Array {
  const out = new Uint8Array(6 + frame.length);
  new DataView(out.buffer).setUint32(0, frame.length + 2);
  out.set([0x46, port], 4);
  out.set(frame, 6);
  return out;
}

const MAC = Uint8Array.of(10, 0, 0, 0, 1, 0);
if (folder !== undefined) {
  const file = Deno.readFileSync(`${folder}/in0.pcap`);
  const view = new DataView(file.buffer);
  for (let at = 24; at < file.length;) {
    const length = view.getUint32(at + 8, true);
    forward(file.subarray(at + 16, at + 16 + length), MAC);
    at += 16 + length;
  }
  const cut = fault === "cuts the capture" ? file.length - 5 : file.length;
  Deno.writeFileSync(`${folder}/out1.pcap`, file.subarray(0, cut));
} else {
  const chunks = await Array.fromAsync(Deno.stdin.readable);
  const data = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let used = 0;
  for (const chunk of chunks) {
    data.set(chunk, used);
    used += chunk.length;
  }
  const view = new DataView(data.buffer);
  const out: Uint8Array[] = [];
  for (let at = 0; at < data.length;) {
    const length = view.getUint32(at);
    if (data[at + 4] === 0x46) {
      const frame = data.slice(at + 6, at + 4 + length);
      forward(frame, MAC);
      out.push(record(1, frame));
    }
    at += 4 + length;
  }
  if (fault === "loses the second") out.splice(1, 1);
  if (fault === "sends the first twice") out.push(out[0]!);
  if (fault === "sends one of its own") out.push(record(1, new Uint8Array(60).fill(7)));
  for (const bytes of out) Deno.stdout.writeSync(bytes);
}
