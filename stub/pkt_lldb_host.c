/* pkt_lldb_host.c - what lldb asks of the machine that the server runs on: processes, users,
 * modules (LLDB's docs/resources/lldbplatformpackets.md). */
#include "stub/engine.h"

#include <string.h>

static void
put_number(struct rsp_out *out, const char *key, uint64_t v)
{
    rsp_put_text(out, key);
    rsp_put(out, ':');
    rsp_put_dec(out, v);
    rsp_put(out, ';');
}

static void
put_hex(struct rsp_out *out, const char *key, const char *text)
{
    rsp_put_text(out, key);
    rsp_put(out, ':');
    rsp_put_hex_text(out, text);
    rsp_put(out, ';');
}

/* The words of a triple behind the machine's; nothing where they are not known. 0 or
 * STUB_LATER. Asked before anything that moves on when asked again. */
static int
get_system(struct engine *s, struct stub_host_info *system)
{
    int r = HAS(s, host_info) ? s->target->host_info(s->object, system) : 0;

    return r == STUB_LATER ? r : 0;
}

/* A machine's full name on the system that the server runs on. */
static void
put_triple(struct rsp_out *out, const struct stub_host_info *system, const char *machine)
{
    const char *const words[] = { machine, system->vendor, system->ostype, system->abi };

    for (unsigned i = 0; i < 4 && words[i] != NULL; i++) {
        rsp_put_text(out, i > 0 ? "-" : "");
        rsp_put_text(out, words[i]);
    }
}

static void
put_hex_triple(struct rsp_out *out, const struct stub_host_info *system, const char *machine)
{
    char text[64];
    struct rsp_out triple = rsp_out_to((uint8_t *)text, sizeof(text) - 1);

    put_triple(&triple, system, machine);
    text[triple.len] = '\0';
    put_hex(out, "triple", text);
}

/* ---- processes ---- */

/* name:HEX;name_match:WORD;pid:N;... */
static const char *
take_match_word(struct rsp_in *value, struct stub_process_match *match)
{
    static const struct {
        const char *word;
        enum stub_name_match how;
    } words[] = {
        { "equals", STUB_NAME_EQUALS },  { "starts_with", STUB_NAME_BEGINS },
        { "ends_with", STUB_NAME_ENDS }, { "contains", STUB_NAME_CONTAINS },
        { "regex", STUB_NAME_REGEX },    { "any", STUB_NAME_ANY },
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!rsp_is(value, words[i].word))
            continue;
        match->how = words[i].how;
        return words[i].word;
    }
    return NULL;
}

static int64_t *
id_named(const struct rsp_in *key, struct stub_process_match *match)
{
    if (rsp_is(key, "pid"))
        return &match->pid;
    if (rsp_is(key, "parent_pid"))
        return &match->parent;
    if (rsp_is(key, "uid"))
        return &match->uid;
    if (rsp_is(key, "gid"))
        return &match->gid;
    if (rsp_is(key, "euid"))
        return &match->euid;
    return rsp_is(key, "egid") ? &match->egid : NULL;
}

/* A triple's first word says which machine. */
static void
keep_machine(char *triple)
{
    while (*triple != '\0' && *triple != '-')
        triple++;
    *triple = '\0';
}

static const char *
take_machine(struct rsp_in *in, struct rsp_out *out)
{
    char *text = stub_take_text(in, out);

    if (text != NULL)
        keep_machine(text);
    return text;
}

static bool
take_condition(struct rsp_in *in, struct rsp_out *out, struct stub_process_match *match)
{
    struct rsp_in key = rsp_take_until(in, ':'), value;
    int64_t *id = id_named(&key, match);

    rsp_take(in, ':');
    value = rsp_take_until(in, ';');
    rsp_take_if(in, ';');
    if (rsp_is(&key, "name_match"))
        return take_match_word(&value, match) != NULL;
    if (rsp_is(&key, "name"))
        match->name = stub_take_text(&value, out);
    else if (rsp_is(&key, "triple"))
        match->machine = take_machine(&value, out);
    else if (rsp_is(&key, "all_users"))
        match->all_users = rsp_take_dec(&value) != 0;
    else if (id != NULL)
        *id = (int64_t)(rsp_take_dec(&value) & INT64_MAX);
    else
        return false;
    return rsp_take_end(&value);
}

static void
put_arguments(struct rsp_out *out, const struct stub_host_process *process)
{
    struct rsp_out before = *out;
    size_t at = 0;

    rsp_put_text(out, "args:");
    while (at < process->args_size) {
        const char *word = process->args + at;

        if (at > 0)
            rsp_put(out, '-');
        rsp_put_hex_text(out, word);
        while (process->args[at++] != '\0') {
        }
    }
    rsp_put(out, ';');
    if (out->cut || process->args_size == 0)
        *out = before;
}

static void
put_process(struct rsp_out *out, const struct stub_host_info *system,
            const struct stub_host_process *process)
{
    const struct stub_process_info *ids = &process->ids;

    put_number(out, "pid", (uint64_t)ids->pid);
    put_number(out, "ppid", (uint64_t)ids->parent);
    put_number(out, "uid", ids->uid);
    put_number(out, "gid", ids->gid);
    put_number(out, "euid", ids->euid);
    put_number(out, "egid", ids->egid);
    put_hex(out, "name", process->path);
    if (process->machine[0] != '\0')
        put_hex_triple(out, system, process->machine);
    put_arguments(out, process);
}

/* The end of a list is an error to lldb, one number for an empty one and another behind the last.
 */
enum { NONE_FOUND = 3, NO_MORE = 4 };

static int
say_next_process(struct engine *s, struct rsp_out *out, int at_end)
{
    struct stub_host_info system = { 0 };
    struct stub_host_process process;
    int r = get_system(s, &system);

    if (r == 0)
        r = s->target->host->next_process(stub_host_object(s), &process);
    if (r == 1)
        put_process(out, &system, &process);
    return r == 1 ? PKT_DONE : r == 0 ? -at_end : r;
}

static int
find_processes(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_process_match match = { .pid = STUB_ANY_ID,
                                        .parent = STUB_ANY_ID,
                                        .uid = STUB_ANY_ID,
                                        .gid = STUB_ANY_ID,
                                        .euid = STUB_ANY_ID,
                                        .egid = STUB_ANY_ID };
    struct rsp_out room = *out;
    int r;

    rsp_take_if(in, ':');
    while (rsp_left(in) > 0)
        if (!take_condition(in, &room, &match))
            return PKT_BAD;
    if (!rsp_take_end(in) || (match.how != STUB_NAME_ANY && match.name == NULL))
        return PKT_BAD;
    r = s->target->host->find_processes(stub_host_object(s), &match);
    return r != 0 ? r : say_next_process(s, out, NONE_FOUND);
}

static int
next_process(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return rsp_take_end(in) ? say_next_process(s, out, NO_MORE) : PKT_BAD;
}

static int
say_one_process(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct stub_host_info system = { 0 };
    struct stub_host_process process;
    uint64_t pid;
    int r;

    rsp_take(in, ':');
    pid = rsp_take_dec(in);
    if (!rsp_take_end(in) || pid > INT64_MAX)
        return PKT_BAD;
    r = get_system(s, &system);
    if (r == 0)
        r = s->target->host->process(stub_host_object(s), (int64_t)pid, &process);
    if (r == 0)
        put_process(out, &system, &process);
    return r;
}

/* ---- users and groups ---- */

static int
say_name(struct engine *s, struct rsp_in *in, struct rsp_out *out,
         int (*name_of)(void *host, uint32_t id, const char **name))
{
    const char *name;
    uint64_t id;
    int r;

    rsp_take(in, ':');
    id = rsp_take_dec(in);
    if (!rsp_take_end(in) || id > UINT32_MAX)
        return PKT_BAD;
    r = name_of(stub_host_object(s), (uint32_t)id, &name);
    if (r == 0)
        rsp_put_hex_text(out, name);
    return r;
}

static int
say_user(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return say_name(s, in, out, s->target->host->user_name);
}

static int
say_group(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    return say_name(s, in, out, s->target->host->group_name);
}

/* ---- modules ---- */

/* Hex digits in upper case, as lldb writes a UUID. */
static void
put_upper(struct rsp_out *out, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < n; i++) {
        rsp_put(out, digits[bytes[i] >> 4]);
        rsp_put(out, digits[bytes[i] & 15]);
    }
}

/* The digits of a build id, as text that goes out in hex once more. */
static void
put_uuid(struct rsp_out *out, const struct stub_module *module)
{
    enum { UUID_MAX = 20 };
    size_t n = module->build_id_size < UUID_MAX ? module->build_id_size : UUID_MAX;
    char digits[2 * UUID_MAX + 1];
    struct rsp_out text = rsp_out_to((uint8_t *)digits, sizeof(digits) - 1);

    put_upper(&text, module->build_id, n);
    digits[text.len] = '\0';
    put_hex(out, "uuid", digits);
}

static void
put_wide(struct rsp_out *out, const char *key, uint64_t v)
{
    rsp_put_text(out, key);
    rsp_put(out, ':');
    rsp_put_hex_wide(out, v, 16);
    rsp_put(out, ';');
}

/* qModuleInfo:PATH;TRIPLE */
static int
say_module(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_out room = *out;
    struct stub_host_info system = { 0 };
    struct stub_module module = { 0 };
    const char *path, *machine;
    int r;

    rsp_take(in, ':');
    path = stub_take_text(in, &room);
    rsp_take(in, ';');
    machine = take_machine(in, &room);
    if (!rsp_take_end(in))
        return PKT_BAD;
    r = get_system(s, &system);
    if (r == 0)
        r = s->target->host->module(stub_host_object(s), path, machine, &module);
    if (r != 0)
        return r;
    if (module.build_id_size > 0) {
        put_uuid(&room, &module);
    } else {
        rsp_put_text(&room, "md5:");
        rsp_put_hex_bytes(&room, module.md5, sizeof(module.md5));
        rsp_put(&room, ';');
    }
    put_hex_triple(&room, &system, module.machine);
    put_hex(&room, "file_path", path);
    put_wide(&room, "file_offset", module.offset);
    put_wide(&room, "file_size", module.size);
    out->len = room.len;
    out->cut = room.cut;
    return PKT_DONE;
}

/* The values of one entry, which is there. */
static void
put_module(struct rsp_json *json, const struct stub_host_info *system, const char *path,
           const struct stub_module *module)
{
    char text[2 * 32 + 1];
    struct rsp_out digits = rsp_out_to((uint8_t *)text, sizeof(text) - 1);

    rsp_json_open(json, '{');
    rsp_json_key(json, "file_path");
    rsp_json_text(json, path);
    rsp_json_key(json, "file_offset");
    rsp_json_dec(json, module->offset);
    rsp_json_key(json, "file_size");
    rsp_json_dec(json, module->size);
    rsp_json_key(json, "triple");
    put_triple(&digits, system, module->machine);
    rsp_json_text_n(json, text, digits.len);
    rsp_json_key(json, "uuid");
    digits.len = 0;
    put_upper(&digits, module->build_id, module->build_id_size < 20 ? module->build_id_size : 20);
    rsp_json_text_n(json, text, digits.len);
    rsp_json_close(json, '}');
}

/* A string of the entry, at the end of the reply's room, which is then shorter by it; NULL when it
 * is not there or does not fit. */
static char *
take_member(struct rsp_in entry, const char *key, struct rsp_out *out)
{
    size_t size = rsp_out_room(out) / 4; /* the longest that is taken, with its NUL */
    struct rsp_in value;
    ptrdiff_t n;
    char *text;

    if (size == 0 || !rsp_json_get(entry, key, &value))
        return NULL;
    text = (char *)out->buf + out->cap - size;
    n = rsp_json_get_text(value, text, size - 1);
    if (n < 0)
        return NULL;
    text = (char *)out->buf + out->cap - (size_t)n - 1;
    memmove(text, out->buf + out->cap - size, (size_t)n);
    text[n] = '\0';
    out->cap -= (size_t)n + 1;
    return text;
}

/* One entry of the list that was asked for; one that is not there, or has no id, is left out. */
static int
look_up_module(struct engine *s, const struct stub_host_info *system, struct rsp_in entry,
               struct rsp_json *json)
{
    struct stub_module module = { 0 };
    struct rsp_out *out = json->out;
    size_t cap = out->cap;
    const char *path = take_member(entry, "file", out);
    char *machine = path != NULL ? take_member(entry, "triple", out) : NULL;
    int r = -STUB_ENOENT;

    if (machine != NULL)
        keep_machine(machine);
    if (path != NULL)
        r = s->target->host->module(stub_host_object(s), path, machine, &module);
    if (r == 0 && module.build_id_size > 0)
        put_module(json, system, path, &module);
    out->cap = cap;
    return r == STUB_LATER ? r : 0;
}

static int
say_modules(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_json json = rsp_json_to(out);
    struct stub_host_info system = { 0 };
    struct rsp_in list, entry;
    int r;

    rsp_take(in, ':');
    list = rsp_take_rest(in);
    if (in->bad || rsp_peek(&list) != '[')
        return PKT_BAD;
    r = get_system(s, &system);
    rsp_json_open(&json, '[');
    while (r == 0 && rsp_json_next(&list, &entry))
        r = look_up_module(s, &system, entry, &json);
    if (r != 0)
        return r;
    rsp_json_close(&json, ']');
    return list.bad ? PKT_BAD : PKT_DONE;
}

static int
say_load_address(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct rsp_out room = *out;
    uint64_t address;
    const char *path;
    int r;

    rsp_take(in, ':');
    path = stub_take_text(in, &room);
    if (!rsp_take_end(in) || path[0] == '\0')
        return PKT_BAD;
    r = s->target->load_address(stub_process(s), path, &address);
    if (r == 0)
        rsp_put_hex(out, address);
    return r;
}

/* ---- what needs no machine ---- */

/* How lldb treats each of Linux's signals when nobody says otherwise: bits from SIGHUP up. */
#define SIGNAL(n) (UINT64_C(1) << ((n)-1))
static const struct {
    uint64_t suppress, stop, notify;
} signal_habits = {
    .suppress = SIGNAL(2) | SIGNAL(5) | SIGNAL(19),
    .stop = 0x7fffffff & ~(SIGNAL(14) | SIGNAL(17) | SIGNAL(18) | SIGNAL(27)),
    .notify = 0x7fffffff & ~(SIGNAL(14) | SIGNAL(27)),
};

static void
put_habit(struct rsp_json *json, const char *key, uint64_t habit, int number)
{
    rsp_json_key(json, key);
    rsp_json_bool(json, (habit & SIGNAL(number)) != 0);
}

static int
say_signals(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)in;
    enum { SIGNALS = 64 };
    struct rsp_json json = rsp_json_to(out);

    if (!s->target->linux_signals)
        return PKT_EMPTY;
    json.plain = true; /* lldb (19, 22) reads this one as it stands */
    rsp_json_open(&json, '[');
    for (int number = 1; number <= SIGNALS; number++) {
        rsp_json_open(&json, '{');
        rsp_json_key(&json, "signo");
        rsp_json_dec(&json, (uint64_t)number);
        rsp_json_key(&json, "name");
        rsp_json_text(&json, rsp_signal_name(number));
        put_habit(&json, "suppress", signal_habits.suppress, number);
        put_habit(&json, "stop", signal_habits.stop, number);
        put_habit(&json, "notify", signal_habits.notify, number);
        rsp_json_close(&json, '}');
    }
    rsp_json_close(&json, ']');
    return PKT_DONE;
}

/* qSpeedTest:response_size:N;data:... is answered with N bytes of no meaning. */
static int
test_speed(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    uint64_t size;

    (void)s;
    if (!rsp_take_text_if(in, ":response_size:"))
        return PKT_BAD;
    size = rsp_take_dec(in);
    if (!rsp_take_text_if(in, ";data:"))
        return PKT_BAD;
    rsp_put_text(out, "data:");
    if (size > rsp_out_room(out))
        size = rsp_out_room(out);
    for (uint64_t i = 0; i + 1 < size; i++)
        rsp_put(out, (char)('A' + i % 26));
    rsp_put(out, ';');
    return PKT_DONE;
}

/* The request comes back: a client that lost its place finds it again. */
static int
echo(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    (void)in;
    rsp_put_escaped(out, s->rx.buf, s->rx.len);
    return PKT_DONE;
}

static const struct stub_row rows[] = {
    { "qfProcessInfo", find_processes, NEEDS(host), ROW_IDLE },
    { "qsProcessInfo", next_process, NEEDS(host), ROW_IDLE },
    { "qProcessInfoPID", say_one_process, NEEDS(host), ROW_IDLE },
    { "qUserName", say_user, NEEDS(host), ROW_IDLE },
    { "qGroupName", say_group, NEEDS(host), ROW_IDLE },
    { "qModuleInfo", say_module, NEEDS(host), ROW_IDLE },
    { "jModulesInfo", say_modules, NEEDS(host), ROW_IDLE },
    { "qFileLoadAddress", say_load_address, NEEDS(load_address), 0 },
    { "jSignalsInfo", say_signals, 0, ROW_BARE | ROW_IDLE },
    { "qSpeedTest", test_speed, 0, ROW_IDLE },
    { "qEcho", echo, 0, ROW_IDLE | ROW_TOLD },
};
const struct stub_family stub_lldb_host_packets = FAMILY(rows);
