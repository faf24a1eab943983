/* test_memory.c - how the board's memory is touched, and where breakpoints go. */
#include "tests/board/machine.h"
#include "tests/suites_hosted.h"

static void
ck_touches(unsigned from, const struct touch *want, unsigned count)
{
    ck_assert_uint_eq(machine.touch_count, from + count);
    for (unsigned i = 0; i < count; i++) {
        ck_assert_uint_eq(machine.touches[from + i].address, want[i].address);
        ck_assert_uint_eq(machine.touches[from + i].width, want[i].width);
        ck_assert_int_eq(machine.touches[from + i].store, want[i].store);
    }
}

START_TEST(devices_are_read_by_their_widest_aligned_units)
{
    static const struct touch want[] = {
        { DEVICE + 1, 1, false }, { DEVICE + 2, 2, false },  { DEVICE + 4, 4, false },
        { DEVICE + 8, 4, false }, { DEVICE + 12, 1, false },
    };
    uint8_t bytes[12];
    size_t n;

    ck_assert(stub_board_read(board, DEVICE + 1, bytes, 12, &n));
    ck_assert_uint_eq(n, 12);
    ck_touches(0, want, 5);
}
END_TEST

START_TEST(devices_are_written_once_and_never_tried)
{
    static const struct touch want[] = { { DEVICE + 4, 4, true }, { DEVICE + 8, 4, true } };
    uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

    ck_assert_int_eq(stub_board_write(board, DEVICE + 4, bytes, 8), 0);
    ck_touches(0, want, 2);
    ck_assert_mem_eq(machine.device + 4, bytes, 8);
}
END_TEST

START_TEST(ram_is_read_up_to_the_fault)
{
    uint8_t bytes[64];
    size_t n;

    ck_assert(stub_board_read(board, RAM + RAM_SIZE - 24, bytes, 64, &n));
    ck_assert_uint_eq(n, 24);
    ck_assert(!stub_board_read(board, RAM + RAM_SIZE, bytes, 64, &n));
    ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(what_the_map_lacks_is_never_touched)
{
    uint8_t bytes[16] = { 0 };
    size_t n;

    ck_assert(!stub_board_read(board, 0x5000, bytes, 16, &n));
    ck_assert(!stub_board_read(board, UINT64_MAX - 15, bytes, 16, &n));
    ck_assert_int_eq(stub_board_write(board, 0x5000, bytes, 16), -STUB_EFAULT);
    ck_assert_uint_eq(machine.touch_count, 0);
    ck_assert(stub_board_read(board, ROM + ROM_SIZE - 8, bytes, 16, &n));
    ck_assert_uint_eq(n, 8);
}
END_TEST

START_TEST(a_write_that_would_not_go_through_changes_nothing)
{
    uint8_t bytes[64];

    memset(bytes, 0xaa, sizeof(bytes));
    ck_assert_int_eq(stub_board_write(board, RAM + RAM_SIZE - 32, bytes, 64), -STUB_EFAULT);
    for (unsigned i = 0; i < 32; i++)
        ck_assert_uint_eq(machine.ram[RAM_SIZE - 32 + i], 0);
    ck_assert_int_eq(stub_board_write(board, ROM, bytes, 8), -STUB_EACCES);
    ck_assert_int_eq(stub_board_write(board, RAM + 3, bytes, 61), 0);
    ck_assert_uint_eq(machine.ram[2], 0);
    ck_assert_uint_eq(machine.ram[3], 0xaa);
    ck_assert_uint_eq(machine.ram[63], 0xaa);
    ck_assert_uint_eq(machine.ram[64], 0);
}
END_TEST

START_TEST(gaps_of_the_map_are_regions)
{
    struct stub_region region;

    ck_assert_int_eq(stub_board_region(board, 0x5000, &region), 0);
    ck_assert(!region.mapped);
    ck_assert_uint_eq(region.start, RAM + RAM_SIZE + 0x1000);
    ck_assert_uint_eq(region.start + region.size, ROM);
    ck_assert_int_eq(stub_board_region(board, 0xffff000000000000, &region), 0);
    ck_assert_uint_eq(region.start, FLASH + FLASH_SIZE);
    ck_assert_uint_eq(region.size, 0);
    ck_assert_int_eq(stub_board_region(board, 0, &region), 0);
    ck_assert_uint_eq(region.start, 0);
    ck_assert_uint_eq(region.size, RAM);
}
END_TEST

/* ---- breakpoints ---- */

START_TEST(breakpoints_are_in_memory_only_while_the_firmware_runs)
{
    struct stub_point point = { .type = STUB_POINT_SOFTWARE, .address = RAM + 0x200, .kind = 4 };

    memset(machine.ram + 0x200, 0x11, 4);
    ck_assert_int_eq(stub_board_insert(board, &point), 0);
    ck_assert_int_eq(stub_board_insert(board, &point), 0);
    ck_assert_uint_eq(machine.ram[0x200], 0x11);
    stub_board_plant(board);
    ck_assert_mem_eq(machine.ram + 0x200, arch_aarch64.breakpoint, 4);
    stub_board_lift(board);
    ck_assert_uint_eq(machine.ram[0x200], 0x11);
    ck_assert_int_eq(stub_board_remove(board, &point), 0);
    ck_assert_int_eq(stub_board_remove(board, &point), -STUB_ENOENT);
}
END_TEST

START_TEST(what_the_firmware_writes_over_a_breakpoint_stays)
{
    struct stub_point point = { .type = STUB_POINT_SOFTWARE, .address = RAM + 0x200, .kind = 4 };

    ck_assert_int_eq(stub_board_insert(board, &point), 0);
    stub_board_plant(board);
    memset(machine.ram + 0x200, 0x77, 4);
    stub_board_lift(board);
    ck_assert_uint_eq(machine.ram[0x200], 0x77);
}
END_TEST

START_TEST(a_breakpoint_in_rom_takes_a_slot_of_the_cpu)
{
    struct stub_point point = { .type = STUB_POINT_SOFTWARE, .address = ROM + 0x10, .kind = 4 };

    ck_assert_int_eq(stub_board_insert(board, &point), 0);
    ck_assert(board->breaks[0].used && board->breaks[0].soft);
    ck_assert(stub_board_point_at(board, ROM + 0x10));
    point.address = RAM + RAM_SIZE + 0x10; /* RAM on paper */
    ck_assert_int_eq(stub_board_insert(board, &point), 0);
    point.address = ROM + 0x20;
    ck_assert_int_eq(stub_board_insert(board, &point), -STUB_ENOSPC);
    ck_assert_ptr_nonnull(board->why);
    point.address = ROM + 0x10;
    ck_assert_int_eq(stub_board_remove(board, &point), 0);
    ck_assert(!stub_board_point_at(board, ROM + 0x10));
    point.address = RAM + 2;
    ck_assert_int_eq(stub_board_insert(board, &point), -STUB_EINVAL);
}
END_TEST

START_TEST(of_many_breakpoints_the_one_too_many_is_refused)
{
    struct stub_point point = { .type = STUB_POINT_SOFTWARE, .address = RAM, .kind = 4 };

    for (unsigned i = 0; i < SOFT_POINTS; i++, point.address += 4)
        ck_assert_int_eq(stub_board_insert(board, &point), 0);
    ck_assert_int_eq(stub_board_insert(board, &point), -STUB_ENOSPC);
    stub_board_forget_points(board);
    ck_assert_int_eq(stub_board_insert(board, &point), 0);
}
END_TEST

START_TEST(the_nearest_watchpoint_is_the_one_that_was_hit)
{
    struct stub_point point = { .type = STUB_POINT_WRITE, .address = RAM + 0x40, .kind = 8 };

    ck_assert_int_eq(stub_board_insert(board, &point), 0);
    point.address = RAM + 0x80;
    ck_assert_int_eq(stub_board_insert(board, &point), 0);
    ck_assert_ptr_eq(stub_board_watch_at(board, RAM + 0x44), &board->watches[0]);
    ck_assert_ptr_eq(stub_board_watch_at(board, RAM + 0x7c), &board->watches[1]);
    point.kind = 3;
    ck_assert_int_eq(stub_board_insert(board, &point), -STUB_EINVAL);
}
END_TEST

Suite *
board_memory_suite(void)
{
    Suite *s = suite_create("board_memory");
    TCase *tc = tcase_create("board_memory");

    tcase_add_checked_fixture(tc, set_up_board, NULL);
    tcase_add_test(tc, devices_are_read_by_their_widest_aligned_units);
    tcase_add_test(tc, devices_are_written_once_and_never_tried);
    tcase_add_test(tc, ram_is_read_up_to_the_fault);
    tcase_add_test(tc, what_the_map_lacks_is_never_touched);
    tcase_add_test(tc, a_write_that_would_not_go_through_changes_nothing);
    tcase_add_test(tc, gaps_of_the_map_are_regions);
    tcase_add_test(tc, breakpoints_are_in_memory_only_while_the_firmware_runs);
    tcase_add_test(tc, what_the_firmware_writes_over_a_breakpoint_stays);
    tcase_add_test(tc, a_breakpoint_in_rom_takes_a_slot_of_the_cpu);
    tcase_add_test(tc, of_many_breakpoints_the_one_too_many_is_refused);
    tcase_add_test(tc, the_nearest_watchpoint_is_the_one_that_was_hit);
    suite_add_tcase(s, tc);
    return s;
}
