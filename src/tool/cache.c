/* SPDX-License-Identifier: MIT */
/*
 * To search a libc takes longer than to start most programs.  What is found is
 * kept in a file of $XDG_CACHE_HOME/gev, which is ~/.cache/gev:
 *
 *	gev 0.1.0, its build id
 *	the libc's build id, a hash of all its bytes
 *	how many system calls, how many of them refused
 *	the hint
 *	a hash of all above
 *
 * The first two lines are what it is good for; a hash of them is its name.  A
 * file is believed if they are what would be written now, to the last byte of
 * the libc, if it is whole, and if nobody else could have written it.
 */
#include "tool/cache.h"
#include <fcntl.h>
#include <gev/base.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LANES 4
#define KEY_SIZE 512
#define FILE_SIZE (KEY_SIZE + GEV__HINT_SIZE + 128)
#define ID_MAX 64u
#define HASH_LENGTH 17 /* with the end of its line */

struct key {
	char lines[KEY_SIZE];
	char name[32];
};

static uint64_t mix(uint64_t hash, uint64_t word)
{
	__extension__ unsigned __int128 product = hash ^ word;

	product *= 0x9e3779b97f4a7c15u;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static void mix_block(uint64_t lane[LANES], const void *data)
{
	uint64_t word[LANES];

	memcpy(word, data, sizeof(word));
	for (int i = 0; i < LANES; i++)
		lane[i] = mix(lane[i], word[i]);
}

/* Against accidents; in lanes, since one multiplication waits for the other. */
static uint64_t hash_of(const void *data, size_t size)
{
	uint64_t lane[LANES] = { 1, 2, 3, 4 }, hash = size;
	char last[sizeof(lane)] = { 0 };
	const char *at = data;

	for (; size >= sizeof(lane); size -= sizeof(lane), at += sizeof(lane))
		mix_block(lane, at);
	memcpy(last, at, size);
	mix_block(lane, last);
	for (int i = 0; i < LANES; i++)
		hash = mix(hash, lane[i]);
	return hash;
}

static bool put_id(char text[2 * ID_MAX + 1], const struct gev__elf *elf)
{
	uint32_t size;
	const uint8_t *id = gev__elf_note(elf, "GNU", NT_GNU_BUILD_ID, &size);

	if (!id || !size || size > ID_MAX)
		return false;
	for (uint32_t i = 0; i < size; i++)
		sprintf(text + 2 * i, "%02x", id[i]);
	return true;
}

static bool put_own_id(char text[2 * ID_MAX + 1])
{
	struct gev__elf own;
	bool done;

	if (gev__elf_open(&own, "/proc/self/exe") < 0)
		return false;
	done = !own.wrong && put_id(text, &own);
	gev__elf_close(&own);
	return done;
}

static bool make_key(struct key *key, const struct gev__elf *libc)
{
	char own[2 * ID_MAX + 1], other[2 * ID_MAX + 1];
	int length;

	if (!put_own_id(own) || !put_id(other, libc))
		return false;
	length = snprintf(key->lines, sizeof(key->lines),
		"gev %s, %s\n%s, %016" PRIx64 "\n", gev_version(), own, other,
		hash_of(libc->data, libc->size));
	sprintf(key->name, "libc-%016" PRIx64,
		hash_of(key->lines, (size_t)length));
	return true;
}

static bool is_ours(const struct stat *st)
{
	return st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/*
 * A descriptor of a directory, which is made if it is not there, or -1.  As
 * root with another's $HOME nothing is left there.
 */
static int open_own(int at, const char *path, int flags)
{
	struct stat st;
	int fd;

	mkdirat(at, path, S_IRWXU);
	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid())
		return fd;
	close(fd);
	return -1;
}

static bool have_home(const char *home)
{
	struct stat st;

	return home && *home == '/' && stat(home, &st) == 0 &&
	       st.st_uid == geteuid();
}

/* A descriptor of where the files are, or -1. */
static int open_directory(void)
{
	const char *base = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	char path[PATH_MAX];
	int at, own;

	if (base && *base == '/')
		snprintf(path, sizeof(path), "%s", base);
	else if (have_home(home))
		snprintf(path, sizeof(path), "%s/.cache", home);
	else
		return -1;
	at = open_own(AT_FDCWD, path, 0);
	if (at < 0)
		return -1;
	own = open_own(at, "gev", O_NOFOLLOW);
	close(at);
	return own;
}

static size_t read_all(int fd, char *text, size_t size)
{
	size_t used = 0;
	ssize_t n;

	while ((n = read(fd, text + used, size - used)) > 0)
		used += (size_t)n;
	return n < 0 ? 0 : used;
}

/* The text of the file, which is whole; false: there is none such. */
static bool load(int directory, const char *name, char text[FILE_SIZE])
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
		O_NONBLOCK);
	struct stat st;
	size_t size = 0;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && is_ours(&st))
		size = read_all(fd, text, FILE_SIZE - 1);
	close(fd);
	if (size <= HASH_LENGTH)
		return false;
	text[size] = '\0';
	size -= HASH_LENGTH;
	return strtoull(text + size, NULL, 16) == hash_of(text, size);
}

static bool take(const char *text, const struct key *key,
	struct gev__searched *s)
{
	size_t length = strlen(key->lines);
	int hint = 0;

	if (strncmp(text, key->lines, length))
		return false;
	text += length;
	if (sscanf(text, "%zu %zu\n%n", &s->calls, &s->refused, &hint) != 2)
		return false;
	length = strcspn(text + hint, "\n");
	if (!hint || length >= sizeof(s->hint))
		return false;
	snprintf(s->hint, sizeof(s->hint), "%.*s", (int)length, text + hint);
	return true;
}

bool gev__cache_get(const struct gev__elf *libc, struct gev__searched *s)
{
	int directory = open_directory();
	char text[FILE_SIZE];
	struct key key;
	bool found;

	if (directory < 0)
		return false;
	found = make_key(&key, libc) && load(directory, key.name, text) &&
		take(text, &key, s);
	close(directory);
	return found;
}

static bool write_all(int fd, const char *text, size_t size)
{
	bool done = write(fd, text, size) == (ssize_t)size;

	return close(fd) == 0 && done;
}

/* Whoever reads it meanwhile has the old one or the new one, never half. */
static void save(int directory, const char *name, const char *text, size_t size)
{
	char draft[64];
	int fd;

	snprintf(draft, sizeof(draft), "%s.%d", name, (int)getpid());
	fd = openat(directory, draft,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		S_IRUSR | S_IWUSR);
	if (fd < 0)
		return;
	if (!write_all(fd, text, size) ||
		renameat(directory, draft, directory, name) < 0)
		unlinkat(directory, draft, 0);
}

void gev__cache_put(const struct gev__elf *libc, const struct gev__searched *s)
{
	int directory = open_directory();
	char text[FILE_SIZE];
	struct key key;
	int length;

	if (directory < 0)
		return;
	if (make_key(&key, libc)) {
		length = snprintf(text, sizeof(text), "%s%zu %zu\n%s\n",
			key.lines, s->calls, s->refused, s->hint);
		length += sprintf(text + length, "%016" PRIx64 "\n",
			hash_of(text, (size_t)length));
		save(directory, key.name, text, (size_t)length);
	}
	close(directory);
}
