/* SPDX-License-Identifier: MIT */
/*
 * A stack of a language's own, amid its heap: what lies below the stack pointer
 * is not to be touched, as long as there is no signal for the program.
 */
#include <signal.h>
#include <sys/auxv.h>
#include <ucontext.h>
#include "program.h"

#define HEAP 16384
#define STACK 16384
#define LEFT 768 /* of the stack, less than a signal's frame takes */
#define PATTERN 0x5a

static _Alignas(64) struct {
	char heap[HEAP];
	char stack[STACK];
} area;

static ucontext_t thread, language;
static volatile int deep, over;

/* Makes no calls. */
static __attribute__((noinline)) void compute(void)
{
	deep = 1;
	while (!over)
		;
}

static void run(void)
{
	volatile char used[STACK - LEFT];

	used[0] = PATTERN;
	compute();
	used[1] = used[0];
}

static void *speak(void *unused)
{
	(void)unused;
	getcontext(&language);
	language.uc_stack.ss_sp = area.stack;
	language.uc_stack.ss_size = STACK;
	language.uc_link = &thread;
	makecontext(&language, run, 0);
	swapcontext(&thread, &language);
	return NULL;
}

static bool intact(void)
{
	for (size_t i = 0; i < HEAP; i++)
		if (area.heap[i] != PATTERN)
			return false;
	return true;
}

static void interrupted(void)
{
	pthread_t t = begin(speak, NULL);

	await(&deep);
	pause_ms(20);
	over = 1;
	finish(t);
}

static void handle(int signum)
{
	(void)signum;
}

/* On little more than the kernel asks for. */
static void *signalled(void *unused)
{
	const stack_t stack = { .ss_sp = area.stack,
		.ss_size = getauxval(AT_MINSIGSTKSZ) + 512 };
	const struct sigaction a = { .sa_handler = handle,
		.sa_flags = SA_ONSTACK };

	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &a, NULL);
	raise(SIGUSR1);
	return unused;
}

int main(void)
{
	memset(area.heap, PATTERN, HEAP);
	interrupted();
	say(intact(), "what lies below a stack stays as it was");
	finish(begin(signalled, NULL));
	say(intact(), "below one for signals too");
	return 0;
}
