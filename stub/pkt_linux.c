/* pkt_linux.c - no packets: the signals of a target whose numbers are Linux's, for clients that
 * count otherwise and for users who read; reasons to stop that only its processes have. */
#include "stub/engine.h"

static int
signal_between(const struct engine *s, int number, bool to_client)
{
    if (!s->target->linux_signals || (s->client & CLIENT_NATIVE_SIGNALS) != 0)
        return number;
    return to_client ? rsp_signal_from_linux(number) : rsp_signal_to_linux(number);
}

/* What is known of a fault beyond its signal. */
static void
put_cause(struct rsp_out *out, const struct stub_event *event)
{
    const char *cause = rsp_signal_cause(event->signal, event->status);

    if (cause == NULL)
        return;
    rsp_put_text(out, ": ");
    rsp_put_text(out, cause);
    if (rsp_signal_has_address(event->signal)) {
        rsp_put_text(out, " (fault address=0x");
        rsp_put_hex(out, event->address);
        rsp_put(out, ')');
    }
}

static void
put_signal(struct rsp_out *out, const struct stub_event *event)
{
    rsp_put_text(out, "signal ");
    rsp_put_text(out, rsp_signal_name(event->signal));
    put_cause(out, event);
}

static const struct stub_hook hooks[] = {
    HOOKED(put_stop, stub_put_full_stop),
    HOOKED(signal, signal_between),
    HOOKED(put_signal, put_signal),
    HOOKED(put_library, stub_put_library),
    HOOKED(system_reason, stub_system_reason),
    HOOKED(put_value, stub_put_system_value),
    HOOKED(describe, stub_describe_system),
    HOOKED(put_gone, stub_put_gone),
};
const struct stub_family stub_linux_packets = FAMILY_OF_HOOKS(hooks);
