/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "base/inject.h"
#include "base/lock.h"
#include "base/sys.h"
#include <stdbool.h>
#include <sys/mman.h>

#define CLASSES 19 /* up to 16 KiB; what is larger is mapped */
#define SLAB_SIZE (64u * 1024)

struct block {
	struct block *next;
};

static struct {
	struct gev__lock lock;
	struct block *free[CLASSES];
	struct {
		char *at;
		size_t left;
	} fresh[CLASSES];  /* slabs, of which no more is touched than is used */
} pool;

/*
 * TSan sees no raw system call: what one thread unmaps another may map.  The
 * mark is nothing else: an unlock that TSan finds at the same address would
 * have it forget who released there meanwhile.
 */
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>

static char handed_over;

static void mapped(void)
{
	__tsan_acquire(&handed_over);
}

static void unmapping(void)
{
	__tsan_release(&handed_over);
}
#else
static void mapped(void)
{
}

static void unmapping(void)
{
}
#endif

static bool failed(const void *p)
{
	return (unsigned long)p > -4096UL;
}

static void *map(size_t size, int flags)
{
	void *p = (void *)gev__sys(SYS_mmap, 0, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	mapped();
	return failed(p) ? NULL : p;
}

void *gev__map(size_t size)
{
	return map(size, 0);
}

void *gev__map_sparse(size_t size)
{
	return map(size, MAP_NORESERVE);
}

void gev__unmap(void *p, size_t size)
{
	unmapping();
	gev__sys(SYS_munmap, p, size);
}

void *gev__remap(void *p, size_t old_size, size_t new_size)
{
	p = (void *)gev__sys(SYS_mremap, p, old_size, new_size, MREMAP_MAYMOVE);
	return failed(p) ? NULL : p;
}

/* 32, 48, 64, 96, 128 ... */
static size_t size_of(unsigned c)
{
	return (c % 2 ? 48ul : 32ul) << (c / 2);
}

static unsigned class_of(size_t size)
{
	unsigned c = 0;

	while (c < CLASSES && size > size_of(c))
		c++;
	return c;
}

/* The lock is held. */
static void *cut(unsigned c)
{
	const size_t size = size_of(c);
	char *p;

	if (pool.fresh[c].left < size) {
		p = gev__map(SLAB_SIZE);
		if (!p)
			return NULL;
		pool.fresh[c].at = p;
		pool.fresh[c].left = SLAB_SIZE;
	}
	p = pool.fresh[c].at;
	pool.fresh[c].at += size;
	pool.fresh[c].left -= size;
	return p;
}

/* The lock is held. */
static void *take(unsigned c)
{
	struct block *b = pool.free[c];

	if (!b)
		return cut(c);
	pool.free[c] = b->next;
	return b;
}

void *gev__alloc(size_t size)
{
	unsigned c = class_of(size);
	void *p;

	if (gev__inject_sys(GEV__INJECT_ALLOC))
		return NULL;
	if (c == CLASSES)
		return gev__map(size);
	gev__lock(&pool.lock);
	p = take(c);
	gev__unlock(&pool.lock);
	if (p)
		gev__zero(p, size);
	return p;
}

void gev__free(void *p, size_t size)
{
	unsigned c = class_of(size);
	struct block *b = p;

	if (!p)
		return;
	if (c == CLASSES) {
		gev__unmap(p, size);
		return;
	}
	gev__lock(&pool.lock);
	b->next = pool.free[c];
	pool.free[c] = b;
	gev__unlock(&pool.lock);
}

void gev__mem_forked(void)
{
	pool.lock = (struct gev__lock){ 0 };
}

/* Eight bytes of anything, wherever they lie. */
typedef uint64_t __attribute__((may_alias, aligned(1))) word;

void gev__copy(void *to, const void *from, size_t size)
{
	const char *s = from;
	char *d = to;

	for (; size >= sizeof(word); size -= sizeof(word)) {
		*(word *)d = *(const word *)s;
		d += sizeof(word);
		s += sizeof(word);
	}
	while (size--)
		*d++ = *s++;
}

void gev__zero(void *p, size_t size)
{
	char *d = p;

	for (; size >= sizeof(word); size -= sizeof(word)) {
		*(word *)d = 0;
		d += sizeof(word);
	}
	while (size--)
		*d++ = 0;
}

size_t gev__strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

void gev__strcut(char *to, const char *from, size_t size)
{
	size_t i = 0;

	for (; i + 1 < size && from[i]; i++)
		to[i] = from[i];
	to[i] = 0;
}
