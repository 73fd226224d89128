/* SPDX-License-Identifier: MIT */
#include "calls/generation.h"
#include "base/mem.h"
#include <stddef.h>

#define SHIFT 10
#define CHUNK (1 << SHIFT)

static _Atomic(struct gev__generation *) chunks[GEV__FD_MAX / CHUNK];

/* Another thread may do the same: the first one wins. */
static struct gev__generation *make(int chunk)
{
	size_t size = CHUNK * sizeof(struct gev__generation);
	struct gev__generation *made = gev__map(size);
	struct gev__generation *there = NULL;

	if (!made)
		return NULL;
	for (int i = 0; i < CHUNK; i++)
		atomic_init(&made[i].count, 1);
	if (atomic_compare_exchange_strong(&chunks[chunk], &there, made))
		return made;
	gev__unmap(made, size);
	return there;
}

struct gev__generation *gev__generation(int fd)
{
	struct gev__generation *chunk = atomic_load_explicit(
		&chunks[fd >> SHIFT], memory_order_acquire);

	if (__builtin_expect(!chunk, 0))
		chunk = make(fd >> SHIFT);
	return chunk ? &chunk[fd & (CHUNK - 1)] : NULL;
}
