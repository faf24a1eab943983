/* test_json.c - JSON written for lldb's j packets and read from them. */
#include <stdlib.h>
#include <string.h>

#include "rsp/rsp.h"
#include "tests/flush.h"
#include "tests/suites.h"

/* ---- writing ---- */

/* One thread as jThreadsInfo has it. */
static void
write_thread(struct rsp_json *j)
{
    rsp_json_open(j, '[');
    rsp_json_open(j, '{');
    rsp_json_key(j, "tid");
    rsp_json_dec(j, 4660);
    rsp_json_key(j, "name");
    rsp_json_text(j, "a\"b\\c\n#$*}");
    rsp_json_key(j, "registers");
    rsp_json_open(j, '{');
    rsp_json_key(j, "7");
    rsp_json_hex_bytes(j, "\x01\xab", 2);
    rsp_json_close(j, '}');
    rsp_json_key(j, "memory");
    rsp_json_open(j, '[');
    rsp_json_close(j, ']');
    rsp_json_key(j, "main");
    rsp_json_bool(j, true);
    rsp_json_close(j, '}');
    rsp_json_bool(j, false);
    rsp_json_text_n(j, "xyz", 2);
    rsp_json_open(j, '{');
    rsp_json_close(j, '}');
    rsp_json_close(j, ']');
}

static void
expect_written(bool plain, const char *want)
{
    size_t n = strlen(want);
    struct rsp_out out = rsp_out_to(flush_copy(NULL, n), n);
    struct rsp_json j = rsp_json_to(&out);
    j.plain = plain;
    write_thread(&j);
    ck_assert(!out.cut);
    ck_assert_uint_eq(out.len, n);
    ck_assert_mem_eq(out.buf, want, n);
    flush_free(out.buf, n);
}

START_TEST(writes_commas_brackets_and_the_wires_escapes)
{
    expect_written(false, "[{\"tid\":4660,\"name\":\"a\\\"b\\\\c\\u000a}\x03}\x04}\n}]\","
                          "\"registers\":{\"7\":\"01ab\"}],\"memory\":[],\"main\":true}],false,"
                          "\"xy\",{}]]");
}
END_TEST

START_TEST(writes_no_escapes_when_plain)
{
    expect_written(true, "[{\"tid\":4660,\"name\":\"a\\\"b\\\\c\\u000a#$*}\","
                         "\"registers\":{\"7\":\"01ab\"},\"memory\":[],\"main\":true},false,"
                         "\"xy\",{}]");
}
END_TEST

START_TEST(writes_strings_that_any_reader_takes)
{
    static const char want[] = "\"\\u0000\\u001f \\u007f\xc3\xa9\\u00ff\\u00c3z\\u00e2\\u0082\"";
    const uint8_t *text = flush_copy("\0\x1f \x7f\xc3\xa9\xff\xc3z\xe2\x82", 11);
    struct rsp_out out = rsp_out_to(flush_copy(NULL, 100), 100);
    struct rsp_json j = rsp_json_to(&out);
    rsp_json_text_n(&j, (const char *)text, 11);
    ck_assert_uint_eq(out.len, sizeof want - 1);
    ck_assert_mem_eq(out.buf, want, out.len);
}
END_TEST

START_TEST(a_cut_writer_stays_cut)
{
    struct rsp_out out = rsp_out_to(flush_copy(NULL, 30), 30);
    struct rsp_json j = rsp_json_to(&out);
    write_thread(&j);
    ck_assert(out.cut);
    ck_assert_uint_le(out.len, 30);
}
END_TEST

/* ---- reading ---- */

static struct rsp_in
flush_in(const char *text)
{
    return rsp_in_from(flush_copy(text, strlen(text)), strlen(text));
}

static void
expect_value(const char *json, const char *key, const char *want)
{
    struct rsp_in value;
    bool found = rsp_json_get(flush_in(json), key, &value);
    ck_assert_msg(found == (want != NULL), "%s of %s", key, json);
    if (found) {
        ck_assert_msg(rsp_is(&value, want), "%s of %s", key, json);
    }
}

START_TEST(finds_the_value_of_a_key)
{
    static const char json[] = " { \"a\" : 1 , \"bc\":[1,{\"a\":2}] ,\"\":true, \"a\":3,"
                               "\"q\\\"\\u00e9\":\"x}\" ,\"n\":null}";
    expect_value(json, "a", "1");
    expect_value(json, "bc", "[1,{\"a\":2}]");
    expect_value(json, "", "true");
    expect_value(json, "q\"\xc3\xa9", "\"x}\"");
    expect_value(json, "n", "null");
    expect_value(json, "b", NULL);
    expect_value(json, "bcd", NULL);
    expect_value("{}", "a", NULL);
    expect_value("{\"a\":1", "a", NULL);
    expect_value("{\"a\":1]", "a", NULL);
    expect_value("[\"a\",1]", "a", NULL);
    expect_value("", "a", NULL);
}
END_TEST

START_TEST(takes_every_kind_of_value)
{
    static const char *const values[] = {
        "0",
        "-0",
        "12",
        "-1.5",
        "1e9",
        "1.25E-3",
        "2e+7",
        "true",
        "null",
        "false",
        "\"\"",
        "\"\\\"\"",
        "[]",
        "[[],{},[1]]",
        "{\"a\":{\"b\":[]}}",
        "[1, 2 ]",
        "{ \"a\" : 1 , \"b\" : [ ] }",
        "\"\\u0041\\ud83d\\udc1b\\/\\b\\f\\n\\r\\t\"",
        "{ }",
        "[ ]",
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char json[100] = "{\"x\":";
        strcat(json, values[i]);
        strcat(json, ",\"k\":7}");
        expect_value(json, "x", values[i]);
        expect_value(json, "k", "7");
    }
}
END_TEST

START_TEST(refuses_values_that_are_malformed)
{
    static const char *const values[] = {
        "",
        "-",
        "01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "+1",
        "tru",
        "nul",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "{",
        "{1:2}",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "]",
        "}",
        "\"",
        "\"a",
        "\"\\",
        "\"\\x\"",
        "'a'",
        "\"\n\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "{\"a\":1,}",
        "\"\\ud800\\u0041\"",
        "\"\\ud800\\ud800\"",
        "[\"a\":1]",
        "{\"a\",1}",
        "{\"a\":1 \"b\":2}",
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char json[100] = "{\"x\":";
        strcat(json, values[i]);
        strcat(json, ",\"k\":7}");
        expect_value(json, "x", NULL);
        expect_value(json, "k", NULL);
    }
}
END_TEST

/* An array nested n deep under a key, and a key behind it. */
static size_t
nest(char *json, size_t n, char open, char close)
{
    char *p = json;
    memcpy(p, "{\"x\":", 5);
    p += 5;
    for (size_t i = 0; i < n; i++) {
        *p++ = open;
        if (open == '{') {
            memcpy(p, "\"a\":", 4);
            p += 4;
        }
    }
    *p++ = '1';
    memset(p, close, n);
    p += n;
    memcpy(p, ",\"k\":7}", 7);
    return (size_t)(p + 7 - json);
}

START_TEST(bounds_nesting)
{
    static char json[400000];
    struct rsp_in value;
    size_t n = nest(json, RSP_JSON_DEPTH, '[', ']');
    ck_assert(rsp_json_get(rsp_in_from(json, n), "k", &value));
    n = nest(json, RSP_JSON_DEPTH, '{', '}');
    ck_assert(rsp_json_get(rsp_in_from(json, n), "k", &value));
    n = nest(json, RSP_JSON_DEPTH + 1, '[', ']');
    ck_assert(!rsp_json_get(rsp_in_from(json, n), "k", &value));
    n = nest(json, RSP_JSON_DEPTH + 1, '{', '}');
    ck_assert(!rsp_json_get(rsp_in_from(json, n), "k", &value));
    n = nest(json, 60000, '[', ']');
    ck_assert(!rsp_json_get(rsp_in_from(json, n), "k", &value));
}
END_TEST

/* Steps through an array and expects the elements, joined by blanks. */
static void
expect_elements(const char *json, const char *want, bool bad)
{
    char got[200] = "";
    struct rsp_in iter = flush_in(json), value;
    while (rsp_json_next(&iter, &value)) {
        strncat(got, (const char *)value.p, rsp_left(&value));
        strcat(got, " ");
        ck_assert_uint_lt(strlen(got), 150);
    }
    ck_assert_str_eq(got, want);
    ck_assert_msg(iter.bad == bad, "%s", json);
    ck_assert(!rsp_json_next(&iter, &value));
}

START_TEST(steps_through_arrays)
{
    expect_elements("[]", "", false);
    expect_elements(" [ ] ", "", false);
    expect_elements("[1]", "1 ", false);
    expect_elements("[ 1 , \"Z0,4\",[2,3], {\"a\":[4]} ,[] ]", "1 \"Z0,4\" [2,3] {\"a\":[4]} [] ",
                    false);
    expect_elements("[[[1]]]", "[[1]] ", false);
}
END_TEST

START_TEST(stops_stepping_at_what_is_malformed)
{
    expect_elements("", "", true);
    expect_elements("1", "", true);
    expect_elements("{\"a\":1}", "", true);
    expect_elements("[", "", true);
    expect_elements("[1,2", "1 ", true);
    expect_elements("[1[2]]", "", true);
    expect_elements("[1 2]", "", true);
    expect_elements("[,]", "", true);
    expect_elements("[1,,2]", "1 ", true);
    expect_elements("[1,[2],x]", "1 [2] ", true);
}
END_TEST

START_TEST(a_trailing_comma_is_malformed)
{
    expect_elements("[1,]", "1 ", true);
}
END_TEST

START_TEST(reads_whole_numbers)
{
    uint64_t v;
    ck_assert(rsp_json_get_dec(flush_in("18446744073709551615"), &v) && v == UINT64_MAX);
    ck_assert(rsp_json_get_dec(flush_in(" 0 "), &v) && v == 0);
    ck_assert(!rsp_json_get_dec(flush_in("18446744073709551616"), &v));
    ck_assert(!rsp_json_get_dec(flush_in("-1"), &v));
    ck_assert(!rsp_json_get_dec(flush_in("1.0"), &v));
    ck_assert(!rsp_json_get_dec(flush_in("\"1\""), &v));
    ck_assert(!rsp_json_get_dec(flush_in(""), &v));
}
END_TEST

static void
expect_text(const char *value, const char *want, ptrdiff_t n)
{
    size_t cap = n < 0 ? 3 : (size_t)n;
    char *buf = (char *)flush_copy(NULL, cap);
    ck_assert_int_eq(rsp_json_get_text(flush_in(value), buf, cap), n);
    ck_assert(n <= 0 || memcmp(buf, want, cap) == 0);
    flush_free((uint8_t *)buf, cap);
}

START_TEST(reads_text)
{
    expect_text("\"\"", "", 0);
    expect_text(" \"Z0,4\" ", "Z0,4", 4);
    expect_text("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8);
    expect_text("\"\\u0041\\u00e9\\u20AC\\uD83D\\uDC1B\\u0000\"",
                "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x9b\0", 11);
    expect_text("\"\\udbff\\udfff\\uffff\\u0800\\u07ff\\u0080\"",
                "\xf4\x8f\xbf\xbf\xef\xbf\xbf\xe0\xa0\x80\xdf\xbf\xc2\x80", 14);
    expect_text("\"\xff}\"", "\xff}", 2);
}
END_TEST

START_TEST(refuses_text_that_is_none_or_too_long)
{
    expect_text("\"abcd\"", "", -1);
    expect_text("\"ab\\ud83d\\udc1b\"", "", -1);
    expect_text("\"ab", "", -1);
    expect_text("\"ab\"c", "", -1);
    expect_text("12", "", -1);
    expect_text("", "", -1);
    expect_text("\"\\u00\"", "", -1);
}
END_TEST

START_TEST(reads_what_it_wrote)
{
    static const char text[] = "q\"\\/\n\x7f }#*$\xc3\xa9";
    char buf[64];
    uint64_t v;
    struct rsp_in value;
    struct rsp_out out = rsp_out_to(flush_copy(NULL, 200), 200);
    struct rsp_json j = rsp_json_to(&out);
    j.plain = true;
    rsp_json_open(&j, '{');
    rsp_json_key(&j, text);
    rsp_json_text(&j, text);
    rsp_json_key(&j, "v");
    rsp_json_dec(&j, UINT64_MAX);
    rsp_json_close(&j, '}');
    ck_assert(rsp_json_get(rsp_in_from(out.buf, out.len), text, &value));
    ck_assert_int_eq(rsp_json_get_text(value, buf, sizeof buf), sizeof text - 1);
    ck_assert_mem_eq(buf, text, sizeof text - 1);
    ck_assert(rsp_json_get(rsp_in_from(out.buf, out.len), "v", &value));
    ck_assert(rsp_json_get_dec(value, &v) && v == UINT64_MAX);
}
END_TEST

Suite *
json_suite(void)
{
    Suite *suite = suite_create("json");
    TCase *out = tcase_create("writer"), *in = tcase_create("reader");
    suite_add_tcase(suite, out);
    tcase_add_test(out, writes_commas_brackets_and_the_wires_escapes);
    tcase_add_test(out, writes_no_escapes_when_plain);
    tcase_add_test(out, writes_strings_that_any_reader_takes);
    tcase_add_test(out, a_cut_writer_stays_cut);
    suite_add_tcase(suite, in);
    tcase_add_test(in, finds_the_value_of_a_key);
    tcase_add_test(in, takes_every_kind_of_value);
    tcase_add_test(in, refuses_values_that_are_malformed);
    tcase_add_test(in, bounds_nesting);
    tcase_add_test(in, steps_through_arrays);
    tcase_add_test(in, stops_stepping_at_what_is_malformed);
    tcase_add_test(in, a_trailing_comma_is_malformed);
    tcase_add_test(in, reads_whole_numbers);
    tcase_add_test(in, reads_text);
    tcase_add_test(in, refuses_text_that_is_none_or_too_long);
    tcase_add_test(in, reads_what_it_wrote);
    return suite;
}
