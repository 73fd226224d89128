/* SPDX-License-Identifier: MIT */
/*
 * Memory straight from the kernel.
 *
 * gev__map() is mmap.  gev__alloc() cuts small blocks out of mapped slabs, in
 * classes of powers of two and one and a half times that, behind one lock: any
 * thread may use it.  Nothing on the way of a park or a wake allocates.
 */
#ifndef GEV_BASE_MEM_H
#define GEV_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

#define GEV__PAGE 4096u

/* Zeroed pages, or NULL.  @size is rounded up to pages by the kernel. */
void *gev__map(size_t size);
/* Address space that is not counted against memory until it is touched. */
void *gev__map_sparse(size_t size);
void gev__unmap(void *p, size_t size);
/* Grows a mapping, which may move; NULL leaves it as it was. */
void *gev__remap(void *p, size_t old_size, size_t new_size);

/* Zeroed memory, 16-byte aligned, or NULL. */
void *gev__alloc(size_t size);
/* @size as it was allocated with.  NULL is ignored. */
void gev__free(void *p, size_t size);
/* In the child of a fork: another thread of the parent may have held the lock. */
void gev__mem_forked(void);

/* What libc would call memcpy, memset, strlen and strncpy. */
void gev__copy(void *to, const void *from, size_t size);
void gev__zero(void *p, size_t size);
size_t gev__strlen(const char *s);
/* Cuts at @size - 1 bytes and always ends with a NUL. */
void gev__strcut(char *to, const char *from, size_t size);

#endif
