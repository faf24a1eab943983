/* fake_host.c - the machine that the fake target is on: processes 1 (root's) and 16, users 0 and
 * 1000, a module /bin/fake; and the servers of its platform. */
#include "tests/stub/fake_late.h"

#include <stdio.h>
#include <string.h>

static const struct stub_host_process host_processes[] = {
    { { 1, 0, 0, 0, 0, 0 }, "/sbin/init", "init\0--x", 9, "fake" },
    { { FAKE_PID, 1, 1000, 100, 1001, 101 }, "/bin/fake", "", 0, "" },
};
enum { HOST_PROCESSES = sizeof(host_processes) / sizeof(host_processes[0]) };

static bool
is_listed(const struct fake *f, const struct stub_host_process *process)
{
    const struct stub_process_match *match = &f->match;

    return (match->pid == STUB_ANY_ID || match->pid == process->ids.pid) &&
           (match->uid == STUB_ANY_ID || match->uid == process->ids.uid) &&
           (match->how == STUB_NAME_ANY || strstr(process->path, f->match_name) != NULL);
}

static int
find_now(struct fake *f, const struct stub_process_match *match)
{
    f->match = *match;
    f->host_at = 0;
    snprintf(f->match_name, sizeof(f->match_name), "%s", match->name != NULL ? match->name : "");
    return 0;
}

static int
find_processes(void *host, const struct stub_process_match *match)
{
    struct fake *f = host;

    DO(f, FIND_PROCESSES, 0, 0, 0, find_now(f, match));
}

static int
next_process(void *host, struct stub_host_process *process)
{
    struct fake *f = host;

    ASK(f, NEXT_PROCESS, 0, 0, 0);
    while (f->host_at < HOST_PROCESSES) {
        *process = host_processes[f->host_at++];
        if (is_listed(f, process))
            return 1;
    }
    return 0;
}

static int
one_process(void *host, int64_t pid, struct stub_host_process *process)
{
    struct fake *f = host;

    ASK(f, ONE_PROCESS, pid, 0, 0);
    for (unsigned i = 0; i < HOST_PROCESSES; i++) {
        *process = host_processes[i];
        if (process->ids.pid == pid)
            return 0;
    }
    return -STUB_EPERM;
}

static int
user_name(void *host, uint32_t id, const char **name)
{
    struct fake *f = host;

    ASK(f, USER_NAME, id, 0, 0);
    *name = id == 0 ? "root" : "me";
    return id == 0 || id == 1000 ? 0 : -STUB_ENOENT;
}

static int
make_now(struct fake *f, const char *path, const char *what, unsigned mode)
{
    snprintf(f->option, sizeof(f->option), "%s %s %o", what, path, mode);
    return strcmp(path, "/d") == 0 ? 0 : -STUB_EEXIST;
}

static int
make_directory(void *host, const char *path, unsigned mode)
{
    struct fake *f = host;

    DO(f, MAKE, 0, fake_sum(path, strlen(path)), mode, make_now(f, path, "directory", mode));
}

static int
change_mode(void *host, const char *path, unsigned mode)
{
    struct fake *f = host;

    DO(f, MAKE, 1, fake_sum(path, strlen(path)), mode, make_now(f, path, "mode", mode));
}

static int
make_link(void *host, const char *path, const char *leads_to)
{
    struct fake *f = host;

    DO(f, MAKE, 2, fake_sum(path, strlen(path)), 0, make_now(f, path, leads_to, 0));
}

static int
host_md5(void *host, const char *path, uint8_t digest[16])
{
    struct fake *f = host;

    ASK(f, MD5, fake_sum(path, strlen(path)), 0, 0);
    for (unsigned i = 0; i < 16; i++)
        digest[i] = (uint8_t)i;
    return fake_is_file(path) ? 0 : -STUB_ENOENT;
}

static int
host_module(void *host, const char *path, const char *machine, struct stub_module *module)
{
    static const uint8_t build_id[] = { 0xab, 0xcd, 0x01 };
    struct fake *f = host;

    ASK(f, MODULE, fake_sum(path, strlen(path)), 0, 0);
    *module = (struct stub_module){ .size = 0x1234, .machine = "fake" };
    if (fake_is_file(path))
        return host_md5(host, path, module->md5);
    module->build_id = build_id;
    module->build_id_size = sizeof(build_id);
    return strcmp(path, "/bin/fake") == 0 &&
                   (machine == NULL || machine[0] == '\0' || strcmp(machine, "fake") == 0)
               ? 0
               : -STUB_ESRCH;
}

static int
complete(void *host, const char *begin, bool only_directories, unsigned index, const char **path)
{
    static const char *const paths[] = { "/bin/", "/blob" };
    struct fake *f = host;

    ASK(f, COMPLETE, fake_sum(begin, strlen(begin)), only_directories, index);
    if (strcmp(begin, "/b") != 0 || index >= (only_directories ? 1u : 2u))
        return 0;
    *path = paths[index];
    return 1;
}

static int
shell(void *host, const char *command, const char *directory, unsigned seconds,
      struct stub_shell_result *result)
{
    struct fake *f = host;

    ASK(f, SHELL, fake_sum(command, strlen(command)), seconds, 0);
    f->text_size = (size_t)snprintf((char *)f->text, sizeof(f->text), "%s in %s for %u}", command,
                                    directory, seconds);
    *result = (struct stub_shell_result){ 3, 0, f->text, f->text_size };
    return strcmp(command, "never") == 0 ? fake_fail(f, 110, "it took too long") : 0;
}

const struct stub_host fake_host = {
    .find_processes = find_processes,
    .next_process = next_process,
    .process = one_process,
    .user_name = user_name,
    .group_name = user_name,
    .make_directory = make_directory,
    .change_mode = change_mode,
    .make_link = make_link,
    .md5 = host_md5,
    .module = host_module,
    .complete = complete,
    .shell = shell,
};

static int
server_start(void *target, uint16_t port, struct stub_server *server)
{
    struct fake *f = target;

    ASK(f, SERVER_START, port, 0, 0);
    *server = (struct stub_server){ 77, port != 0 ? port : 4321, port == 9 ? "/s" : NULL };
    return port == 1 ? fake_fail(f, STUB_EACCES, "that port is root's") : 0;
}

static int
server_waiting(void *target, unsigned index, struct stub_server *server)
{
    struct fake *f = target;

    ASK(f, SERVER_WAITING, index, 0, 0);
    *server =
        (struct stub_server){ 78, (uint16_t)(index == 0 ? 5000 : 0), index == 0 ? NULL : "/s" };
    return index < 2 && f->thread_count > 0;
}

static int
server_kill(void *target, int64_t pid)
{
    struct fake *f = target;

    DO(f, SERVER_KILL, pid, 0, 0, pid == 77 ? 0 : -STUB_ESRCH);
}

const struct stub_servers fake_servers = { server_start, server_waiting, server_kill };
