# stands.py SOCKET ELF - clients that vanish: noise, or a resume that is cut off. The board stands at its
# start, and each next client asks where.
import fcntl, random, socket, struct, sys, termios, time


def symbol(path, name):
    """The address of a symbol of a little-endian 64-bit ELF file."""
    data = open(path, "rb").read()
    offset, = struct.unpack_from("<Q", data, 40)
    size, count = struct.unpack_from("<HH", data, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + i * size) for i in range(count)]
    for s in sections:
        if s[1] != 2:
            continue
        strings = sections[s[6]][4]
        for at in range(s[4], s[4] + s[5], 24):
            begin = strings + struct.unpack_from("<I", data, at)[0]
            if data[begin:data.index(b"\0", begin)] == name:
                return struct.unpack_from("<Q", data, at + 8)[0]
    raise SystemExit("no symbol " + name.decode())


def frame(body):
    return b"$" + body + b"#%02x" % (sum(body) % 256)


class Client:
    def __init__(self):
        self.line = socket.socket(socket.AF_UNIX)
        self.line.settimeout(60)
        self.line.connect(sys.argv[1])
        self.rest = b""

    def ask(self, body):
        """The body of the first whole reply behind an acknowledgement of this request."""
        self.line.sendall(frame(body))
        while b"+" not in self.rest:
            self.rest += self.line.recv(4096)
        self.rest = self.rest[self.rest.index(b"+"):]
        while True:
            begin = self.rest.find(b"$")
            end = self.rest.find(b"#", begin)
            if begin >= 0 and 0 <= end < len(self.rest) - 2:
                break
            self.rest += self.line.recv(4096)
        reply, self.rest = self.rest[begin + 1:end], self.rest[end + 3:]
        self.line.sendall(b"+")
        return reply

    def leave(self, ending):
        """Sends that and goes, when it has all been taken: what is unread when a socket closes is lost."""
        self.line.sendall(ending)
        while struct.unpack("i", fcntl.ioctl(self.line, termios.TIOCOUTQ, b"    "))[0] > 0:
            time.sleep(0.001)
        self.line.close()

    def where(self):
        self.ask(b"qSupported:vContSupported+")
        stop = self.ask(b"?")
        return stop, self.ask(b"m%x,8" % symbol(sys.argv[2], b"ticks"))


random.seed(11)
noise = bytes(random.choice(b"+-}*:;,m0123456789abcdefvCcsk\xff\x00") for _ in range(3000))
resume = frame(b"vCont;c")
first = Client().where()
endings = [resume[:i] for i in range(1, len(resume))]
endings += [resume[:-1] + b"9", b"$c", b"$c#", b"$c#6", noise]
for ending in endings:
    client = Client()
    now = client.where()
    assert now == first, (now, first, ending)
    client.leave(ending)
print("stood through %d clients" % (len(endings) + 1))
last = Client()
assert last.where() == first
last.line.sendall(resume)
last.line.sendall(b"\x03")
while b"$T02" not in last.rest:
    last.rest += last.line.recv(4096)
print("let go by the last")
