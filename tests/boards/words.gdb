# Ctrl-C a second after the firmware has been let go, however long that takes.
python import os, signal, threading
python interrupt_at = lambda: os.kill(os.getpid(), signal.SIGINT)
python interrupt_soon = lambda event: (gdb.events.cont.disconnect(interrupt_soon), threading.Timer(1, interrupt_at).start())
