"""bad_peer.py KIND - a server at a free port, whose number it prints, that answers `stubborn bt` as no
server should: KIND says how. One client, then it ends."""
import socket
import sys
import time

kind = sys.argv[1]
XML = (b'<target><architecture>i386:x86-64</architecture>'
       b'<feature name="org.gnu.gdb.i386.core"></feature></target>')


# Three functions of an AArch64 that signs return addresses: bits 48 to 54 are the signature.
SIGNED_XML = (b'<target><architecture>aarch64</architecture>'
              b'<feature name="org.gnu.gdb.aarch64.core">'
              + b''.join(b'<reg name="x%d" bitsize="64"/>' % i for i in range(31))
              + b'<reg name="sp" bitsize="64"/><reg name="pc" bitsize="64"/>'
              b'<reg name="cpsr" bitsize="32"/></feature>'
              b'<feature name="org.gnu.gdb.aarch64.pauth"><reg name="pauth_dmask" bitsize="64"/>'
              b'<reg name="pauth_cmask" bitsize="64"/></feature></target>')
LEAVE = bytes.fromhex('fd7bc1a8' 'bf2303d5' 'c0035fd6')  # ldp x29, x30, [sp], #16; autiasp; ret
CALL = bytes.fromhex('00000094')
SIGNED_MEMORY = {0x400100: LEAVE, 0x4001fc: CALL + LEAVE, 0x4002fc: CALL + LEAVE}


def word(v):
    return v.to_bytes(8, 'little')


SIGNED_MEMORY[0x7fffd0] = word(0x7fffe0) + word(0x12000000400200)
SIGNED_MEMORY[0x7fffe0] = word(0x7ffff0) + word(0x55000000400300)
SIGNED_MEMORY[0x7ffff0] = word(0) + word(0)


def signed(body):
    if body.startswith(b'qSupported'):
        return b'PacketSize=1000;qXfer:features:read+'
    if body == b'?':
        return b'T05thread:1;'
    if body == b'qfThreadInfo':
        return b'm1'
    if body == b'qsThreadInfo':
        return b'l'
    if body.startswith(b'qXfer:features'):
        return b'l' + SIGNED_XML
    if body[:1] == b'g':
        return (word(0) * 29 + word(0x7fffd0) + word(0) + word(0x7fffd0)
                + word(0x400100)).hex().encode()
    if body == b'p23':
        return word(0x7f000000000000).hex().encode()
    if body[:1] == b'm':
        at, n = (int(x, 16) for x in body[1:].split(b','))
        if at >> 12 not in (0x400, 0x7ff) or (kind == 'edge' and at % 0x1000 + n > 0x1000):
            return b'E01'  # edge: as gdbserver, nothing when the last byte cannot be read
        data = bytearray(min(n, 0x1000 - at % 0x1000))
        for start, some in SIGNED_MEMORY.items():
            for i, b in enumerate(some):
                if 0 <= start + i - at < len(data):
                    data[start + i - at] = b
        return data.hex().encode()
    return b'OK' if body[:1] == b'H' else b''


threads = 1


def next_thread():
    global threads
    threads += 1
    return b'm%x' % threads


def frame(body):
    return b'$' + body + b'#%02x' % (sum(body) & 255)


def answer(body):
    """What a good server says; one thread that stands in a ring of frames."""
    if body.startswith(b'qSupported'):
        objects = b'qXfer:features:read+;' if kind == 'objects' else b''
        return b'PacketSize=1000;qXfer:auxv:read+;qXfer:libraries-svr4:read+;' + objects
    if body == b'?':
        return b'T05thread:1;'
    if body == b'qfThreadInfo':
        return b'm1'
    if body == b'qsThreadInfo':
        return b'm1' if kind == 'threads' else next_thread() if kind == 'crowd' else b'l'
    if body.startswith(b'qXfer:'):
        if kind == 'objects':
            return b'm' + b'x' * 1000
        return b'l' + (XML if b'features' in body else b'')
    if body[:1] == b'g':
        return b'11' * (8 if kind == 'short' else 560)
    if body[:1] == b'm':
        n = int(body.split(b',')[1], 16)
        return {b'long': b'11' * (n + 64), b'odd': b'123', b'letters': b'zz' * n}.get(
            kind.encode(), b'11' * n)
    if body[:1] == b'H' or body[:1] == b'q':
        return b'OK' if body[:1] == b'H' else b''
    return b''


def reply(body):
    if kind in ('signed', 'edge', 'eager'):
        return frame(signed(body))
    if kind == 'errors':
        return frame(b'E01')
    if kind == 'rubbish':
        return b'HTTP/1.0 400 Bad Request\r\n\r\n' * 3
    if kind == 'sums':
        return b'$' + answer(body) + b'#00'
    if kind == 'endless':
        return b'$' + b'a' * 100000
    if kind == 'unrelated':
        return frame(b'O48656c6c6f') * 3 + frame(b'Stop:T05')
    if kind == 'repeats':
        return frame(b'OK' * 40) + frame(answer(body))
    return frame(answer(body))


server = socket.create_server(('127.0.0.1', 0))
print(server.getsockname()[1], flush=True)
client, _ = server.accept()
if kind == 'eager':  # as QEMU, which stops its machine for who connects
    client.sendall(frame(b'T02thread:01;'))
end = time.time() + 60
data = b''
try:
    if kind == 'closes':
        client.close()
        sys.exit(0)
    while time.time() < end:
        more = client.recv(65536)
        if not more:
            break
        data += more
        while b'#' in data and len(data) >= data.index(b'#') + 3:
            at = data.index(b'#')
            body = data[data.find(b'$') + 1:at]
            data = data[at + 3:]
            if kind == 'silent':
                continue
            if kind == 'trickle':  # an answer that never ends, a byte a second
                client.sendall(b'+$')
                for _ in range(60):
                    client.sendall(b'a')
                    time.sleep(1)
            if kind == 'notes':
                for _ in range(120):
                    client.sendall(b'%Stop:T05#00')
                    time.sleep(0.5)
            if kind == 'slow':
                for byte in b'+' + reply(body):
                    client.send(bytes([byte]))
                    time.sleep(0.0005)
                continue
            client.sendall(b'+' + reply(body))
except OSError:
    pass
