/* SPDX-License-Identifier: MIT */
/*
 * Damaged files: cut off anywhere, with bytes, words and whole headers changed.
 * Whatever `gev check` says of them, it must get to the end of it.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>
#include "patch/object.h"
#include "t.h"
#include "tool/examine.h"
#include "tool/tool.h"

#define ROUNDS 20000
#define LIBC_ROUNDS 12
#define HEADERS 1024     /* the first bytes, where damage does the most */

static uint8_t *good;
static size_t good_size;
static int fd = -1;
static char path[64];
static uint64_t seed = 88172645463325252u;

/* The commands are part of the program. */
int gev__tool_misused(const char *command)
{
	(void)command;
	return GEV__REFUSED;
}

int gev__tool_flush(void)
{
	return 0;
}

static uint64_t draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static bool load(const char *name)
{
	struct stat st;
	int from = open(name, O_RDONLY | O_CLOEXEC);

	if (from < 0 || fstat(from, &st) < 0)
		return false;
	good_size = (size_t)st.st_size;
	good = realloc(good, good_size);
	if (!good || read(from, good, good_size) != st.st_size)
		return false;
	return close(from) == 0;
}

/* A file of @size bytes. */
static bool put(const uint8_t *bytes, size_t size)
{
	if (fd >= 0)
		close(fd);
	fd = memfd_create("damaged", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return write(fd, bytes, size) == (ssize_t)size;
}

/* A value that is likely to be minded. */
static uint64_t nasty(void)
{
	static const uint64_t values[] = { 0, 1, 7, 0x7f, 0xff, 0xffff,
		0x7fffffff, 0xffffffff, 0x7fffffffffffffff, UINT64_MAX,
		UINT64_MAX - 7, 0x1000, 0xfffffffffffff000 };
	uint64_t i = draw() % (sizeof(values) / sizeof(*values) + 2);

	return i < sizeof(values) / sizeof(*values) ? values[i] :
						      draw() % good_size;
}

static void damage(uint8_t *bytes, size_t size)
{
	static const size_t widths[] = { 1, 2, 4, 8 };
	size_t n = 1 + draw() % 4;

	while (n-- > 0) {
		size_t reach = draw() % 4 ? HEADERS : size;
		size_t width = widths[draw() % 4];
		uint64_t value = nasty();

		if (reach > size)
			reach = size;
		if (reach > width)
			memcpy(bytes + draw() % (reach - width), &value, width);
	}
}

static const char *outcome(const struct gev__findings *f)
{
	return f->n ? f->found[f->n - 1].text : "nothing was found";
}

/* Everything there is to be read, whatever the file says it is. */
static void read_all(void)
{
	struct gev__elf elf;
	uint32_t size;
	const uint8_t *note;

	if (gev__elf_open(&elf, path) < 0)
		return;
	note = gev__elf_note(&elf, "GNU", NT_GNU_BUILD_ID, &size);
	for (uint32_t i = 0; note && i < size; i++)
		seed ^= note[i] == 0;
	gev__elf_imports(&elf, "no_such_function");
	gev__elf_exports(&elf, "main");
	gev__elf_has_section(&elf, ".no_such_section");
	gev__elf_dynamic_string(&elf, DT_NEEDED, 3);
	gev__elf_close(&elf);
}


static void a_whole_program_is_understood(void)
{
	struct gev__elf elf;

	if (!t_ok(load("/bin/true") && put(good, good_size)))
		return;
	t_eq(gev__elf_open(&elf, path), 0);
	t_ok(!elf.wrong);
	t_ok(gev__elf_imports(&elf, "__libc_start_main"));
	t_ok(!gev__elf_imports(&elf, "no_such_function"));
	t_ok(gev__elf_has_section(&elf, ".text"));
	t_str(gev__elf_dynamic_string(&elf, DT_NEEDED, 0), "libc.so.6");
	t_ok(!gev__elf_dynamic_string(&elf, DT_NEEDED, 99));
	gev__elf_close(&elf);
}

static void files_that_are_cut_off_are_survived(void)
{
	for (size_t size = 0; size < HEADERS; size += 3)
		if (t_ok(put(good, size)))
			read_all();
	for (size_t size = HEADERS; size < good_size; size += good_size / 512)
		if (t_ok(put(good, size)))
			read_all();
}

static void damaged_files_are_survived(void)
{
	int rounds = t_under("valgrind") ? ROUNDS / 100 : ROUNDS;
	uint8_t *bad = malloc(good_size);

	printf("# seed %llu\n", (unsigned long long)seed);
	t_ok(put(good, good_size));
	for (int i = 0; i < rounds; i++) {
		memcpy(bad, good, good_size);
		damage(bad, good_size);
		if (t_eq(pwrite(fd, bad, good_size, 0), (long)good_size))
			read_all();
		if (t_failures)
			break;
	}
	free(bad);
}

static void a_damaged_libc_is_survived(void)
{
	struct gev__object libc;
	uint8_t *bad;

	if (gev__object_libc(&libc) < 0 || !load(libc.name)) {
		t_skip("no libc.so.6");
		return;
	}
	bad = malloc(good_size);
	for (int i = 0; i < LIBC_ROUNDS; i++) {
		struct gev__findings f = { .n = 0 };
		char directory[] = "/tmp/gev-elf-XXXXXX", name[64];

		memcpy(bad, good, good_size);
		damage(bad, HEADERS);
		t_ok(mkdtemp(directory) && put(bad, good_size));
		snprintf(name, sizeof(name), "%s/libc.so.6", directory);
		t_eq(symlink(path, name), 0);
		setenv("LD_LIBRARY_PATH", directory, 1);
		gev__examine_libc(&f, "/nowhere/ld-linux", &(struct gev__elf){
			.data = good, .size = good_size });
		unsetenv("LD_LIBRARY_PATH");
		printf("# %s\n", outcome(&f));
		t_ok(f.n);
		t_eq(unlink(name), 0);
		t_eq(rmdir(directory), 0);
	}
	free(bad);
}

static void what_a_library_exports_is_found(void)
{
	struct gev__object libc;
	struct gev__elf elf;

	if (gev__object_libc(&libc) < 0) {
		t_skip("no libc.so.6");
		return;
	}
	t_eq(gev__elf_open(&elf, libc.name), 0);
	t_ok(gev__elf_exports(&elf, "malloc"));
	t_ok(gev__elf_exports(&elf, "write"));
	t_ok(!gev__elf_exports(&elf, "no_such_function"));
	gev__elf_close(&elf);
}

int main(void)
{
	setenv("XDG_CACHE_HOME", "/dev/null", 1); /* none for damaged ones */
	T_RUN(a_whole_program_is_understood);
	T_RUN(what_a_library_exports_is_found);
	T_RUN(files_that_are_cut_off_are_survived);
	T_RUN(damaged_files_are_survived);
	T_RUN(a_damaged_libc_is_survived);
	free(good);
	return t_done();
}
