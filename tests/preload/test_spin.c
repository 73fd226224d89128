/* SPDX-License-Identifier: MIT */
/* Who is taken for spinning. */
#include <sys/mman.h>
#include <unistd.h>
#include "run/spin.h"
#include "t.h"

/* With what is read before and behind it. */
static const uint8_t pause_code[] = { 0, 0, 0xf3, 0x90, 0, 0 };
static const uint8_t code[256];
static struct _libc_fpstate vectors;
static unsigned calls;
static uint64_t serial;

/* A thread of its own, somewhere in code, with registers. */
static mcontext_t thread(const uint8_t *at)
{
	mcontext_t m = { .fpregs = &vectors };

	for (int i = 0; i < REG_RIP; i++)
		m.gregs[i] = 1000 * i;
	m.gregs[REG_RIP] = (greg_t)at;
	serial++;
	return m;
}

static bool spins(const mcontext_t *m)
{
	return gev__run_spins(serial, m, calls);
}

static mcontext_t seen_thread(void)
{
	mcontext_t m = thread(code + 16);

	t_ok(!spins(&m));
	calls++;
	return m;
}

static void at_a_pause(void)
{
	mcontext_t before = thread(pause_code + 2);
	mcontext_t after = thread(pause_code + 4);
	mcontext_t beside = thread(pause_code + 3);

	t_ok(spins(&before));
	t_ok(spins(&after));
	t_ok(!spins(&beside));
}

static void at_the_edge_of_a_page(void)
{
	const size_t page = 4096;
	uint8_t *at = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mcontext_t first, last;

	mprotect(at, page, PROT_NONE);
	mprotect(at + 2 * page, page, PROT_NONE);
	first = thread(at + page);
	last = thread(at + 2 * page - 1);
	t_ok(!spins(&first));
	t_ok(!spins(&last));
	memcpy(at + page, pause_code + 2, 2);
	t_ok(spins(&first));
	munmap(at, 3 * page);
}

static void found_again_as_it_was(void)
{
	mcontext_t m = seen_thread();

	m.gregs[REG_RIP] += 20;
	m.gregs[REG_RAX]++;
	m.gregs[REG_R12] -= 1 << 20;
	t_ok(spins(&m));
}

static void with_other_registers(void)
{
	mcontext_t m = seen_thread();

	for (int i = REG_R8; i <= REG_R12; i++)
		m.gregs[i]++;
	t_ok(!spins(&m));
}

static void with_other_vectors(void)
{
	mcontext_t m = seen_thread();

	vectors._xmm[15].element[3]++;
	t_ok(!spins(&m));
}

static void elsewhere(void)
{
	mcontext_t m = seen_thread();

	m.gregs[REG_RIP] += 100;
	t_ok(!spins(&m));
}

static void another_thread(void)
{
	mcontext_t m = seen_thread();

	serial++;
	t_ok(!spins(&m));
}

static void while_nobody_makes_a_call(void)
{
	mcontext_t m = seen_thread();

	t_ok(spins(&m));
	t_ok(!spins(&m));
	calls++;
	t_ok(spins(&m));
}

int main(void)
{
	T_RUN(at_a_pause);
	T_RUN(at_the_edge_of_a_page);
	T_RUN(found_again_as_it_was);
	T_RUN(with_other_registers);
	T_RUN(with_other_vectors);
	T_RUN(elsewhere);
	T_RUN(another_thread);
	T_RUN(while_nobody_makes_a_call);
	return t_done();
}
