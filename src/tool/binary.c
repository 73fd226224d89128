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

/* By the name of its loader, which each libc gives its own. */
static bool is_glibc(const char *loader)
{
	const char *slash = strrchr(loader, '/');

	return strncmp(slash ? slash + 1 : loader, "ld-linux", 8) == 0;
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

/*
 * GCC's is a library that insists on being the first one; clang's is in the
 * program and replaces functions of libc, which it can't yet do when ours is
 * loaded.
 */
static void examine_sanitizers(struct gev__findings *f, const char *path,
	const struct gev__elf *elf)
{
	const char *name = NULL;

	if (gev__elf_needs(elf, "libasan.so") ||
		gev__elf_needs(elf, "libhwasan.so"))
		name = "AddressSanitizer";
	else if (gev__elf_exports(elf, "__tsan_init"))
		name = "ThreadSanitizer";
	if (name)
		gev__found_bad(f, "program", GEV__REFUSED,
			"%s is built with %s, before which nothing can be "
			"loaded", path, name);
}

static void examine_loader(struct gev__findings *f, const char *path,
	const struct gev__elf *elf)
{
	const char *loader = gev__elf_interpreter(elf);

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
		if (f->deep)
			gev__examine_libraries(f, loader, path);
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
	if (gev__elf_is_go(elf))
		gev__found_bad(f, "program", GEV__REFUSED,
			"%s is written in Go, which makes its system calls "
			"without libc and schedules on its own", path);
	if (gev__elf_needs(elf, "libseccomp.so") || gev__elf_imports(elf,
						   "seccomp_load"))
		gev__found_bad(f, "seccomp", GEV__REFUSED,
			"%s filters its own system calls (libseccomp), and "
			"would filter gev's", path);
	examine_sanitizers(f, path, elf);
	examine_loader(f, path, elf);
}
