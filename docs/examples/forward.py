#!/usr/bin/env python3
"""An IPv4 forwarder for `planecheck conform --exec 'python3 forward.py'`: records in, records out."""
import struct
import sys


def checksum(header):
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


macs, routes = {}, {}
data = sys.stdin.buffer.read()
at = 0
while at < len(data):
    (length,) = struct.unpack_from("!I", data, at)
    letter, body = data[at + 4 : at + 5], data[at + 5 : at + 4 + length]
    at += 4 + length
    if letter == b"P":
        macs[body[0]] = body[1:7]
    elif letter == b"R":
        prefix, depth, port = struct.unpack_from("!IBB", body)
        routes[(depth, prefix)] = (port, body[6:12])
    elif letter == b"F":
        frame = bytearray(body[1:])
        if len(frame) < 60 or len(frame) > 1514 or frame[12:14] != b"\x08\x00":
            continue  # runt, oversize, not IPv4
        size, total = (frame[14] & 15) * 4, frame[16] << 8 | frame[17]
        if frame[14] >> 4 != 4 or size < 20 or total < size or total > len(frame) - 14:
            continue  # RFC 1812, 5.2.2
        if checksum(bytes(frame[14 : 14 + size])) != 0 or frame[22] <= 1:
            continue
        (dst,) = struct.unpack_from("!I", frame, 30)
        depths = range(32, -1, -1)
        hits = (routes.get((d, dst >> (32 - d) << (32 - d))) for d in depths)
        hop = next((hit for hit in hits if hit), None)
        if hop is None:
            continue
        frame[0:6], frame[6:12] = hop[1], macs[hop[0]]
        frame[22] -= 1
        frame[24:26] = b"\0\0"
        struct.pack_into("!H", frame, 24, checksum(bytes(frame[14 : 14 + size])))
        out = sys.stdout.buffer
        out.write(struct.pack("!IcB", len(frame) + 2, b"F", hop[0]) + frame)
