/* SPDX-License-Identifier: MIT */
/* Where patching is no use from the start. */
#include "patch/cpu.h"
#include "patch/engine.h"
#include "switch/fiber.h"

/* Valgrind answers this request of its own; to a CPU it is nothing. */
static bool under_valgrind(void)
{
#if defined(__x86_64__)
	const unsigned long request[6] = { 0x1001 };
	unsigned long answer = 0;

	__asm__ volatile("rolq $3, %%rdi; rolq $13, %%rdi\n\t"
			 "rolq $61, %%rdi; rolq $51, %%rdi\n\t"
			 "xchgq %%rbx, %%rbx"
			 : "+d"(answer)
			 : "a"(request)
			 : "cc", "memory");
	return answer != 0;
#else
	return false;
#endif
}

const char *gev__process_refused(void)
{
	if (GEV__ASAN)
		return "AddressSanitizer intercepts libc on its own";
	if (GEV__TSAN)
		return "ThreadSanitizer intercepts libc on its own";
	if (under_valgrind())
		return "valgrind does not look at code again that it has seen";
	return NULL;
}

const char *gev__patch_refused(void)
{
	const char *why = gev__process_refused();

	return why ? why : gev__cpu_missing();
}
