// A forwarder on captures (`--protocol pcap`) around one on records: the program, then the folder of the files.
const [program, folder] = Deno.args;
/** Bytes of the header of a pcap file, and of that of each packet in it. */
const FILE = 24;
const PACKET = 16;

const bytesOf = (text: string, separator: string, radix: number): number[] =>
  text.split(separator).map((digits) => parseInt(digits, radix));
const lines = (name: string): string[][] =>
  Deno.readTextFileSync(`${folder}/${name}`).split("\n").slice(0, -1).map((one) => one.split(" "));
const record = (letter: string, body: Iterable<number>): Uint8Array => {
  const bytes = Uint8Array.from([0, 0, 0, 0, letter.charCodeAt(0), ...body]);
  new DataView(bytes.buffer).setUint32(0, bytes.length - 4);
  return bytes;
};

const ports = lines("ports.txt").map(([, mac]) => bytesOf(mac!, ":", 16));
const records = [
  ...ports.map((mac, port) => record("P", [port, ...mac])),
  ...lines("routes.txt").map(([prefix, port, mac]) => {
    const [address, depth] = prefix!.split("/");
    return record("R", [...bytesOf(address!, ".", 10), +depth!, +port!, ...bytesOf(mac!, ":", 16)]);
  }),
];
const head = Deno.readFileSync(`${folder}/in0.pcap`).slice(0, FILE);
const frames = ports.flatMap((_, port) => {
  const file = Deno.readFileSync(`${folder}/in${port}.pcap`);
  const view = new DataView(file.buffer);
  const found = [];
  for (let at = FILE; at < file.length; at += PACKET + view.getUint32(at + 8, true)) {
    const bytes = file.subarray(at + PACKET, at + PACKET + view.getUint32(at + 8, true));
    const time = view.getUint32(at, true) * 1e9 + view.getUint32(at + 4, true);
    found.push({ time, bytes: record("F", [port, ...bytes]) });
  }
  return found;
}).toSorted((a, b) => a.time - b.time);

const child = new Deno.Command(program!, { stdin: "piped", stdout: "piped" }).spawn();
const input = new Blob([...records, ...frames.map(({ bytes }) => bytes)] as BlobPart[]);
const [{ stdout, code }] = await Promise.all([child.output(), input.stream().pipeTo(child.stdin)]);

const view = new DataView(stdout.buffer);
const files = ports.map(() => [head]);
for (let at = 0; at < stdout.length; at += 4 + view.getUint32(at)) {
  const length = view.getUint32(at) - 2;
  const packet = new Uint8Array(PACKET);
  new DataView(packet.buffer).setUint32(8, length, true);
  new DataView(packet.buffer).setUint32(12, length, true);
  files[stdout[at + 5]!]!.push(packet, stdout.slice(at + 6, at + 6 + length));
}
files.forEach((parts, port) =>
  Deno.writeFileSync(`${folder}/out${port}.pcap`, Uint8Array.from(parts.flatMap((one) => [...one])))
);
Deno.exit(code);
