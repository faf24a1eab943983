/* fake_facts.c - objects of the fake target that are read in windows (qXfer), and what it knows of
 * itself. */
#include <stdio.h>
#include <string.h>

#include "tests/stub/fake_late.h"

int
fake_auxv(void *process, struct rsp_window *w)
{
    uint8_t bytes[32];
    struct fake *f = process;

    ASK(f, AUXV, 0, 0, 0);
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i + 0x20); /* # $ and * are among them */
    rsp_window_bytes(w, bytes, sizeof(bytes));
    return 0;
}

int
fake_libraries_svr4(void *process, struct rsp_window *w, bool main_lm)
{
    struct fake *f = process;

    ASK(f, LIBRARIES, main_lm, 0, 0);
    rsp_window_text(w, main_lm ? "<library-list-svr4 version=\"1.0\" main-lm=\"0x2000\"/>"
                               : "<library-list-svr4 version=\"1.0\"/>");
    return 0;
}

int
fake_exec_file(void *process, struct rsp_window *w)
{
    struct fake *f = process;

    ASK(f, EXEC_FILE, 0, 0, 0);
    rsp_window_text(w, "/bin/fake");
    return 0;
}

int
fake_siginfo(void *target, struct rsp_id id, struct rsp_window *w)
{
    struct fake *f = target;
    uint8_t bytes[8] = { 5, 0, 0, 0, 0, 0, 0, 1 };

    ASK(f, SIGINFO, id.tid, 0, 0);
    rsp_window_bytes(w, bytes, sizeof(bytes));
    return 0;
}

int
fake_osdata(void *target, const char *what, struct rsp_window *w)
{
    struct fake *f = target;

    ASK(f, OSDATA, fake_sum(what, strlen(what)), 0, 0);
    if (what[0] != '\0' && strcmp(what, "processes") != 0)
        return -STUB_ENOENT;
    rsp_window_text(w, "<osdata type=\"");
    rsp_window_text(w, what[0] != '\0' ? what : "types");
    rsp_window_text(w, "\"/>");
    return 0;
}

int
fake_shlib_info(void *process, uint64_t *address)
{
    struct fake *f = process;

    ASK(f, SHLIB, 0, 0, 0);
    *address = 0x2100;
    return 0;
}

int
fake_offsets(void *process, uint64_t *text, uint64_t *data)
{
    struct fake *f = process;

    ASK(f, OFFSETS, 0, 0, 0);
    *text = 0x1000;
    *data = 0x2000;
    return 0;
}

int
fake_host_info(void *target, struct stub_host_info *info)
{
    struct fake *f = target;

    ASK(f, HOST, 0, 0, 0);
    *info = (struct stub_host_info){ .ostype = "linux",
                                     .vendor = "pc",
                                     .abi = "gnu",
                                     .os_version = "6.1.0",
                                     .hostname = "box",
                                     .page_size = FAKE_PAGE,
                                     .watchpoints = 4 };
    return 0;
}

int
fake_process_info(void *target, int64_t pid, struct stub_process_info *info)
{
    struct fake *f = target;

    ASK(f, PROCESS, pid, 0, 0);
    *info = (struct stub_process_info){ pid, 1, 1000, 100, 1001, 101 };
    return 0;
}

const char *
fake_why(void *target)
{
    return ((struct fake *)target)->why;
}

void
fake_settled(void *target)
{
    struct fake *f = target;

    f->request++;
    f->why = NULL;
}

int
fake_directory(void *target, const char **path)
{
    struct fake *f = target;

    ASK(f, DIRECTORY, 0, 0, 0);
    *path = "/home";
    return 0;
}

static int
input_now(struct fake *f, const void *bytes, size_t size)
{
    snprintf(f->option, sizeof(f->option), "input %.*s", (int)size, (const char *)bytes);
    return size > 3 ? fake_fail(f, STUB_EBUSY, NULL) : 0;
}

int
fake_input(void *target, const void *bytes, size_t size)
{
    struct fake *f = target;

    DO(f, INPUT, fake_sum(bytes, size), size, 0, input_now(f, bytes, size));
}

static int
send_now(struct fake *f, int64_t pid, int signal)
{
    snprintf(f->option, sizeof(f->option), "signal %d to %lld", signal, (long long)pid);
    return 0;
}

int
fake_send_signal(void *target, int64_t pid, int signal)
{
    struct fake *f = target;

    DO(f, SEND_SIGNAL, pid, signal, 0, send_now(f, pid, signal));
}

int
fake_load_address(void *process, const char *path, uint64_t *address)
{
    struct fake *f = process;

    ASK(f, LOAD_ADDRESS, fake_sum(path, strlen(path)), 0, 0);
    *address = 0x1000;
    return strcmp(path, "/bin/fake") == 0 ? 0 : -STUB_ENOENT;
}
