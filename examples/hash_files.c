/* SPDX-License-Identifier: MIT */
/*
 * hash_files - sha256sum(1) on several threads.
 *
 *	$ hash_files -j 4 -r /srv/files > SHA256SUMS
 *	1234 of 5678 files, 987.6 MB
 *
 * Reading a file blocks, whatever it is on, and so does computing.  Neither is
 * for a greenlet: the threads of a pool do that, one file after the other.
 * All that is shared with them is the file they work on, and two numbers.
 *
 * Main asks for all files at once and prints the sums as sha256sum does, in
 * the order of the arguments, waiting for each.  So it is free to draw the
 * progress meanwhile, and to be told to stop.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <gev.h>
#include "sha256.h"
#include "tools.h"

#define BLOCK_SIZE 65536
#define GRACE GEV_SEC(1) /* for the threads, when we are told to stop */

struct file {
	char *path;
	char sum[SHA256_TEXT_SIZE];
	gev_async_result hashed;
};

static struct {
	struct file **all;
	size_t count;
} files;

static long threads = 4;
static bool recursive;
static gev_greenlet *progress; /* NULL: no terminal to show it on */
static bool shown;             /* it is in the terminal's last line */
static gev_greenlet *printer;  /* who waits for the sums */
static int stopped_by;         /* a signal, or 0 */
static atomic_bool stopping;
static atomic_ullong bytes;

/* On a thread of the pool. */

static int hash_all_of(int fd, struct sha256 *s)
{
	char block[BLOCK_SIZE];
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) > 0) {
		sha256_update(s, block, (size_t)n);
		bytes += (size_t)n;
		if (stopping) {
			errno = ECANCELED;
			return -1;
		}
	}
	return (int)n;
}

static intptr_t hash(void *arg)
{
	struct file *file = arg;
	struct sha256 s;
	int fd, r, error;

	if (stopping)
		return -ECANCELED;
	fd = open(file->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	sha256_init(&s);
	r = hash_all_of(fd, &s);
	error = errno;
	close(fd);
	if (r == 0)
		sha256_final(&s, file->sum);
	errno = error;
	return r;
}

static void add_file(const char *path)
{
	struct file *file = calloc(1, sizeof(*file));
	size_t n = files.count;

	if ((n & (n - 1)) == 0) /* room for 1, 2, 4, ... */
		files.all = realloc(files.all, (n ? 2 * n : 1) * sizeof(file));
	if (!file || !files.all || !(file->path = strdup(path)))
		die("no memory");
	files.all[files.count++] = file;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* What can't be looked into is added too: to hash it fails as well. */
static bool wanted(const FTSENT *entry)
{
	switch (entry->fts_info) {
	case FTS_F:
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return true;
	default: /* fifos and the like only if they are named */
		return entry->fts_level == 0 && entry->fts_info != FTS_D &&
			entry->fts_info != FTS_DP;
	}
}

/* On a thread of gev_offload(): a large directory takes its time. */
static intptr_t look_into_directories(void *paths)
{
	FTS *tree = fts_open(paths,
		FTS_COMFOLLOW | FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	FTSENT *entry;

	if (!tree)
		return -1;
	while (!stopping && (entry = fts_read(tree)))
		if (wanted(entry))
			add_file(entry->fts_path);
	return fts_close(tree);
}

/* In greenlets. */

static intptr_t show_progress(void *unused)
{
	(void)unused;
	while (gev_sleep(GEV_MS(100)) == 0) {
		size_t done = 0;

		for (size_t i = 0; i < files.count; i++)
			done += gev_async_result_ready(&files.all[i]->hashed);
		fprintf(stderr, "\r%zu of %zu files, %.1f MB ", done,
			files.count, (double)bytes / 1e6);
		shown = true;
	}
	return 0;
}

static void begin_progress(void)
{
	if (isatty(STDERR_FILENO))
		progress = gev_spawn(show_progress, NULL);
}

static void clear_progress(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	shown = false;
}

static void end_progress(void)
{
	gev_kill(progress, GEV_FOREVER);
	clear_progress();
	gev_unref(progress);
	progress = NULL;
}

/* Names with a newline or a backslash are written with escapes, as there. */
static void print_sum(const struct file *file)
{
	bool escape = strpbrk(file->path, "\\\n\r");

	printf("%s%s  ", escape ? "\\" : "", file->sum);
	for (const char *p = file->path; *p; p++)
		if (*p == '\n')
			fputs("\\n", stdout);
		else if (*p == '\r')
			fputs("\\r", stdout);
		else if (*p == '\\')
			fputs("\\\\", stdout);
		else
			putchar(*p);
	putchar('\n');
}

/* Returns whether there was one. */
static bool print(const struct file *file)
{
	int error = gev_async_result_exception(&file->hashed);

	clear_progress();
	if (error)
		fprintf(stderr, "hash_files: %s: %s\n", file->path,
			strerror(error));
	else
		print_sum(file);
	return !error;
}

static void hash_all(gev_threadpool *pool)
{
	for (size_t i = 0; i < files.count; i++)
		if (gev_threadpool_spawn(pool, hash, files.all[i],
			    &files.all[i]->hashed) < 0)
			die("cannot start: %s", strerror(errno));
}

/* Until we are told to stop.  Returns how many there are not. */
static size_t print_all(void)
{
	size_t failed = 0;

	for (size_t i = 0; i < files.count; i++) {
		if (gev_async_result_wait(&files.all[i]->hashed,
			    GEV_FOREVER) < 0)
			break;
		failed += !print(files.all[i]);
	}
	return failed;
}

static int stop(gev_watcher *w, int revents, void *number)
{
	(void)w, (void)revents;
	stopping = true;
	stopped_by = (int)(intptr_t)number;
	return gev_throw(printer, EINTR);
}

static void watch(gev_signal_watcher *w, int number)
{
	gev_signal_init(w, gev_hub_loop(gev_hub_get()), number);
	if (gev_signal_start(w, stop, (void *)(intptr_t)number) < 0)
		die("cannot watch for signals: %s", strerror(errno));
}

static const char usage[] =
	"usage: hash_files [-j N] [-r] FILE...\n"
	"Print SHA-256 checksums, as sha256sum does.\n\n"
	"  -j N         hash N files at a time (4)\n"
	"  -r           look into directories\n"
	"  -h, --help   this";

static void options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "help", no_argument, NULL, 'h' }, { 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "j:rh", known, NULL)) != -1)
		if (c == 'j')
			threads = number_option("j", optarg, 1, 1000);
		else if (c == 'r')
			recursive = true;
		else if (c == 'h')
			show(usage);
		else
			exit(2);
	if (optind == argc)
		die("no files?  See --help");
}

static void collect(char **paths)
{
	if (!recursive)
		while (*paths)
			add_file(*paths++);
	else if (gev_offload(look_into_directories, paths) < 0 && !stopping)
		die("cannot look into directories: %s", strerror(errno));
}

static int run(char **paths)
{
	gev_threadpool *pool = gev_threadpool_new((int)threads);
	size_t failed = 0;

	if (!pool)
		die("no threads: %s", strerror(errno));
	collect(paths);
	begin_progress();
	if (!stopping) {
		hash_all(pool);
		failed = print_all();
	}
	end_progress();
	gev_threadpool_join(pool, GRACE);
	gev_threadpool_free(pool);
	return failed > 0;
}

int main(int argc, char **argv)
{
	gev_signal_watcher term, intr;
	int status;

	options(argc, argv);
	printer = gev_current();
	watch(&term, SIGTERM);
	watch(&intr, SIGINT);
	status = run(argv + optind);
	if (fflush(stdout) == EOF)
		die("cannot write: %s", strerror(errno));
	return stopped_by ? 128 + stopped_by : status;
}
