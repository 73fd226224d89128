/* SPDX-License-Identifier: MIT */
#include "patch/dynamic.h"
#include "patch/relocation.h"

#define SYMBOL_OF _ElfW(ELF, __ELF_NATIVE_CLASS, R_SYM)
#define TYPE_OF _ElfW(ELF, __ELF_NATIVE_CLASS, R_TYPE)

static const unsigned long types[] = GEV__RELOCATIONS;

static bool holds(const struct gev__object *o, const void *p, size_t size)
{
	uintptr_t at = (uintptr_t)p;

	return size <= gev__object_readable(o, at) - at;
}

/* ld.so has made addresses of what was relative, but not on every CPU. */
static const void *address(const struct gev__object *o, uintptr_t value)
{
	return (void *)(value < o->base ? o->base + value : value);
}

static void take_relocations(struct gev__dynamic *d,
	const struct gev__object *o, const ElfW(Dyn) *e)
{
	switch (e->d_tag) {
	case DT_RELA:
		d->all.at = address(o, e->d_un.d_ptr);
		break;
	case DT_RELASZ:
		d->all.n = e->d_un.d_val / sizeof(ElfW(Rela));
		break;
	case DT_JMPREL:
		d->calls.at = address(o, e->d_un.d_ptr);
		break;
	case DT_PLTRELSZ:
		d->calls.n = e->d_un.d_val / sizeof(ElfW(Rela));
		break;
	case DT_PLTREL:
		if (e->d_un.d_val != DT_RELA)
			d->why = "relocations of an unusual form";
		break;
	case DT_REL:
		d->why = "relocations of an unusual form";
		break;
	}
}

static void take_strings(struct gev__dynamic *d, const struct gev__object *o,
	const ElfW(Dyn) *e)
{
	switch (e->d_tag) {
	case DT_SYMTAB:
		d->symbols = address(o, e->d_un.d_ptr);
		break;
	case DT_STRTAB:
		d->strings = address(o, e->d_un.d_ptr);
		break;
	case DT_STRSZ:
		d->strings_size = e->d_un.d_val;
		break;
	}
}

static const char *string(const struct gev__dynamic *d, size_t offset)
{
	return offset < d->strings_size ? d->strings + offset : NULL;
}

static const char *nth(const struct gev__dynamic *d, ElfW(Sxword) tag, size_t i)
{
	for (const ElfW(Dyn) *e = d->entries; e < d->end; e++)
		if (e->d_tag == tag && i-- == 0)
			return string(d, e->d_un.d_val);
	return NULL;
}

static bool has_table(const struct gev__object *o,
	const struct gev__relocations *r)
{
	return !r->n || holds(o, r->at, r->n * sizeof(*r->at));
}

static const char *wrong(const struct gev__dynamic *d,
	const struct gev__object *o)
{
	if (!types[0])
		return "relocations of this CPU are not known";
	if (d->why)
		return d->why;
	if (!holds(o, d->strings, d->strings_size) ||
		!holds(o, d->symbols, sizeof(*d->symbols)))
		return "no symbols";
	if (!has_table(o, &d->all) || !has_table(o, &d->calls))
		return "relocations beyond the object";
	return NULL;
}

/* DT_NULL, or where the object ends. */
static const ElfW(Dyn) *end_of(const struct gev__object *o,
	const ElfW(Dyn) *e)
{
	while (e && holds(o, e, sizeof(*e)) && e->d_tag != DT_NULL)
		e++;
	return e;
}

void gev__dynamic_read(struct gev__dynamic *d, const struct gev__object *o)
{
	*d = (struct gev__dynamic){ .entries = o->dynamic,
		.end = end_of(o, o->dynamic) };
	if (d->entries == d->end) {
		d->why = "no PT_DYNAMIC: linked statically";
		return;
	}
	for (const ElfW(Dyn) *e = d->entries; e < d->end; e++) {
		take_relocations(d, o, e);
		take_strings(d, o, e);
	}
	d->why = wrong(d, o);
	if (d->why) {
		d->all.n = d->calls.n = 0;
		d->strings_size = 0;
	}
	d->soname = nth(d, DT_SONAME, 0);
}

const char *gev__dynamic_needs(const struct gev__dynamic *d, size_t i)
{
	return nth(d, DT_NEEDED, i);
}

static bool is_address(const ElfW(Rela) *r)
{
	unsigned long type = TYPE_OF(r->r_info);

	return (type == types[0] || type == types[1] || type == types[2]) &&
	       r->r_addend == 0;
}

/* Whether it is that of a function elsewhere, and where. */
static bool read_slot(const struct gev__dynamic *d, const struct gev__object *o,
	const ElfW(Rela) *r, struct gev__slot *slot)
{
	const ElfW(Sym) *symbol = &d->symbols[SYMBOL_OF(r->r_info)];

	if (!is_address(r) || !holds(o, symbol, sizeof(*symbol)) ||
		symbol->st_shndx != SHN_UNDEF)
		return false;
	slot->at = (uintptr_t *)(o->base + r->r_offset);
	slot->name = string(d, symbol->st_name);
	slot->called = TYPE_OF(r->r_info) == types[0];
	return slot->name && *slot->name &&
	       holds(o, slot->at, sizeof(*slot->at));
}

static int walk(const struct gev__dynamic *d, const struct gev__object *o,
	const struct gev__relocations *relocations,
	int (*see)(const struct gev__slot *slot, void *arg), void *arg)
{
	struct gev__slot slot;
	int r = 0;

	for (size_t i = 0; r == 0 && i < relocations->n; i++)
		if (read_slot(d, o, &relocations->at[i], &slot))
			r = see(&slot, arg);
	return r;
}

int gev__dynamic_slots(const struct gev__dynamic *d,
	const struct gev__object *o,
	int (*see)(const struct gev__slot *slot, void *arg), void *arg)
{
	int r = walk(d, o, &d->all, see, arg);

	return r ? r : walk(d, o, &d->calls, see, arg);
}
