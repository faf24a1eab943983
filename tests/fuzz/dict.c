/* dict.c - prints a libFuzzer dictionary: the name of every row, and the words that packets are
 * made of. Linked with the engine: a new packet is in it without a line here. */
#include <stdio.h>

#include "stub/engine.h"

int
main(void)
{
    static const char *const words[] = {
        "target.xml",
        ":0,1000",
        ";thread:10;",
        "p10.11",
        "-1",
        ":ranges:",
        "1000,4",
        "2000,4:",
        "4ffe,ffff",
        "0,1000,1",
        ";c:",
        ";s:10",
        ";r1000,10:",
        "\\x03",
        "}]",
        "qSupported",
        "{\\\"breakpoint_requests\\\":[",
        "\\\"Z0,1000,1\\\"",
        "ffffffffffffffff",
        "2f62696e2f66616b65",
        "6563686f2061",
    };

    for (unsigned i = 0; stub_all_packets[i] != NULL; i++)
        for (unsigned j = 0; j < stub_all_packets[i]->count; j++)
            printf("\"%s\"\n", stub_all_packets[i]->rows[j].name);
    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        printf("\"%s\"\n", words[i]);
    return 0;
}
