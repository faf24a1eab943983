# fuzz.py SOCKET ELF GDB [BATCHES [SEED]] - hostile bytes for a board's UART: noise, half frames, floods, and whole frames of
# packets that it knows with arguments that it does not expect. Behind each batch the stub answers as ever, and now
# and then a gdb looks at a stack. What a debugger may do to its firmware is not hostile: memory is written in one
# buffer, registers only while the firmware stands and they are put back, breakpoints planted where code begins.
import random, re, select, socket, subprocess, sys, time

path, elf, gdb = sys.argv[1:4]
batches = int(sys.argv[4]) if len(sys.argv) > 4 else 12
seed = int(sys.argv[5]) if len(sys.argv) > 5 else random.randrange(1 << 32)
PATIENCE = 60  # seconds until a board counts as dead
REPEAT = 3      # seconds until a request goes out again, as a debugger's does
GDB_EACH = 20   # batches


def symbols():
    found = {}
    for line in subprocess.run(["nm", elf], capture_output=True, text=True, check=True).stdout.splitlines():
        words = line.split()
        if len(words) == 3:
            found[words[2].split(".")[0]] = int(words[0], 16)
    return found


symbol = symbols()
scratch = symbol["wrote"], symbol["wrote"] + 3000
code = [symbol[name] for name in ("fold", "bake", "rom_double", "kernel_tick", "uart_put")]
x86_64 = "stub_board_gates" in symbol
registers = range(24) if x86_64 else range(34)


def frame(body):
    return b"$" + body + b"#%02x" % (sum(body) % 256)


def unroll(body):
    """Without run lengths."""
    return re.sub(rb"(.)\*(.)", lambda m: m[1] * (m[2][0] - 28), body, flags=re.S)


class Line:
    def __init__(self):
        self.line = socket.socket(socket.AF_UNIX)
        self.line.connect(path)
        self.line.setblocking(False)
        self.came = b""

    def turn(self, out, wait):
        """Sends some of out, takes what is there; what is left of out."""
        readable, writable, _ = select.select([self.line], [self.line] if out else [], [], wait)
        if readable:
            bytes_ = self.line.recv(65536)
            if not bytes_:
                raise SystemExit("the board is gone")
            self.came += bytes_
        if writable:
            out = out[self.line.send(out[:4096]):]
        return out

    def send(self, out):
        end = time.time() + PATIENCE
        while out:
            left = self.turn(out, 1)
            if len(left) < len(out):
                end = time.time() + PATIENCE
            if time.time() > end:
                raise SystemExit("the board takes no bytes any more")
            out = left

    def frames(self):
        """The bodies of the whole frames that came, each acknowledged."""
        while (m := re.search(rb"\$([^$#]*)#([0-9a-f]{2})", self.came)) is not None:
            self.came = self.came[m.end():]
            self.send(b"+")
            yield unroll(m[1])

    def ask(self, body, wanted):
        """The first reply that is wanted; replies to what was sent before may come first."""
        end = time.time() + PATIENCE
        while time.time() < end:
            again = time.time() + REPEAT
            self.send(frame(body))
            while time.time() < again:
                for reply in self.frames():
                    if re.fullmatch(wanted, reply, flags=re.S):
                        return reply
                self.turn(b"", 0.2)
        raise SystemExit("no reply like %r to %r" % (wanted, body))

    def begin(self):
        """As a debugger does: from here on the board stands, without breakpoints."""
        self.ask(b"qSupported:swbreak+;hwbreak+;xmlRegisters=i386", rb".*PacketSize=.*")
        self.ask(b"?", rb"[TS][0-9a-f]{2}.*")
        self.ask(b"Hg0", rb"OK")

    def check(self):
        self.begin()
        g = self.ask(b"g", rb"[0-9a-fx]{128,}")
        stored = self.ask(b"m%x,8" % symbol["constant"], rb"0700000000000000")
        self.ask(b"qfThreadInfo", rb"m.*1.*")
        return len(g), stored


# ---- what is sent ----

NUMBERS = [b"", b"0", b"1", b"2", b"4", b"7", b"8", b"10", b"20", b"40", b"7f", b"ff", b"100", b"fff", b"1000", b"ffff",
           b"7fffffff", b"80000000", b"ffffffff", b"100000000", b"7fffffffffffffff", b"8000000000000000",
           b"fffffffffffffffe", b"ffffffffffffffff", b"10000000000000000", b"-1", b"p1.1", b"p-1.-1", b"p0.0", b"FF"]
NAMES = [b"m%,%", b"x%,%", b"M%,%:~", b"X%,%:~", b"p%", b"P%=~", b"g", b"G~", b"Z0,%,%", b"Z1,%,%", b"Z2,%,%", b"Z3,%,%",
         b"Z4,%,%", b"z0,%,%", b"z1,%,%", b"z2,%,%", b"z4,%,%", b"Z0,%,%;X%,~", b"H%", b"Hg%", b"Hc%", b"T%", b"?", b"!", b"qC",
         b"qfThreadInfo", b"qsThreadInfo", b"qThreadExtraInfo,%", b"qXfer:features:read:target.xml:%,%",
         b"qXfer:memory-map:read::%,%", b"qXfer:threads:read::%,%", b"qXfer:auxv:read::%,%", b"qXfer:~:read:~:%,%",
         b"qRcmd,68656c70", b"qRcmd,6274", b"qRcmd,627420%", b"qRcmd,63726173682031", b"qRcmd,~", b"qCRC:%,%",
         b"qSearch:memory:%;%;~", b"vFlashErase:%,%", b"vFlashWrite:%:~", b"vFlashDone", b"F%,%", b"F-1,%,C", b"F%,%;~",
         b"vCont?", b"vMustReplyEmpty", b"vCtrlC", b"vStopped", b"qHostInfo", b"qProcessInfo", b"qMemoryRegionInfo:%",
         b"qRegisterInfo%", b"qThreadStopInfo%", b"jThreadsInfo", b"QThreadSuffixSupported", b"QListThreadsInStopReply",
         b"QSaveRegisterState", b"QRestoreRegisterState:%", b"qSymbol::", b"QStartNoAckMode", b"QEnableErrorStrings", b"qEcho:%",
         b"qWatchpointSupportInfo:", b"MultiMemRead:ranges:%,%;%,%;", b"_M%,rwx", b"_m%", b"QNonStop:1", b"qAttached:%",
         b"vFile:open:~,%,%", b"qSupported:~;%", b"QThreadEvents:1", b"qOffsets", b"vKill", b"i%,%"]
RESUMES = [b"c", b"s", b"C05", b"S0b", b"vCont;c", b"vCont;s", b"vCont;s:1;c", b"vCont;r%,%:1", b"vCont;C05:%", b"vCont;t", b"vCont;c:%",
           b"vCont;", b"vCont;s:%", b"\x03", b"\x03", b"D", b"D;1", b"vCont;c:p%.%", b"c;", b"vCont;r%,%"]


def number(r):
    kind = r.randrange(4)
    if kind == 0:
        return b"%x" % r.choice(code)
    if kind == 1:
        return b"%x" % (r.randrange(*scratch) & -r.choice((1, 2, 4, 8)))
    if kind == 2:
        return b"%x" % max(0, symbol[r.choice(list(symbol))] + r.randrange(-64, 64))
    return r.choice(NUMBERS)


def data(r):
    size = r.choice((0, 1, 2, 3, 8, 15, 16, 33, 64, 200, 900))
    if r.random() < 0.5:
        return bytes(r.choice(b"0123456789abcdef") for _ in range(size))
    return bytes(r.choice(b"}*%,;:\0\xff0a") if r.random() < 0.3 else r.randrange(256) for _ in range(size))


def fill(r, form):
    body = b"".join(number(r) if c == b"%" else data(r) if c == b"~" else c for c in (form[i:i + 1] for i in range(len(form))))
    while r.random() < 0.3:  # a little off
        at = r.randrange(len(body) + 1)
        some = bytes([r.choice(b",;:=.-0f}*x\xff") if r.random() < 0.7 else r.randrange(256)]) * r.choice((1, 1, 1, 2, 17, 300))
        body = r.choice((body[:at], body[:at] + some + body[at:], body[:at] + body[at + 1:], body + body[at:], body + b";thread:1;"))
    return re.sub(rb"[$#]", b"%", body)


def may_be_sent(body, standing):
    """What would rightly spoil the firmware is not sent."""
    write = re.match(rb"[MX]([0-9a-fA-F]+),([0-9a-fA-F]+):", body)
    if write is not None:
        at, size = int(write[1], 16), int(write[2], 16)
        return at >= 1 << 47 or scratch[0] <= at and at + size <= scratch[1]
    if re.match(rb"qRcmd,7265|[kRtbIr]|vKill|vRun|vAttach|A|jMulti", body):
        return False
    if standing:
        return re.match(rb"[csCSD]|vCont;", body) is None
    if re.match(rb"[PG]|QRestore|[csCS].*[,;0-9a-f]{4}", body, flags=re.S):
        return False
    point = re.match(rb"Z[01],([0-9a-fA-F]+),", body)
    return point is None or int(point[1], 16) in code


def noise(r, size):
    """No frame of it is whole, so that it is no request."""
    some = bytearray(r.choice(b"$$#+-}*:;,m0123456789abcdefvCcsqxzZ\xff\x00") for _ in range(size))
    for i in range(size - 2):
        if some[i] == ord("#"):
            begin = max(some.rfind(b"$", 0, i), 0)
            while b"%02x" % (sum(some[begin + 1:i]) % 256) == bytes(some[i + 1:i + 3]).lower():
                some[i + 1] = r.choice(b"0123456789abcdef")
    return bytes(some) + b"$"


def attack(line, r, standing, sent):
    for _ in range(r.randrange(20, 120)):
        form = r.choice(NAMES if standing or r.random() < 0.6 else RESUMES)
        body = fill(r, form) if form != b"\x03" else form
        kind = r.randrange(20)
        if body == b"\x03":
            out = body
        elif not may_be_sent(body, standing):
            continue
        elif kind == 0:
            out = frame(body)[:-r.randrange(1, 4)] + b"$"  # half a frame, and the next begins
        elif kind == 1:
            out = b"$" + body + b"#" + bytes([r.randrange(256), ord("g")]) + b"-" * r.randrange(5)
        elif kind == 2:
            out = noise(r, r.randrange(500))
        elif kind == 3 and not body.startswith(b"qRcmd"):  # words ahead of an error wait a second for their ack
            out = frame(body) * r.randrange(2, 30)
        else:
            out = frame(body) + r.choice((b"", b"", b"+", b"-", b"+++", b"---"))
        sent.append(out)
        line.send(out)
        if r.random() < 0.7:
            line.turn(b"", 0.01)
            list(line.frames())


def stack_by_gdb():
    said = subprocess.run([gdb, "-nx", "-q", "-batch", "-ex", "set remotetimeout 30", "-ex", "target remote " + path, "-ex",
                           "break fold if layers == 2", "-ex", "continue", "-ex", "bt", "-ex", "detach", elf],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    wanted = re.search(r"Breakpoint 1, fold .*#1 .* fold .*#[78] .* bake .*detached", said.stdout, flags=re.S)
    if wanted is None:
        raise SystemExit("gdb says:\n" + said.stdout + said.stderr)


def batch(i, want):
    r = random.Random(seed + i)
    standing = r.random() < 0.5
    line = Line()
    line.begin()
    kept = [line.ask(b"p%x" % n, rb"[0-9a-fx]{8,}|E..") for n in registers] if standing else []
    sent = []
    try:
        attack(line, r, standing, sent)
        line.begin()
        for n, value in enumerate(kept):
            if re.fullmatch(rb"[0-9a-f]+", value):
                line.ask(b"P%x=" % n + value, rb"OK|E..")
                line.ask(b"p%x" % n, re.escape(value))
        got = line.check()
        if want is not None and got != want:
            raise SystemExit("answers changed: %r, not %r" % (got, want))
    except SystemExit:
        print("batch %d (seed %d), the last that was sent:" % (i, seed + i))
        for out in sent[-30:]:
            print("  %r" % out[:300])
        raise
    line.line.close()
    return got


print("seed %d" % seed, flush=True)
first = Line()
want = first.check()
first.line.close()
for i in range(batches):
    batch(i, want)
    if i % GDB_EACH == GDB_EACH - 1:
        stack_by_gdb()
stack_by_gdb()
last = Line()
last.begin()
left = bytes.fromhex(last.ask(b"qRcmd,737461636b", rb"[0-9a-f]{40,}").decode()).decode()
print("answered as ever behind %d batches; %s" % (batches, left), end="")
