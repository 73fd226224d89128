/* SPDX-License-Identifier: MIT */
/* A system call of the test's own, patched as libc's are; see probe.S. */
#ifndef TESTS_PATCH_PROBE_H
#define TESTS_PATCH_PROBE_H

#include <stdbool.h>
#include <string.h>
#include "base/mem.h"
#include "patch/code.h"
#include "patch/cpu.h"
#include "patch/frames.h"
#include "t.h"

struct registers {
	uint64_t general[32];
	uint64_t vector[64];
	uint64_t flags;
};

/* Where its arguments and its result are among the general ones. */
#if defined(__aarch64__)
#define FIRST 0
#define SECOND 1
#define RESULT 0
#define GENERAL 31
#define VECTOR 64
#define FLAGS 0xf0000000u
#else /* rbx, rdx, rsi, rdi, rbp, r8, r9, r10, r12 to r15, rax */
#define FIRST 3
#define SECOND 2
#define RESULT 12
#define GENERAL 12
#define VECTOR 0
#define FLAGS 0
#endif

void probe(const struct registers *before, struct registers *after);

static struct gev__sites probe_sites;
static struct gev__site *probe_site;

static inline int take_program(const struct gev__object *o, void *arg)
{
	if (!gev__object_has_text(o, (uintptr_t)probe))
		return 0;
	*(struct gev__object *)arg = *o;
	return 1;
}

static inline struct gev__site *find_probe(void)
{
	struct gev__object o = { .text = 0 };
	uintptr_t at = (uintptr_t)probe;

	t_eq(gev__objects_each(take_program, &o), 1);
	t_eq(gev__sites_find(&probe_sites, &o), 0);
	for (size_t i = 0; i < probe_sites.n; i++)
		if (probe_sites.site[i].at > at &&
			probe_sites.site[i].at < at + 512)
			return &probe_sites.site[i];
	return NULL;
}

/* Has it go through a stub; whether dispatch knows of calls is up to others. */
static inline bool patch_probe(void)
{
	uint8_t stub[GEV__PAGE] = { 0 };
	struct gev__site *s = find_probe();
	const char *way;
	void *at;

	if (!t_ok(s && !s->refused) ||
		!t_eq(gev__code_room(&probe_sites.object, GEV__PAGE, &at), 0))
		return false;
	probe_site = s;
	memcpy(s->original, (void *)s->window, sizeof(s->original));
	gev__cpu_stub(stub, s, (uintptr_t)at);
	s->stub = at;
	gev__frames_add(&probe_sites);
	return t_eq(gev__code_make(at, stub, GEV__PAGE), 0) &&
	       t_eq(gev__code_patch(&probe_sites, &way), 0) &&
	       t_ok(s->patched);
}

#endif
