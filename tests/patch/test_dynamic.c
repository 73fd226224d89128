/* SPDX-License-Identifier: MIT */
/* Objects that no linker of ours makes: each is refused, none is a crash. */
#include <elf.h>
#include "patch/dynamic.h"
#include "patch/names.h"
#include "patch/relocation.h"
#include "t.h"

static const unsigned long types[] = GEV__RELOCATIONS;

static struct image {
	ElfW(Dyn) dynamic[16];
	ElfW(Rela) rela[4];
	ElfW(Sym) symbols[2];
	char strings[16];
	uintptr_t slots[4];
} image;

static struct gev__object object;

static void entry(int i, ElfW(Sxword) tag, uintptr_t value)
{
	image.dynamic[i].d_tag = tag;
	image.dynamic[i].d_un.d_val = value;
}

/* As it should be: relative addresses, one symbol, one slot for it. */
static void make(void)
{
	image = (struct image){ .strings = "\0read\0me.so" };
	image.symbols[1].st_name = 1;
	image.rela[0].r_offset = offsetof(struct image, slots);
	image.rela[0].r_info = _ElfW(ELF, __ELF_NATIVE_CLASS, R_INFO)(1,
		types[0]);
	entry(0, DT_JMPREL, offsetof(struct image, rela));
	entry(1, DT_PLTRELSZ, sizeof(ElfW(Rela)));
	entry(2, DT_PLTREL, DT_RELA);
	entry(3, DT_SYMTAB, (uintptr_t)image.symbols);
	entry(4, DT_STRTAB, (uintptr_t)image.strings);
	entry(5, DT_STRSZ, sizeof(image.strings));
	entry(6, DT_SONAME, 6);
	object = (struct gev__object){ .path = "", .n = 1,
		.base = (uintptr_t)&image, .dynamic = image.dynamic };
	object.readable[0] = (struct gev__extent){ (uintptr_t)&image,
		(uintptr_t)(&image + 1), true };
}

static int see(const struct gev__slot *slot, void *seen)
{
	t_str(slot->name, "read");
	t_ok(slot->at == &image.slots[0]);
	++*(int *)seen;
	return 0;
}

static int slots(void)
{
	struct gev__dynamic d;
	int seen = 0;

	gev__dynamic_read(&d, &object);
	t_eq(gev__dynamic_slots(&d, &object, see, &seen), 0);
	return d.why ? -1 : seen;
}

static void refused(const char *why)
{
	struct gev__dynamic d;

	gev__dynamic_read(&d, &object);
	t_str(d.why, why);
	t_eq(slots(), -1);
}

static void a_usual_one(void)
{
	struct gev__dynamic d;

	make();
	t_eq(slots(), 1);
	gev__dynamic_read(&d, &object);
	t_str(d.soname, "me.so");
	t_ok(gev__dynamic_needs(&d, 0) == NULL);
}

static void without_a_dynamic_section(void)
{
	make();
	object.dynamic = NULL;
	refused("no PT_DYNAMIC: linked statically");
	object.dynamic = (void *)((uintptr_t)&image - 4096);
	refused("no PT_DYNAMIC: linked statically");
}

static void without_relocations_of_calls(void)
{
	make();
	entry(0, DT_DEBUG, 0);
	entry(1, DT_DEBUG, 0);
	t_eq(slots(), 0);
}

static void relocations_of_another_form(void)
{
	make();
	entry(2, DT_PLTREL, DT_REL);
	refused("relocations of an unusual form");
	make();
	entry(7, DT_REL, 0);
	refused("relocations of an unusual form");
}

static void tables_beyond_the_object(void)
{
	make();
	entry(1, DT_PLTRELSZ, 1 << 20);
	refused("relocations beyond the object");
	make();
	entry(0, DT_JMPREL, 1 << 20);
	refused("relocations beyond the object");
	make();
	entry(5, DT_STRSZ, 1 << 20);
	refused("no symbols");
	make();
	entry(3, DT_SYMTAB, 1 << 20);
	refused("no symbols");
}

static void entries_beyond_the_object(void)
{
	make();
	image.rela[0].r_offset = 1 << 20;
	t_eq(slots(), 0);
	make();
	image.symbols[1].st_name = 1 << 20;
	t_eq(slots(), 0);
	make();
	image.rela[0].r_info = _ElfW(ELF, __ELF_NATIVE_CLASS, R_INFO)(1 << 20,
		types[0]);
	t_eq(slots(), 0);
}

static void other_relocations_are_left_alone(void)
{
	make();
	image.rela[0].r_info = _ElfW(ELF, __ELF_NATIVE_CLASS, R_INFO)(1, 200);
	t_eq(slots(), 0);
	make();
	image.rela[0].r_addend = 8;
	t_eq(slots(), 0);
	make();
	image.symbols[1].st_shndx = 3;
	t_eq(slots(), 0);
}

static void a_table_without_an_end(void)
{
	make();
	for (int i = 7; i < 16; i++)
		entry(i, DT_DEBUG, 0);
	object.readable[0].end = (uintptr_t)image.rela;
	refused("no symbols");
}

/* Or they are not found. */
static void names_are_in_order(void)
{
	for (size_t i = 0; i < gev__names_count; i++) {
		const struct gev__name *name = &gev__names[i];

		t_ok(gev__name_find(name->name) == name);
		if (i)
			t_ok(strcmp(name[-1].name, name->name) < 0);
	}
	t_ok(gev__name_find("") == NULL);
	t_ok(gev__name_find("zzz") == NULL);
	t_ok(gev__name_find("reads") == NULL);
}

int main(void)
{
	T_RUN(a_usual_one);
	T_RUN(without_a_dynamic_section);
	T_RUN(without_relocations_of_calls);
	T_RUN(relocations_of_another_form);
	T_RUN(tables_beyond_the_object);
	T_RUN(entries_beyond_the_object);
	T_RUN(other_relocations_are_left_alone);
	T_RUN(a_table_without_an_end);
	T_RUN(names_are_in_order);
	return t_done();
}
