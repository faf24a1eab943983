#!/usr/bin/env python3
"""dap.py WHO PORT PROGRAM SOURCE -- ADAPTER... - plays an editor: a whole session of the Debug Adapter
Protocol with ADAPTER (lldb-dap, `gdb -i dap`), which attaches to a server at 127.0.0.1:PORT. Each
answer is one ok/not ok line; the exit status is 1 when one is not ok, AGAIN when it is to be played
once more."""
import json
import os
import queue
import subprocess
import sys
import threading

WAIT = 120  # seconds for any answer
AGAIN = 75  # EX_TEMPFAIL


class TooEarly(Exception):
    """lldb-dap 19 looked at the process before its lldb had heard of it, whoever serves it."""


class Adapter:
    """Sends requests and sorts what comes: answers by their request, events by name."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.number = 0
        self.answers, self.events, self.waiting = {}, [], queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        out = self.process.stdout
        while True:
            length = None
            line = out.readline()
            while line.strip():
                name, _, value = line.decode().partition(":")
                length = int(value) if name.lower() == "content-length" else length
                line = out.readline()
            if length is None:
                self.waiting.put(None)
                return
            self.waiting.put(json.loads(out.read(length)))

    def send(self, command, **arguments):
        self.number += 1
        body = json.dumps({"seq": self.number, "type": "request", "command": command,
                           "arguments": arguments}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()
        return self.number

    def take(self):
        try:
            message = self.waiting.get(timeout=WAIT)
        except queue.Empty:
            raise TimeoutError("nothing came for %d s" % WAIT)
        if message is None:
            raise EOFError("the adapter ended")
        if message["type"] == "response":
            self.answers[message["request_seq"]] = message
        elif message["type"] == "event":
            self.events.append(message)

    def answer(self, number):
        while number not in self.answers:
            self.take()
        return self.answers.pop(number)

    def ask(self, command, **arguments):
        answer = self.answer(self.send(command, **arguments))
        if not answer["success"]:
            raise RuntimeError("%s: %s" % (command, json.dumps(answer)[:300]))
        return answer.get("body") or {}

    def event(self, *names):
        while True:
            for i, event in enumerate(self.events):
                if event["event"] in names:
                    return self.events.pop(i)
            self.take()


class Session:
    def __init__(self, who, port, program, source, command):
        self.who, self.port, self.program, self.source = who, port, program, source
        self.adapter = Adapter(command)
        self.is_gdb = "dap" in command and "-i" in command
        self.failed = False
        with open(source) as text:
            self.line = next(i for i, l in enumerate(text, 1) if "break here" in l)

    def claim(self, what, holds, shown=""):
        self.failed = self.failed or not holds
        print("%s %s: %s%s" % ("ok" if holds else "not ok", self.who, what,
                               "" if holds else " (%s)" % str(shown)[:200]))

    def attach(self):
        if self.is_gdb:
            return {"program": self.program, "target": "127.0.0.1:%d" % self.port}
        return {"program": self.program,
                "attachCommands": ["gdb-remote 127.0.0.1:%d" % self.port]}

    def begin(self):
        """Attaching is answered only after configurationDone, by some adapters."""
        a = self.adapter
        a.ask("initialize", adapterID="test", linesStartAt1=True, columnsStartAt1=True,
              pathFormat="path")
        attached = a.send("attach", **self.attach())
        while not any(event["event"] == "initialized" for event in a.events):
            a.take()
            if "process unloaded" in a.answers.get(attached, {}).get("message", ""):
                raise TooEarly()
        body = a.ask("setBreakpoints", source={"path": self.source},
                     breakpoints=[{"line": self.line}])
        self.claim("setBreakpoints", len(body["breakpoints"]) == 1, body)
        a.ask("configurationDone")
        answer = a.answer(attached)
        self.claim("attach", answer["success"], answer)

    def run_to_breakpoint(self):
        """The first stop may be the one of attaching, and some adapters stay there."""
        a = self.adapter
        stop = a.event("stopped", "terminated", "exited")
        if stop["event"] == "stopped" and stop["body"]["reason"] != "breakpoint":
            a.ask("continue", threadId=self.threads()[0]["id"])
            stop = a.event("stopped", "terminated", "exited")
        self.claim("stops at the breakpoint", stop["body"].get("reason") == "breakpoint", stop)
        return stop["body"]["threadId"]

    def threads(self):
        return self.adapter.ask("threads")["threads"]

    def top(self, thread):
        frames = self.adapter.ask("stackTrace", threadId=thread, startFrame=0, levels=20)
        return frames["stackFrames"]

    def variables(self, frame):
        found = {}
        for scope in self.adapter.ask("scopes", frameId=frame)["scopes"]:
            if "egister" in scope["name"] or "lobal" in scope["name"]:
                continue
            body = self.adapter.ask("variables", variablesReference=scope["variablesReference"])
            found.update((v["name"], v["value"]) for v in body["variables"])
        return found

    def step(self, command, thread):
        self.adapter.ask(command, threadId=thread)
        return self.adapter.event("stopped")["body"]["reason"]

    def look(self, thread):
        threads = self.threads()
        self.claim("threads", [t["id"] for t in threads] == [thread], threads)
        frames = self.top(thread)
        names = [f["name"].split("(")[0] for f in frames[:2]]
        self.claim("stackTrace", names == ["add", "main"] and frames[0]["line"] == self.line, names)
        values = self.variables(frames[0]["id"])
        self.claim("scopes and variables",
                   (values.get("a"), values.get("b"), values.get("sum")) == ("0", "1", "1"), values)
        context = {} if self.is_gdb else {"context": "watch"}
        body = self.adapter.ask("evaluate", expression="a + b * 2", frameId=frames[0]["id"], **context)
        self.claim("evaluate", body["result"].split()[-1] == "2", body)

    def walk(self, thread):
        reason = self.step("stepOut", thread)
        self.claim("stepOut", self.top(thread)[0]["name"].split("(")[0] == "main", reason)
        self.step("next", thread)
        self.claim("next", self.top(thread)[0]["name"].split("(")[0] == "main")
        for _ in range(4):
            self.step("stepIn", thread)
            if self.top(thread)[0]["name"].split("(")[0] == "add":
                break
        self.claim("stepIn", self.top(thread)[0]["name"].split("(")[0] == "add",
                   self.top(thread)[0])
        self.adapter.ask("continue", threadId=thread)
        stop = self.adapter.event("stopped")["body"]
        self.claim("continue", stop["reason"] == "breakpoint" and
                   self.variables(self.top(thread)[0]["id"]).get("sum") == "3", stop)

    def end(self):
        self.adapter.ask("disconnect", terminateDebuggee=True)
        self.adapter.process.stdin.close()
        try:
            self.claim("disconnect", self.adapter.process.wait(WAIT) is not None)
        except subprocess.TimeoutExpired:
            self.claim("disconnect", False, "the adapter does not end")

    def play(self):
        try:
            self.begin()
            thread = self.run_to_breakpoint()
            self.look(thread)
            self.walk(thread)
            self.end()
        except TooEarly:
            return AGAIN
        except (RuntimeError, TimeoutError, EOFError, KeyError, IndexError) as error:
            self.claim("session", False, repr(error))
        finally:
            self.adapter.process.kill()
        return 1 if self.failed else 0


if __name__ == "__main__":
    who, port, program, source, dashes = sys.argv[1:6]
    assert dashes == "--", __doc__
    sys.exit(Session(who, int(port), os.path.abspath(program), os.path.abspath(source),
                     sys.argv[6:]).play())
