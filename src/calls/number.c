/* SPDX-License-Identifier: MIT */
#include "calls/number.h"
#include "base/mem.h"
#include <stddef.h>

#define SHIFT 10
#define CHUNK (1 << SHIFT)

static _Atomic(struct gev__number *) chunks[GEV__FD_MAX / CHUNK];

/* Another thread may do the same: the first one wins. */
static struct gev__number *make(int chunk)
{
	size_t size = CHUNK * sizeof(struct gev__number);
	struct gev__number *made = gev__map(size);
	struct gev__number *there = NULL;

	if (!made)
		return NULL;
	for (int i = 0; i < CHUNK; i++)
		atomic_init(&made[i].generation, 1);
	if (atomic_compare_exchange_strong(&chunks[chunk], &there, made))
		return made;
	gev__unmap(made, size);
	return there;
}

struct gev__number *gev__number(int fd)
{
	struct gev__number *chunk = atomic_load_explicit(&chunks[fd >> SHIFT],
		memory_order_acquire);

	if (__builtin_expect(!chunk, 0))
		chunk = make(fd >> SHIFT);
	return chunk ? &chunk[fd & (CHUNK - 1)] : NULL;
}

int gev__number_in_use(int fd)
{
	while (fd < GEV__FD_MAX) {
		struct gev__number *chunk = chunks[fd >> SHIFT];

		if (!chunk)
			fd = (fd | (CHUNK - 1)) + 1;
		else if (chunk[fd & (CHUNK - 1)].user)
			return fd;
		else
			fd++;
	}
	return GEV__FD_MAX;
}
