/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <unistd.h>
#include "tool/examine.h"
#include "tool/tool.h"

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#define MACHINE EM_NONE
#endif

#define GO_BUILD_ID 4

static const char *wrong_kind(const struct gev__elf *elf)
{
	if (elf->wrong)
		return elf->wrong;
	if (elf->header.e_machine != MACHINE)
		return "a program for another CPU";
	if (elf->header.e_type != ET_EXEC && elf->header.e_type != ET_DYN)
		return "no program, though an ELF file";
	return NULL;
}

static bool is_go(const struct gev__elf *elf)
{
	uint32_t size;

	return gev__elf_note(elf, "Go", GO_BUILD_ID, &size) ||
	       gev__elf_has_section(elf, ".note.go.buildid") ||
	       gev__elf_has_section(elf, ".gopclntab");
}

static const char *loader_of(const struct gev__elf *elf)
{
	Elf64_Phdr s;

	if (!gev__elf_find(elf, PT_INTERP, &s))
		return NULL;
	return gev__elf_string(elf, s.p_offset);
}

/* By the name of its loader, which each libc gives its own. */
static bool is_glibc(const char *loader)
{
	const char *slash = strrchr(loader, '/');

	return strncmp(slash ? slash + 1 : loader, "ld-linux", 8) == 0;
}

static bool needs(const struct gev__elf *elf, const char *library)
{
	const char *name;

	for (unsigned i = 0;
		(name = gev__elf_dynamic_string(elf, DT_NEEDED, i)); i++)
		if (strncmp(name, library, strlen(library)) == 0)
			return true;
	return false;
}

static void examine_threads(struct gev__findings *f,
	const struct gev__elf *elf)
{
	static const char *const makers[] = { "pthread_create", "thrd_create" };

	for (size_t i = 0; i < sizeof(makers) / sizeof(*makers); i++) {
		if (!gev__elf_imports(elf, makers[i]))
			continue;
		gev__found(f, "threads", GEV__FINE, "makes some by %s()",
			makers[i]);
		return;
	}
	gev__found(f, "threads", GEV__FINE,
		"makes none itself; what it loads may");
}

static void examine_loader(struct gev__findings *f, const char *path,
	const struct gev__elf *elf)
{
	const char *loader = loader_of(elf);

	if (!loader) {
		gev__found_bad(f, "program", GEV__REFUSED,
			"%s is statically linked: nothing can be preloaded",
			path);
	} else if (access(loader, F_OK) < 0) {
		gev__found_bad(f, "program", GEV__NOT_EXECUTABLE,
			"%s wants the loader %s, which is not there", path,
			loader);
	} else if (!is_glibc(loader)) {
		gev__found_bad(f, "libc", GEV__REFUSED,
			"%s uses a libc other than glibc: its loader is %s",
			path, loader);
	} else {
		gev__found(f, "program", GEV__FINE,
			"%s is dynamically linked, by %s", path, loader);
		examine_threads(f, elf);
		gev__examine_libc(f, loader, elf);
	}
}

void gev__examine_binary(struct gev__findings *f, const char *path,
	const struct gev__elf *elf)
{
	const char *wrong = wrong_kind(elf);

	if (wrong) {
		gev__found_bad(f, "program", GEV__REFUSED, "%s is %s", path, wrong);
		return;
	}
	if (is_go(elf))
		gev__found_bad(f, "program", GEV__REFUSED,
			"%s is written in Go, which makes its system calls "
			"without libc and schedules on its own", path);
	if (needs(elf, "libseccomp.so") || gev__elf_imports(elf,
						   "seccomp_load"))
		gev__found_bad(f, "seccomp", GEV__REFUSED,
			"%s filters its own system calls (libseccomp), and "
			"would filter gev's", path);
	examine_loader(f, path, elf);
}
