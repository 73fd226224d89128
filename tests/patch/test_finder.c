/* SPDX-License-Identifier: MIT */
/* What is taken for a system call that can be patched, and what is not. */
#include <errno.h>
#include <sys/syscall.h>
#include "patch/code.h"
#include "patch/cpu.h"
#include "patch/fake.h"
#include "t.h"

static struct fake fake;
static struct gev__sites sites;

#define MAKE(...)                                                              \
	make((const uint8_t[]){ __VA_ARGS__ },                                 \
		sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void make(const uint8_t *code, size_t size)
{
	t_ok(fake_make(&fake, code, size));
}

/* How many there are, and why the first one is refused, or "". */
static void finds(size_t n, const char *refused)
{
	t_eq(gev__sites_find(&sites, &fake.object), 0);
	t_eq(sites.n, n);
	if (n && sites.n == n)
		t_str(sites.site[0].refused ? sites.site[0].refused : "",
			refused);
	gev__sites_free(&sites);
	fake_free(&fake);
}

#if defined(__aarch64__)
#define WORD(w) (uint8_t)(w), (uint8_t)((w) >> 8), (uint8_t)((w) >> 16),       \
		(uint8_t)((w) >> 24)
#define READ WORD(0xd28007e8u) /* mov x8, #63 */
#define CALL WORD(0xd4000001u) /* svc #0 */
#define NOP WORD(0xd503201fu)
#define RET WORD(0xd65f03c0u)
#define SIZE 12

static void a_call_after_its_number(void)
{
	MAKE(READ, CALL, RET);
	fake_function(&fake, 0, SIZE);
	t_eq(gev__sites_find(&sites, &fake.object), 0);
	t_eq(sites.n, 1);
	t_eq(sites.site[0].nr, SYS_read);
	t_ok(!sites.site[0].refused);
	gev__sites_free(&sites);
	fake_free(&fake);
}

static void two_numbers(void)
{
	/* b.ne +12; mov x8, #63; b +8; ldr x8, [x0]; svc */
	MAKE(WORD(0x54000061u), READ, WORD(0x14000002u), WORD(0xf9400008u),
		CALL, RET);
	fake_function(&fake, 0, 24);
	t_eq(gev__sites_find(&sites, &fake.object), 0);
	t_eq(sites.n, 1);
	t_eq(sites.site[0].nr, -1);
	gev__sites_free(&sites);
	fake_free(&fake);
	/* mov x8, #63; svc; b -4 */
	MAKE(READ, NOP, CALL, WORD(0x17fffffeu));
	fake_function(&fake, 0, 16);
	t_eq(gev__sites_find(&sites, &fake.object), 0);
	t_eq(sites.site[0].nr, -1);
	gev__sites_free(&sites);
	fake_free(&fake);
}

static void no_number(void)
{
	MAKE(NOP, CALL, RET);
	fake_function(&fake, 0, SIZE);
	finds(1, "nothing before it says which call it is");
	MAKE(READ, RET, CALL);
	fake_function(&fake, 0, SIZE);
	finds(1, "nothing before it says which call it is");
}

static void no_function(void)
{
	MAKE(NOP, RET, READ, CALL, RET);
	fake_function(&fake, 0, 8);
	finds(0, "");
}

static void odd_functions(void)
{
	MAKE(READ, CALL, RET);
	fake_function(&fake, 2, SIZE);
	finds(0, "");
	MAKE(READ, CALL, READ, CALL, RET);
	fake_function(&fake, 0, 16);
	fake_function(&fake, 4, 20);
	finds(2, "");
}
#else
#define READ 0xb8, 0, 0, 0, 0 /* mov $0, %eax */
#define CALL 0x0f, 0x05       /* syscall */
#define NOP 0x90
#define RET 0xc3
#define SIZE 8

static void a_call_after_its_number(void)
{
	MAKE(READ, CALL, RET);
	fake_function(&fake, 0, SIZE);
	t_eq(gev__sites_find(&sites, &fake.object), 0);
	t_eq(sites.n, 1);
	t_eq(sites.site[0].nr, SYS_read);
	t_eq(sites.site[0].window, sites.object.text);
	t_ok(!sites.site[0].refused);
	gev__sites_free(&sites);
	fake_free(&fake);
}

static void jumps_to_it(void)
{
	MAKE(READ, CALL, 0xeb, 0xfc);
	fake_function(&fake, 0, 9);
	finds(1, "is jumped to");
	/* From another function, into the number. */
	MAKE(READ, CALL, RET, 0xe9, 0xf5, 0xff, 0xff, 0xff);
	fake_function(&fake, 0, 8);
	fake_function(&fake, 8, 13);
	finds(1, "is jumped to");
	/* From between functions. */
	MAKE(READ, CALL, RET, 0x74, 0xfb);
	fake_function(&fake, 0, 8);
	finds(1, "is jumped to");
	/* To its beginning: that is a jump to the jump then. */
	MAKE(READ, CALL, 0xeb, 0xf7);
	fake_function(&fake, 0, 9);
	finds(1, "");
}

static void a_jump_table_leads_to_it(void)
{
	int32_t *table, distance;

	/* lea table(%rip), %rdx; mov; syscall; ret */
	MAKE(0x48, 0x8d, 0x15, 0, 0, 0, 0, READ, CALL, RET);
	fake_function(&fake, 0, 15);
	table = (int32_t *)(fake.table + 1);
	table[0] = (int32_t)(fake.code + 12 - (uint8_t *)table);
	distance = (int32_t)((uint8_t *)table - (fake.code + 7));
	memcpy(fake.code + 3, &distance, sizeof(distance));
	finds(1, "is jumped to");
}

static void no_room(void)
{
	/* push; xor %eax, %eax; syscall; ret */
	MAKE(0x50, 0x31, 0xc0, CALL, RET);
	fake_function(&fake, 0, 6);
	finds(1, "no room for a jump");
	/* Several instructions give it. */
	MAKE(0x48, 0x89, 0xfe, 0x31, 0xc0, CALL, RET);
	fake_function(&fake, 0, 8);
	finds(1, "");
	/* Padding nearby gives it. */
	MAKE(0x50, 0x31, 0xc0, CALL, RET, NOP, NOP, NOP, NOP, NOP);
	fake_function(&fake, 0, 6);
	finds(1, "");
	/* Too little, or somebody comes there. */
	MAKE(0x50, 0x31, 0xc0, CALL, RET, NOP, NOP, NOP, NOP);
	fake_function(&fake, 0, 6);
	finds(1, "no room for a jump");
	MAKE(0x50, 0x31, 0xc0, CALL, 0x75, 0x02, RET, NOP, NOP, NOP, NOP, NOP,
		RET);
	fake_function(&fake, 0, 8);
	finds(1, "no room for a jump");
	/* Nops that an unknown function runs. */
	MAKE(0x50, 0x31, 0xc0, CALL, RET, NOP, NOP, NOP, NOP, NOP, RET);
	fake_function(&fake, 0, 6);
	finds(1, "no room for a jump");
}

static void no_function(void)
{
	MAKE(NOP, RET, READ, CALL, RET);
	fake_function(&fake, 0, 2);
	finds(1, "in no known function");
}

static void odd_functions(void)
{
	/* It ends within an instruction. */
	MAKE(READ, CALL, READ);
	fake_function(&fake, 0, 9);
	finds(1, "in a function that can't be decoded");
	/* It begins within one: where signal handlers return to does. */
	MAKE(RET, 0x0f, 0x1f, 0x40, 0x00, 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0,
		CALL, 0x0f, 0x1f, 0x40, 0);
	fake_function(&fake, 0, 1);
	fake_function(&fake, 4, 14);
	finds(1, "behind what can't be decoded");
	/* They overlap. */
	MAKE(READ, CALL, READ, CALL, RET);
	fake_function(&fake, 0, 15);
	fake_function(&fake, 3, 15);
	finds(2, "");
	/* The code ends within a call. */
	MAKE(READ, 0x0f);
	fake_function(&fake, 0, 6);
	finds(0, "");
}
#endif

static void is_unusual(const char *why)
{
	t_eq(gev__sites_find(&sites, &fake.object), -ENOTSUP);
	t_str(sites.why, why);
	t_eq(sites.n, 0);
	t_ok(!sites.site);
	fake_free(&fake);
}

static void start_again(void)
{
	MAKE(READ, CALL, RET);
	fake_function(&fake, 0, SIZE);
}

static void odd_tables(void)
{
	start_again();
	fake.object.frames = NULL;
	is_unusual("no unwind table");
	start_again();
	fake.object.frames = (const uint8_t *)fake.object.base + FAKE_PAGE;
	is_unusual("no unwind table");
	start_again();
	fake.table->version = 2;
	is_unusual("unwind table of an unusual form");
	start_again();
	fake.table->form = 0x1b;
	is_unusual("unwind table of an unusual form");
	start_again();
	fake.table->count = UINT32_MAX;
	is_unusual("unwind table beyond the object");
	start_again();
	fake.object.unusual = "several executable segments";
	is_unusual("several executable segments");
	start_again();
	fake.object.text = fake.object.text_end = 0;
	is_unusual("nothing executable");
}

static void odd_entries(void)
{
	start_again();
	fake.table->entry[0].description = INT32_MIN;
	is_unusual("unwind table with an unusual entry");
	start_again();
	fake.table->entry[0].start++;
	is_unusual("unwind table with an unusual entry");
	start_again();
	fake.table->description[0].size = UINT32_MAX;
	is_unusual("unwind table with an unusual entry");
	start_again();
	fake.table->count = 2;
	is_unusual("unwind table with an unusual entry");
}

/* All that was mapped on the way is gone again. */
static void no_room_within_reach(void)
{
	void *at = NULL;

	start_again();
	fake.object.text_end = fake.object.text + gev__cpu_reach;
	t_eq(gev__code_room(&fake.object, FAKE_PAGE, &at), -ENOMEM);
	t_ok(!at);
	fake_free(&fake);
}

int main(void)
{
	if (gev__cpu_missing()) {
		printf("1..0 # SKIP %s\n", gev__cpu_missing());
		return 0;
	}
	T_RUN(a_call_after_its_number);
#if defined(__aarch64__)
	T_RUN(two_numbers);
	T_RUN(no_number);
#else
	T_RUN(jumps_to_it);
	T_RUN(a_jump_table_leads_to_it);
	T_RUN(no_room);
#endif
	T_RUN(no_function);
	T_RUN(odd_functions);
	T_RUN(odd_tables);
	T_RUN(odd_entries);
	T_RUN(no_room_within_reach);
	return t_done();
}
