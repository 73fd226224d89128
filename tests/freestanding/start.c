/* SPDX-License-Identifier: MIT */
#include "start.h"
#include "base/host.h"
#include "base/mem.h"
#include "base/sys.h"
#include <elf.h>
#include <stdint.h>

#define TLS_ROOM 4096

extern const Elf64_Ehdr __ehdr_start;

_Noreturn void start(void);

static const Elf64_Phdr *find_tls(void)
{
	const char *image = (const char *)&__ehdr_start;
	const Elf64_Phdr *ph;

	ph = (const Elf64_Phdr *)(image + __ehdr_start.e_phoff);
	for (int i = 0; i < __ehdr_start.e_phnum; i++)
		if (ph[i].p_type == PT_TLS)
			return &ph[i];
	return NULL;
}

#if defined(__x86_64__)

#include <asm/prctl.h>

__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	and $-16, %rsp\n"
	"	call start\n");

/* Variables lie below the thread pointer, which points to itself. */
static void set_tls(char *room, const Elf64_Phdr *tls)
{
	uint64_t size = (tls->p_memsz + tls->p_align - 1) & -tls->p_align;
	char *pointer = room + TLS_ROOM / 2;

	*(void **)pointer = pointer;
	gev__copy(pointer - size, (const void *)tls->p_vaddr, tls->p_filesz);
	gev__sys(SYS_arch_prctl, ARCH_SET_FS, pointer);
}

#elif defined(__aarch64__)

__asm__(".globl _start\n"
	"_start:\n"
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	b start\n");

/* Variables lie above the thread pointer and two words of the system's. */
static void set_tls(char *room, const Elf64_Phdr *tls)
{
	uint64_t offset = (16 + tls->p_align - 1) & -tls->p_align;

	gev__copy(room + offset, (const void *)tls->p_vaddr, tls->p_filesz);
	__asm__ volatile("msr tpidr_el0, %0" : : "r"(room));
}

#endif

void start(void)
{
	static char room[TLS_ROOM] __attribute__((aligned(64)));
	const Elf64_Phdr *tls = find_tls();

	if (tls)
		set_tls(room, tls);
	gev__host_exit(freestanding_main());
}
