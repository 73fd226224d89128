/* SPDX-License-Identifier: MIT */
/*
 * clock_gettime without libc: the vDSO is an ELF image that the kernel maps
 * into every process and names in the auxiliary vector.  Where it can't be
 * found the system call serves.
 */
#include "base/clock.h"
#include "base/sys.h"
#include <elf.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#ifndef PR_GET_AUXV
#define PR_GET_AUXV 0x41555856 /* Linux 6.4 */
#endif

#if defined(__aarch64__)
#define VDSO_NAME "__kernel_clock_gettime"
#else
#define VDSO_NAME "__vdso_clock_gettime"
#endif

typedef int clock_fn(clockid_t id, struct timespec *ts);

#if __SIZEOF_POINTER__ == 8
typedef Elf64_auxv_t auxv;
typedef Elf64_Ehdr ehdr;
typedef Elf64_Phdr phdr;
typedef Elf64_Dyn dyn;
typedef Elf64_Sym sym;
#else
typedef Elf32_auxv_t auxv;
typedef Elf32_Ehdr ehdr;
typedef Elf32_Phdr phdr;
typedef Elf32_Dyn dyn;
typedef Elf32_Sym sym;
#endif

struct image {
	const char *base; /* what the addresses in it are relative to */
	const sym *syms;
	const char *names;
	const uint32_t *hash;
	const uint32_t *gnu_hash;
};

static int by_syscall(clockid_t id, struct timespec *ts)
{
	return (int)gev__sys(SYS_clock_gettime, id, ts);
}

/* The file first: valgrind, which hides the vDSO, knows of that only. */
static long read_auxv(auxv *v, long size)
{
	long fd = gev__sys(SYS_openat, AT_FDCWD, "/proc/self/auxv",
		O_RDONLY | O_CLOEXEC);
	long n;

	if (fd >= 0) {
		n = gev__sys(SYS_read, fd, v, size);
		gev__sys(SYS_close, fd);
	} else {
		n = gev__sys(SYS_prctl, PR_GET_AUXV, v, size, 0, 0);
	}
	return n < 0 ? 0 : n < size ? n : size;
}

static const ehdr *find_vdso(void)
{
	auxv v[64];
	long n = read_auxv(v, sizeof(v)) / (long)sizeof(*v);

	for (long i = 0; i < n && v[i].a_type != AT_NULL; i++)
		if (v[i].a_type == AT_SYSINFO_EHDR)
			return (const ehdr *)v[i].a_un.a_val;
	return NULL;
}

static void read_dynamic(struct image *im, const dyn *d)
{
	for (; d->d_tag != DT_NULL; d++) {
		const void *p = im->base + d->d_un.d_ptr;

		if (d->d_tag == DT_SYMTAB)
			im->syms = p;
		else if (d->d_tag == DT_STRTAB)
			im->names = p;
		else if (d->d_tag == DT_HASH)
			im->hash = p;
		else if (d->d_tag == DT_GNU_HASH)
			im->gnu_hash = p;
	}
}

static bool read_image(struct image *im, const ehdr *e)
{
	const phdr *ph = (const phdr *)((const char *)e + e->e_phoff);
	const dyn *d = NULL;

	for (int i = 0; i < e->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && !im->base)
			im->base = (const char *)e + ph[i].p_offset -
				   ph[i].p_vaddr;
		else if (ph[i].p_type == PT_DYNAMIC)
			d = (const dyn *)((const char *)e + ph[i].p_offset);
	}
	if (!im->base || !d)
		return false;
	read_dynamic(im, d);
	return im->syms && im->names && (im->hash || im->gnu_hash);
}

/* How many symbols there are: a GNU hash table only tells by its last chain. */
static uint32_t count_symbols(const struct image *im)
{
	const uint32_t *h = im->gnu_hash;
	const uint32_t *buckets, *chain;
	uint32_t last = 0;

	if (im->hash)
		return im->hash[1];
	buckets = h + 4 + h[2] * (sizeof(void *) / 4);
	chain = buckets + h[0];
	for (uint32_t i = 0; i < h[0]; i++)
		if (buckets[i] > last)
			last = buckets[i];
	if (last == 0)
		return 0;
	while (!(chain[last - h[1]] & 1))
		last++;
	return last + 1;
}

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static clock_fn *find_clock(void)
{
	struct image im = { 0 };
	const ehdr *e = find_vdso();
	uint32_t n;

	if (!e || !read_image(&im, e))
		return by_syscall;
	n = count_symbols(&im);
	for (uint32_t i = 0; i < n; i++)
		if (im.syms[i].st_shndx != SHN_UNDEF &&
			same(im.names + im.syms[i].st_name, VDSO_NAME))
			return (clock_fn *)(im.base + im.syms[i].st_value);
	return by_syscall;
}

gev_time gev__clock(void)
{
	static _Atomic(clock_fn *) clock;
	clock_fn *fn = atomic_load_explicit(&clock, memory_order_relaxed);
	struct timespec ts;

	if (!fn) {
		fn = find_clock();
		atomic_store_explicit(&clock, fn, memory_order_relaxed);
	}
	fn(CLOCK_MONOTONIC, &ts);
	return (gev_time)ts.tv_sec * 1000000000 + ts.tv_nsec;
}
