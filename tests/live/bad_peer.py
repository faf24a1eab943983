"""bad_peer.py KIND - a server at a free port, whose number it prints, that answers `stubborn bt` as no
server should: KIND says how. One client, then it ends."""
import socket
import sys
import time

kind = sys.argv[1]
XML = (b'<target><architecture>i386:x86-64</architecture>'
       b'<feature name="org.gnu.gdb.i386.core"></feature></target>')


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
            if kind == 'slow':
                for byte in b'+' + reply(body):
                    client.send(bytes([byte]))
                    time.sleep(0.0005)
                continue
            client.sendall(b'+' + reply(body))
except OSError:
    pass
