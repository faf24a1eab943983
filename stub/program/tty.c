/* tty.c - serial lines: raw mode and speed. */
#define _GNU_SOURCE 1
#include "stub/program/net.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const struct {
    unsigned speed;
    speed_t code;
} speeds[] = {
    { 1200, B1200 },       { 2400, B2400 },       { 4800, B4800 },       { 9600, B9600 },
    { 19200, B19200 },     { 38400, B38400 },     { 57600, B57600 },     { 115200, B115200 },
    { 230400, B230400 },   { 460800, B460800 },   { 500000, B500000 },   { 576000, B576000 },
    { 921600, B921600 },   { 1000000, B1000000 }, { 1152000, B1152000 }, { 1500000, B1500000 },
    { 2000000, B2000000 }, { 2500000, B2500000 }, { 3000000, B3000000 }, { 3500000, B3500000 },
    { 4000000, B4000000 },
};

static bool
speed_code(unsigned speed, speed_t *code)
{
    size_t i;

    for (i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
        if (speeds[i].speed != speed)
            continue;
        *code = speeds[i].code;
        return true;
    }
    return false;
}

bool
program_is_speed(unsigned speed)
{
    speed_t code;

    return speed_code(speed, &code);
}

static bool
make_raw(int fd, unsigned speed)
{
    struct termios t;
    speed_t code;

    if (tcgetattr(fd, &t) != 0)
        return false;
    cfmakeraw(&t);
    t.c_cflag |= CLOCAL | CREAD;
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    if (speed && speed_code(speed, &code)) {
        cfsetispeed(&t, code);
        cfsetospeed(&t, code);
    }
    return tcsetattr(fd, TCSANOW, &t) == 0;
}

/* What to do about an errno of opening a device. */
static const char *
remedy(int error)
{
    switch (error) {
    case ENOENT:
        return "look in /dev for the device's name";
    case EACCES:
        return "join the group that owns it (often dialout)";
    case EBUSY:
        return "end the program that holds it";
    default:
        return "give a terminal device such as /dev/ttyS0";
    }
}

int
program_open_tty(const char *path, unsigned speed)
{
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0 && make_raw(fd, speed))
        return fd;
    warnx("%s: %s; %s", path, strerror(errno), remedy(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}
