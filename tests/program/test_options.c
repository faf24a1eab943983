/* test_options.c - the command lines of gdbserver and lldb-server. */
#define _GNU_SOURCE 1
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stub/program/options.h"
#include "stub/stub.h"
#include "tests/suites.h"

/* ---- helpers ---- */

/* Reads words under a mode; what was said on standard error comes into said. */
static bool
read_words(const struct program_mode *mode, struct program_settings *s, char **words, char *said,
           size_t size)
{
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    bool read;
    size_t n;

    ck_assert_ptr_nonnull(file);
    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    read = program_read_options(mode, s, words);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(file);
    n = fread(said, 1, size - 1, file);
    said[n] = '\0';
    fclose(file);
    return read;
}

#define WORDS(...) ((char *[]){ __VA_ARGS__, NULL })

static struct program_settings
good(const struct program_mode *mode, char **words)
{
    struct program_settings s;
    char said[512];

    ck_assert_msg(read_words(mode, &s, words, said, sizeof(said)), "refused: %s", said);
    ck_assert_str_eq(said, "");
    return s;
}

/* The refusal must be one line that holds both pieces: the cause and the remedy. */
static void
bad(const struct program_mode *mode, char **words, const char *cause, const char *remedy)
{
    struct program_settings s;
    char said[512];

    ck_assert(!read_words(mode, &s, words, said, sizeof(said)));
    ck_assert_msg(strstr(said, cause) != NULL, "no \"%s\" in: %s", cause, said);
    ck_assert_msg(strstr(said, remedy) != NULL, "no \"%s\" in: %s", remedy, said);
    ck_assert_ptr_eq(strchr(said, '\n'), said + strlen(said) - 1);
}

#define GDB      (&program_gdbserver_mode)
#define PLATFORM (&program_platform_mode)
#define LLDB     (&program_lldb_server_mode)

/* ---- gdbserver's ---- */

START_TEST(reads_options_line_and_program)
{
    struct program_settings s =
        good(GDB, WORDS("--once", "--debug", ":1234", "./prog", "--once", "-x", "--", "y"));

    ck_assert(s.once && s.debug && !s.attach && !s.multi && !s.any_user && !s.randomize);
    ck_assert_str_eq(s.comm, ":1234");
    ck_assert_int_eq(s.program_count, 5);
    ck_assert_str_eq(s.program[0], "./prog");
    ck_assert_str_eq(s.program[4], "y");
    ck_assert_ptr_null(s.program[5]);
}
END_TEST

START_TEST(takes_attach_before_and_behind_the_line)
{
    struct program_settings s = good(GDB, WORDS("--attach", ":1", "77"));

    ck_assert(s.attach);
    ck_assert_str_eq(s.program[0], "77");
    s = good(GDB, WORDS("--once", "localhost:1", "--attach", "77"));
    ck_assert(s.attach && s.once);
    ck_assert_str_eq(s.comm, "localhost:1");
    ck_assert_str_eq(s.program[0], "77");
}
END_TEST

START_TEST(a_dash_is_a_line_and_no_option)
{
    struct program_settings s = good(GDB, WORDS("-", "./prog"));

    ck_assert_str_eq(s.comm, "-");
    ck_assert_str_eq(s.program[0], "./prog");
}
END_TEST

START_TEST(takes_arguments_behind_a_blank_or_an_equals_sign)
{
    struct program_settings s = good(GDB, WORDS("--log=a b", "--port-file", "p", ":1"));

    ck_assert_str_eq(s.log, "a b");
    ck_assert_str_eq(s.port_file, "p");
    ck_assert_str_eq(s.comm, ":1");
    ck_assert_int_eq(s.program_count, 0);
}
END_TEST

START_TEST(reads_the_policies)
{
    ck_assert_int_eq(good(GDB, WORDS(":1", "x")).on_disconnect, POLICY_DEFAULT);
    ck_assert_int_eq(good(GDB, WORDS("--on-disconnect", "stop", ":1")).on_disconnect, POLICY_STOP);
    ck_assert_int_eq(good(GDB, WORDS("--on-disconnect=resume", ":1")).on_disconnect,
                     POLICY_RESUME);
    ck_assert_int_eq(good(GDB, WORDS("--on-disconnect=kill", ":1")).on_disconnect, POLICY_KILL);
    bad(GDB, WORDS("--on-disconnect=flee", ":1"), "flee", "stop, resume or kill");
}
END_TEST

START_TEST(refuses_with_cause_and_remedy)
{
    bad(GDB, WORDS("--onze", ":1", "x"), "--onze", "stubborn --help");
    bad(GDB, WORDS("-x", ":1", "x"), "-x", "stubborn --help");
    bad(GDB, WORDS("--log"), "--log", "--log FILE");
    bad(GDB, WORDS("--once=1", ":1", "x"), "--once", "leave out");
    bad(GDB, WORDS("--fd=3"), "--fd=3", "stubborn --help"); /* lldb-server's alone */
    bad(LLDB, WORDS("--fdx=3"), "--fdx=3", "stubborn gdbserver --help");
}
END_TEST

/* ---- lldb-server's ---- */

START_TEST(reads_how_lldb_starts_a_server)
{
    struct program_settings s = good(LLDB, WORDS("--fd=5", "--native-regs", "--setsid"));

    ck_assert_int_eq(s.fd, 5);
    ck_assert(s.set_sid);
    ck_assert_ptr_null(s.comm);
    s = good(LLDB, WORDS("--native-regs", "--setsid", "--fd", "6"));
    ck_assert_int_eq(s.fd, 6);
    s = good(LLDB, WORDS("tcp://[127.0.0.1]:0", "--native-regs", "--pipe", "7"));
    ck_assert_str_eq(s.comm, "tcp://[127.0.0.1]:0");
    ck_assert_int_eq(s.port_fd, 7);
    ck_assert_int_eq(s.fd, -1);
    s = good(LLDB, WORDS("--attach=99", "--reverse-connect", "[127.0.0.1]:3"));
    ck_assert(s.attach && s.reverse);
    ck_assert_int_eq(s.pid, 99);
    s = good(LLDB, WORDS("localhost:0", "--named-pipe", "/f", "-S"));
    ck_assert_str_eq(s.port_pipe, "/f");
    ck_assert(s.set_sid);
    s = good(LLDB, WORDS("-l", "f", "--log-channels=gdb-remote packets", "-a", "5", ":0"));
    ck_assert_str_eq(s.log, "f");
    ck_assert_int_eq(s.pid, 5);
}
END_TEST

START_TEST(takes_the_program_behind_two_dashes)
{
    struct program_settings s = good(LLDB, WORDS("--fd=3", "--", "./prog", "--fd=4"));

    ck_assert_int_eq(s.fd, 3);
    ck_assert_int_eq(s.program_count, 2);
    ck_assert_str_eq(s.program[0], "./prog");
    s = good(LLDB, WORDS(":1", "-S", "--", "./prog"));
    ck_assert(s.set_sid);
    ck_assert_str_eq(s.program[0], "./prog");
}
END_TEST

START_TEST(refuses_numbers_that_are_none)
{
    bad(LLDB, WORDS("--fd=x"), "--fd x", "number");
    bad(LLDB, WORDS("--fd=-1"), "--fd -1", "number");
    bad(LLDB, WORDS("--fd=99999999999"), "--fd", "number");
    bad(LLDB, WORDS("--attach=0"), "--attach 0", "process id");
    bad(LLDB, WORDS("--attach=-12"), "--attach -12", "process id");
    bad(LLDB, WORDS("--pipe"), "--pipe", "--pipe N");
}
END_TEST

/* ---- gdbserver's other options ---- */

START_TEST(starts_through_a_shell_unless_told_not_to)
{
    ck_assert(good(GDB, WORDS(":0", "x")).shell);
    ck_assert(!good(GDB, WORDS("--no-startup-with-shell", ":0", "x")).shell);
    ck_assert(!good(LLDB, WORDS(":0")).shell);
}
END_TEST

START_TEST(takes_a_wrapper_up_to_its_dashes)
{
    struct program_settings s =
        good(GDB, WORDS("--wrapper", "env", "A=-1", "--", ":0", "x", "--"));

    ck_assert_str_eq(s.wrapper[0], "env");
    ck_assert_str_eq(s.wrapper[1], "A=-1");
    ck_assert_ptr_null(s.wrapper[2]);
    ck_assert_str_eq(s.comm, ":0");
    ck_assert_int_eq(s.program_count, 2);
    bad(GDB, WORDS("--wrapper", "env", ":0", "x"), "--wrapper env", "write -- behind");
    bad(GDB, WORDS("--wrapper", "--", ":0", "x"), "--wrapper --", "write -- behind");
    bad(GDB, WORDS("--wrapper=env", "--", ":0", "x"), "--wrapper env", "without a = sign");
}
END_TEST

START_TEST(takes_lists_of_packets_not_to_know)
{
    struct program_settings s = good(GDB, WORDS("--disable-packet=vCont,Tthread", ":0", "x"));

    ck_assert_str_eq(s.without[0], "vCont");
    ck_assert_str_eq(s.without[1], "vCont?");
    ck_assert_ptr_null(s.without[2]);
    ck_assert_uint_eq(s.stop_forms, STUB_NO_STOP_THREAD);
    s = good(GDB, WORDS("--disable-packet=threads", ":0", "x"));
    ck_assert_uint_eq(s.without_count, 4);
    s = good(GDB, WORDS("--disable-packet=T", ":0", "x"));
    ck_assert_uint_eq(s.without_count, 0);
    ck_assert_uint_eq(s.stop_forms, STUB_ONLY_S);
}
END_TEST

START_TEST(an_argument_in_brackets_may_be_left_out)
{
    ck_assert_str_eq(good(GDB, WORDS("--debug", ":0", "x")).comm, ":0");
    ck_assert(good(GDB, WORDS("--debug=threads,remote", ":0", "x")).debug);
    ck_assert(good(GDB, WORDS("--debug=all,-threads", ":0", "x")).debug);
    ck_assert(!good(GDB, WORDS("--debug=-threads", ":0", "x")).debug);
    bad(GDB, WORDS("--debug=thread", ":0", "x"), "--debug thread", "say all");
    ck_assert_str_eq(good(GDB, WORDS("--debug-format=none", ":0", "x")).log_format, "none");
    bad(GDB, WORDS("--debug-format=some", ":0", "x"), "--debug-format some", "say all");
}
END_TEST

START_TEST(a_process_is_named_by_id_or_name)
{
    struct program_settings s = good(LLDB, WORDS("--attach=12x", ":0"));

    ck_assert_str_eq(s.attach_name, "12x");
    ck_assert_ptr_null(good(LLDB, WORDS("--attach=12", ":0")).attach_name);
    ck_assert_str_eq(good(GDB, WORDS("--wait-for", "x", ":0")).attach_name, "x");
    ck_assert(good(GDB, WORDS("--wait-for", "x", ":0")).wait_for);
}
END_TEST

START_TEST(reads_a_platform)
{
    struct program_settings s = good(
        PLATFORM, WORDS("--server", "--listen", "127.0.0.1:0", "--socket-file", "f", "-m", "5000",
                        "--max-gdbserver-port=5010", "--no-shell", "--", "prog", "-x"));

    ck_assert(s.server && s.no_shell);
    ck_assert_str_eq(s.comm, "127.0.0.1:0");
    ck_assert_str_eq(s.port_file, "f");
    ck_assert_uint_eq(s.first_port, 5000);
    ck_assert_uint_eq(s.end_port, 5010);
    ck_assert_int_eq(s.program_count, 2);
    s = good(PLATFORM, WORDS("-L", "unix:///s", "-P", "77"));
    ck_assert_uint_eq(s.first_port, 77);
    ck_assert_uint_eq(s.end_port, 78);
    bad(PLATFORM, WORDS("--gdbserver-port", "0"), "--gdbserver-port 0", "give a port");
}
END_TEST

Suite *
options_suite(void)
{
    Suite *suite = suite_create("options");
    TCase *gdb = tcase_create("gdbserver"), *lldb = tcase_create("lldb-server");

    suite_add_tcase(suite, gdb);
    tcase_add_test(gdb, reads_options_line_and_program);
    tcase_add_test(gdb, takes_attach_before_and_behind_the_line);
    tcase_add_test(gdb, a_dash_is_a_line_and_no_option);
    tcase_add_test(gdb, takes_arguments_behind_a_blank_or_an_equals_sign);
    tcase_add_test(gdb, reads_the_policies);
    tcase_add_test(gdb, starts_through_a_shell_unless_told_not_to);
    tcase_add_test(gdb, takes_a_wrapper_up_to_its_dashes);
    tcase_add_test(gdb, takes_lists_of_packets_not_to_know);
    tcase_add_test(gdb, an_argument_in_brackets_may_be_left_out);
    tcase_add_test(gdb, a_process_is_named_by_id_or_name);
    tcase_add_test(gdb, refuses_with_cause_and_remedy);
    suite_add_tcase(suite, lldb);
    tcase_add_test(lldb, reads_how_lldb_starts_a_server);
    tcase_add_test(lldb, takes_the_program_behind_two_dashes);
    tcase_add_test(lldb, refuses_numbers_that_are_none);
    tcase_add_test(lldb, reads_a_platform);
    return suite;
}
