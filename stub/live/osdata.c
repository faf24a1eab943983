/* osdata.c - tables of the operating system for gdb's `info os` (GDB manual, "Operating System
 * Information"): the frame, and those that are a file of /proc each (proc(5)). */
#define _GNU_SOURCE 1
#include "stub/live/osdata.h"

#include <bsd/string.h>
#include <ctype.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stub/live/internal.h"

/* ---- the stream ---- */

void
live_osdata_put(FILE *list, const char *name, const char *format, ...)
{
    va_list args;

    fprintf(list, "%s%c", name, '\0');
    va_start(args, format);
    vfprintf(list, format, args);
    va_end(args);
    fputc('\0', list);
}

void
live_osdata_end(FILE *list)
{
    fputc('\0', list);
}

/* ---- names for numbers; the files are read as they are, without a name service, which a static
 * server has not got ---- */

static const char *
number_text(unsigned number)
{
    static char text[16];

    snprintf(text, sizeof(text), "%u", number);
    return text;
}

const char *
live_osdata_user(uid_t uid)
{
    static char name[64];
    FILE *file = fopen("/etc/passwd", "re");
    struct passwd *entry = NULL;

    while (file != NULL && (entry = fgetpwent(file)) != NULL && entry->pw_uid != uid)
        continue;
    strlcpy(name, entry != NULL ? entry->pw_name : number_text(uid), sizeof(name));
    if (file != NULL)
        fclose(file);
    return name;
}

const char *
live_osdata_group(gid_t gid)
{
    static char name[64];
    FILE *file = fopen("/etc/group", "re");
    struct group *entry = NULL;

    while (file != NULL && (entry = fgetgrent(file)) != NULL && entry->gr_gid != gid)
        continue;
    strlcpy(name, entry != NULL ? entry->gr_name : number_text(gid), sizeof(name));
    if (file != NULL)
        fclose(file);
    return name;
}

const char *
live_osdata_command(pid_t pid)
{
    static char name[64];

    if (live_proc_read(pid, "comm", name, sizeof(name)) < 0)
        name[0] = '\0';
    name[strcspn(name, "\n")] = '\0';
    return name;
}

/* ---- files of one item a line ---- */

enum kind { AS_IT_IS, COMMAND, USER, GROUP, TIME };

struct column {
    const char *name;
    enum kind kind;
};

static const char *
time_text(const char *seconds)
{
    static char text[64];
    time_t t = (time_t)strtoll(seconds, NULL, 10);
    struct tm tm;

    if (t == 0 || localtime_r(&t, &tm) == NULL ||
        strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm) == 0)
        return "0";
    return text;
}

static const char *
value_of(enum kind kind, const char *field)
{
    switch (kind) {
    case AS_IT_IS:
        break;
    case COMMAND:
        return live_osdata_command((pid_t)strtol(field, NULL, 10));
    case USER:
        return live_osdata_user((uid_t)strtoul(field, NULL, 10));
    case GROUP:
        return live_osdata_group((gid_t)strtoul(field, NULL, 10));
    case TIME:
        return time_text(field);
    }
    return field;
}

static void
put_line(FILE *list, char *line, const struct column *columns, size_t count)
{
    char *field;

    for (size_t i = 0; i < count;) {
        field = strsep(&line, " \t\n");
        if (field == NULL)
            break;
        if (field[0] == '\0')
            continue;
        live_osdata_put(list, columns[i].name, "%s", value_of(columns[i].kind, field));
        i++;
    }
    live_osdata_end(list);
}

/* Fields between blanks; the first `skip` lines are headings. */
static void
put_file(FILE *list, const char *path, unsigned skip, const struct column *columns, size_t count)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;

    while (file != NULL && getline(&line, &room, file) > 0) {
        if (skip > 0)
            skip--;
        else
            put_line(list, line, columns, count);
    }
    free(line);
    if (file != NULL)
        fclose(file);
}

#define PUT_FILE(list, path, skip, columns)                                                       \
    put_file((list), (path), (skip), (columns), sizeof(columns) / sizeof((columns)[0]))

static void
put_shared_memory(FILE *list)
{
    static const struct column columns[] = {
        { "key", AS_IT_IS },
        { "shmid", AS_IT_IS },
        { "permissions", AS_IT_IS },
        { "size", AS_IT_IS },
        { "creator command", COMMAND },
        { "last op. command", COMMAND },
        { "num attached", AS_IT_IS },
        { "user", USER },
        { "group", GROUP },
        { "creator user", USER },
        { "creator group", GROUP },
        { "last shmat() time", TIME },
        { "last shmdt() time", TIME },
        { "last shmctl() time", TIME },
    };
    PUT_FILE(list, "/proc/sysvipc/shm", 1, columns);
}

static void
put_semaphores(FILE *list)
{
    static const struct column columns[] = {
        { "key", AS_IT_IS },
        { "semid", AS_IT_IS },
        { "permissions", AS_IT_IS },
        { "num semaphores", AS_IT_IS },
        { "user", USER },
        { "group", GROUP },
        { "creator user", USER },
        { "creator group", GROUP },
        { "last semop() time", TIME },
        { "last semctl() time", TIME },
    };
    PUT_FILE(list, "/proc/sysvipc/sem", 1, columns);
}

static void
put_messages(FILE *list)
{
    static const struct column columns[] = {
        { "key", AS_IT_IS },
        { "msqid", AS_IT_IS },
        { "permissions", AS_IT_IS },
        { "num used bytes", AS_IT_IS },
        { "num messages", AS_IT_IS },
        { "last msgsnd() command", COMMAND },
        { "last msgrcv() command", COMMAND },
        { "user", USER },
        { "group", GROUP },
        { "creator user", USER },
        { "creator group", GROUP },
        { "last msgsnd() time", TIME },
        { "last msgrcv() time", TIME },
        { "last msgctl() time", TIME },
    };
    PUT_FILE(list, "/proc/sysvipc/msg", 1, columns);
}

static void
put_modules(FILE *list)
{
    static const struct column columns[] = {
        { "name", AS_IT_IS },         { "size", AS_IT_IS },   { "num uses", AS_IT_IS },
        { "dependencies", AS_IT_IS }, { "status", AS_IT_IS }, { "address", AS_IT_IS },
    };
    PUT_FILE(list, "/proc/modules", 0, columns);
}

/* NAME : VALUE in each line, a blank line behind each processor. */
static void
put_processors(FILE *list)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char *line = NULL;
    size_t room = 0;

    while (file != NULL && getline(&line, &room, file) > 0) {
        char *value = strchr(line, ':'), *end = value;

        if (value == NULL) {
            live_osdata_end(list);
            continue;
        }
        while (end > line && isspace((unsigned char)end[-1]))
            end--;
        *end = '\0';
        value += 1 + strspn(value + 1, " ");
        value[strcspn(value, "\n")] = '\0';
        live_osdata_put(list, line, "%s", value);
    }
    free(line);
    if (file != NULL)
        fclose(file);
}

/* ---- the lists there are ---- */

static void put_types(FILE *list);

static const struct type {
    const char *name, *title, *description;
    void (*put)(FILE *list);
} types[] = {
    { "cpus", "CPUs", "Listing of all cpus/cores on the system", put_processors },
    { "files", "File descriptors", "Listing of all file descriptors", live_osdata_files },
    { "modules", "Kernel modules", "Listing of all loaded kernel modules", put_modules },
    { "msg", "Message queues", "Listing of all message queues", put_messages },
    { "processes", "Processes", "Listing of all processes", live_osdata_processes },
    { "procgroups", "Process groups", "Listing of all process groups", live_osdata_groups },
    { "semaphores", "Semaphores", "Listing of all semaphores", put_semaphores },
    { "shm", "Shared-memory regions", "Listing of all shared-memory regions", put_shared_memory },
    { "sockets", "Internet-domain sockets", "Listing of all internet-domain sockets",
      live_osdata_sockets },
    { "threads", "Threads", "Listing of all threads", live_osdata_threads },
    { "", "types", "", put_types }, /* what is asked for first: the rows above */
};
enum { TYPES = sizeof(types) / sizeof(types[0]) };

static void
put_types(FILE *list)
{
    for (size_t i = 0; i < TYPES - 1; i++) {
        live_osdata_put(list, "Type", "%s", types[i].name);
        live_osdata_put(list, "Description", "%s", types[i].description);
        live_osdata_put(list, "Title", "%s", types[i].title);
        live_osdata_end(list);
    }
}

static const struct type *
find_type(const char *name)
{
    for (size_t i = 0; i < TYPES; i++) {
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    }
    return NULL;
}

/* ---- for the client ---- */

void
live_osdata_free(struct live *live)
{
    free(live->osdata);
    live->osdata = NULL;
    live->osdata_size = 0;
    live->osdata_name = NULL;
}

static bool
freeze(struct live *live, const struct type *type)
{
    FILE *list;

    live_osdata_free(live);
    list = open_memstream(&live->osdata, &live->osdata_size);
    if (list == NULL)
        return false;
    type->put(list);
    live->osdata_name = type->name;
    return fclose(list) == 0;
}

/* One item: returns where the next one begins. */
static const char *
write_item(struct rsp_window *w, const char *at)
{
    rsp_window_text(w, "<item>\n");
    while (*at != '\0') {
        rsp_window_text(w, "<column name=\"");
        rsp_window_xml(w, at);
        rsp_window_text(w, "\">");
        at += strlen(at) + 1;
        rsp_window_xml(w, at);
        rsp_window_text(w, "</column>\n");
        at += strlen(at) + 1;
    }
    rsp_window_text(w, "</item>\n");
    return at + 1;
}

/* A type that we do not know is an empty object: gdb then says what is wrong. */
int
live_osdata(void *target, const char *what, struct rsp_window *w)
{
    struct live *live = target;
    const struct type *type = find_type(what);

    if (type == NULL)
        return 0;
    if ((w->offset == 0 || live->osdata_name != type->name) && !freeze(live, type))
        return -STUB_ENOMEM;
    rsp_window_text(w, "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"osdata.dtd\">\n"
                       "<osdata type=\"");
    rsp_window_text(w, type->name[0] != '\0' ? type->name : "types");
    rsp_window_text(w, "\">\n");
    for (const char *at = live->osdata, *end = at + live->osdata_size;
         at != NULL && at < end && !rsp_window_done(w);)
        at = write_item(w, at);
    rsp_window_text(w, "</osdata>\n");
    if (!w->full && w->pos <= w->end)
        live_osdata_free(live);
    return 0;
}
