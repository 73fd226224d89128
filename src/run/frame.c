/* SPDX-License-Identifier: MIT */
/*
 * Where our handler of SIGSYS goes on.
 *
 * Below the stack pointer of a program there may be what must stay: languages
 * whose stacks lie amid their heaps have all signals come elsewhere.  So ours
 * come on a stack of our own (signal.c).  But that is one for all threads, and
 * who is to wait needs his own.  There the frame is copied, and the handler
 * goes on as if the kernel had put it there.
 */
#include "base/mem.h"
#include "run/signals.h"

#define VECTORS_SIZE 512
#define MAGIC 0x46505853u
#define MAGIC_AT 464
#define ALIGNMENT 64 /* of the vectors */

size_t gev__run_vectors_size(const ucontext_t *uc)
{
	const char *vectors = (const char *)uc->uc_mcontext.fpregs;
	uint32_t magic[2];

	if (!vectors)
		return 0;
	gev__copy(magic, vectors + MAGIC_AT, sizeof(magic));
	return magic[0] == MAGIC ? magic[1] : VECTORS_SIZE;
}

/* Of what begins with where the handler returns to. */
static size_t frame_size(const char *frame, const struct gev__run_frame *f)
{
	const char *vectors = (const char *)f->uc->uc_mcontext.fpregs;

	return vectors ? (size_t)(vectors - frame) +
				 gev__run_vectors_size(f->uc) :
			 (size_t)((const char *)(f->info + 1) - frame);
}

static char *copy_below(uintptr_t sp, const char *frame, size_t size)
{
	uintptr_t to = sp - size;

	to -= (to - (uintptr_t)frame) % ALIGNMENT;
	gev__copy((char *)to, frame, size);
	return (char *)to;
}

void gev__run_go_on_below(uintptr_t sp, const struct gev__run_frame *f,
	gev__run_handle *handle, void *arg)
{
	char *frame = (char *)f->uc - sizeof(long);
	char *copy = copy_below(sp, frame, frame_size(frame, f));
	const long far = copy - frame;
	ucontext_t *uc = (ucontext_t *)((char *)f->uc + far);

	if (uc->uc_mcontext.fpregs)
		uc->uc_mcontext.fpregs =
			(fpregset_t)((char *)uc->uc_mcontext.fpregs + far);
	__asm__ volatile("mov	%0, %%rsp\n"
			 "jmp	*%1"
			 :
			 : "r"(copy), "r"(handle), "D"(uc),
			 "S"((char *)f->info + far), "d"(arg)
			 : "memory");
	__builtin_unreachable();
}
