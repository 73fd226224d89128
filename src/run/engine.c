/* SPDX-License-Identifier: MIT */
#include "run/engine.h"
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/syscall.h>
#include "base/mem.h"
#include "patch/code.h"
#include "patch/cpu.h"
#include "patch/engine.h"
#include "run/hint.h"

#define INT3 0xcc

static struct {
	struct gev__sites libc; /* as the command found them */
	char rest[GEV__HINT_SIZE]; /* of the hint, for when they are wanted */
	const char *way;        /* how code was written */
	size_t used;            /* of the stubs' room */
} e;

static int take_own(const struct gev__object *o, void *text)
{
	if (!gev__object_has_text(o, (uintptr_t)gev__run_enter))
		return 0;
	*(struct gev__object *)text = *o;
	return 1;
}

void gev__run_own_text(uintptr_t *start, uintptr_t *end)
{
	static struct gev__object own;

	if (!own.text)
		gev__objects_each(take_own, &own);
	*start = own.text;
	*end = own.text_end;
}

struct note {
	const struct gev__object *object;
	const uint8_t *id;
	size_t size;
};

/* The build id is the linker's only note of that type. */
static void look_at(struct note *found, const char *at, const char *end)
{
	ElfW(Nhdr) n;

	for (; (size_t)(end - at) > sizeof(n);
		at += sizeof(n) + ((n.n_namesz + 3) & ~3u) +
		      ((n.n_descsz + 3) & ~3u)) {
		memcpy(&n, at, sizeof(n));
		if (n.n_type != NT_GNU_BUILD_ID || n.n_namesz != 4)
			continue;
		found->id = (const uint8_t *)at + sizeof(n) + 4;
		found->size = n.n_descsz;
		return;
	}
}

static int find_id(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct note *found = arg;

	(void)size;
	if (info->dlpi_addr != found->object->base)
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *s = &info->dlpi_phdr[i];
		const char *at = (const char *)info->dlpi_addr + s->p_vaddr;

		if (s->p_type == PT_NOTE && !found->id)
			look_at(found, at, at + s->p_filesz);
	}
	return 1;
}

static bool reachable(const struct gev__site *s, const uint8_t *stub)
{
	uintptr_t at = (uintptr_t)stub;

	return (at > s->at ? at - s->at : s->at - at) < gev__cpu_reach;
}

/* A debugger, which would put back what is not there any more. */
static bool has_breakpoint(const struct gev__site *s)
{
	return *(const uint8_t *)s->window == INT3;
}

/* Its room in the code becomes @to.  Without any it is the dispatch's. */
static void assign(struct gev__site *s, uint8_t *to)
{
	uint8_t *stub = gev__run_stubs + e.used;

	if (stub + GEV__STUB_SIZE > gev__run_stubs_end ||
		!reachable(s, stub) || has_breakpoint(s))
		return;
	memcpy(s->original, (void *)s->window, sizeof(s->original));
	if (s->hop)
		memcpy(s->padding, (void *)s->hop, sizeof(s->padding));
	s->stub = stub;
	gev__run_stub(to, s);
	e.used += GEV__STUB_SIZE;
}

/* From the first on that has none; only the pages they lie in are touched. */
static const char *make_stubs(size_t first)
{
	const size_t page = e.used & -(size_t)GEV__PAGE;
	uint8_t *at = gev__run_stubs + page;
	size_t room = e.used - page + (e.libc.n - first) * GEV__STUB_SIZE;
	uint8_t *draft;
	int r;

	room = (room + GEV__PAGE - 1) & -(size_t)GEV__PAGE;
	if (room > (size_t)(gev__run_stubs_end - at))
		room = (size_t)(gev__run_stubs_end - at);
	draft = gev__map(room);
	if (!draft)
		return "no memory";
	gev__copy(draft, at, room);
	for (size_t i = first; i < e.libc.n; i++)
		assign(&e.libc.site[i], draft + e.used - page);
	r = gev__code_make(at, draft, room);
	gev__unmap(draft, room);
	return r < 0 ? "code can't be written here" : NULL;
}

/* Whoever wrote the hint, what is not a call is not touched. */
static bool are_calls(size_t first)
{
	static const uint8_t call[] = { 0x0f, 0x05 };

	for (size_t i = first; i < e.libc.n; i++)
		if (memcmp((void *)e.libc.site[i].at, call, sizeof(call)))
			return false;
	return true;
}

/* Sites that are new. */
static const char *patch(size_t first)
{
	const char *why = are_calls(first) ? make_stubs(first) :
			  "libc's code is not what gev run looked at";

	if (!why && gev__code_patch(&e.libc, &e.way) < 0)
		why = "code can't be written here";
	return why;
}

const char *gev__run_engine_begin(const char *hint)
{
	struct note note = { .object = &e.libc.object };
	const char *rest = NULL;

	if (gev__object_libc(&e.libc.object) < 0)
		return "no libc.so.6 in this process";
	dl_iterate_phdr(find_id, &note);
	if (hint && note.id)
		rest = gev__hint_begin(hint, &e.libc, note.id, note.size);
	if (!rest || strlen(rest) >= sizeof(e.rest)) {
		gev__sites_free(&e.libc);
		return "not the libc that gev run looked at";
	}
	strcpy(e.rest, rest);
	return patch(0);
}

const char *gev__run_engine_complete(void)
{
	const char *why = gev__process_refused();
	const size_t few = e.libc.n;

	if (!why && !gev__hint_complete(e.rest, &e.libc))
		why = "not the libc that gev run looked at";
	if (!why)
		why = patch(few);
	if (why)
		return why;
	return gev__run_dispatch_on() < 0 ?
		       "the kernel has no Syscall User Dispatch" : NULL;
}

const struct gev__sites *gev__run_engine_sites(void)
{
	return &e.libc;
}

const char *gev__run_engine_way(void)
{
	return e.way ? e.way : "nothing";
}
