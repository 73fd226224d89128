/* SPDX-License-Identifier: MIT */
/*
 * What threads are called.  The kernel knows the name of the first alone.
 *
 * libc names a thread by prctl() if it is the caller's, else by a file, which
 * is /proc/self/task/ID/comm.  For one of ours we make such a file in memory;
 * when it is closed, what was written becomes the name.  All else below
 * /proc/self/task/ID is that of the one thread the kernel knows.
 */
#include "run/comm.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include "base/mem.h"
#include "base/text.h"
#include "run/reach.h"

#define LONGEST 64 /* what is below /proc/self/task/ID */

struct file {
	struct file *next;
	int fd;
	int tid;
	ino_t inode;           /* or the number stands for another by now */
};

static struct file *files;
unsigned gev__run_comm_files;

static char first[GEV__COMM];
static bool first_known;

static void learn_first(void)
{
	if (!first_known)
		gev__sys(SYS_prctl, PR_GET_NAME, first);
	first_known = true;
}

/* Up to its end, or to what there is room for; or -EFAULT. */
static long length_of(const char *name, long max)
{
	for (long n = 0; n < max; n++) {
		if (!gev__run_readable(name + n, 1))
			return -EFAULT;
		if (!name[n])
			return n;
	}
	return max;
}

static void rename_to(struct gev__run_thread *t, const char *name, size_t n)
{
	gev__zero(t->name, sizeof(t->name));
	gev__copy(t->name, name, n);
}

long gev__run_comm_set(const char *name)
{
	struct gev__run_thread *t = gev__run_thread_here();

	long n;

	first_known = first_known && t;
	if (!t)
		return GEV__PASS;
	n = length_of(name, GEV__COMM - 1);
	if (n < 0)
		return n;
	rename_to(t, name, (size_t)n);
	return 0;
}

long gev__run_comm_get(char *name)
{
	const struct gev__run_thread *t = gev__run_thread_here();

	if (!t)
		return GEV__PASS;
	if (!gev__run_writable(name, GEV__COMM))
		return -EFAULT;
	gev__copy(name, t->name, GEV__COMM);
	return 0;
}

void gev__run_comm_inherit(struct gev__run_thread *t)
{
	const struct gev__run_thread *maker = gev__run_thread_here();

	if (!maker)
		learn_first();
	gev__copy(t->name, maker ? maker->name : first, GEV__COMM);
}

void gev__run_comm_forked(void)
{
	const struct gev__run_thread *t = gev__run_thread_here();

	first_known = false;
	if (t)
		gev__sys(SYS_prctl, PR_SET_NAME, t->name);
}

static struct gev__run_thread *thread_of(long tid)
{
	struct gev__run_signals *s = gev__run_find(tid);

	if (!s || s == &gev__run_first)
		return NULL;
	return gev__container(s, struct gev__run_thread, signals);
}

/* Whether that comes next, and if so behind it. */
static bool skip(const char **at, const char *what)
{
	const char *p = *at;

	for (; *what; what++, p++)
		if (!gev__run_readable(p, 1) || *p != *what)
			return false;
	*at = p;
	return true;
}

static long skip_number(const char **at)
{
	long n = 0;

	for (; gev__run_readable(*at, 1) && **at >= '0' && **at <= '9'; ++*at)
		n = n < INT_MAX ? n * 10 + **at - '0' : n;
	return n;
}

/* Whose directory it is; NULL: nobody's, or the first's.  What is in it. */
static struct gev__run_thread *thread_in(const char **path)
{
	const char *rest;
	long n;

	if (!skip(path, "/proc/"))
		return NULL;
	if (skip(path, "thread-self/"))
		return gev__run_thread_here();
	if (!skip(path, "self")) {
		n = skip_number(path);
		if (n != gev__sys(SYS_getpid) && !thread_of(n))
			return NULL;
		rest = *path;
		if (thread_of(n) && !skip(&rest, "/task/") && skip(path, "/"))
			return thread_of(n);
	}
	if (!skip(path, "/task/"))
		return NULL;
	n = skip_number(path);
	return skip(path, "/") ? thread_of(n) : NULL;
}

/* Whether the number stands for it. */
static bool is_still(const struct file *f)
{
	struct stat st = { 0 };

	gev__sys(SYS_fstat, f->fd, &st);
	return st.st_ino == f->inode;
}

/* What can be written is noted; what can't be noted is not written. */
static void note(int fd, const struct gev__run_thread *t)
{
	struct file *f = gev__alloc(sizeof(*f));
	struct stat st = { 0 };

	if (!f)
		return;
	gev__sys(SYS_fstat, fd, &st);
	f->inode = st.st_ino;
	f->fd = fd;
	f->tid = t->task.tid;
	f->next = files;
	files = f;
	gev__run_comm_files++;
}

static long make_file(const struct gev__run_thread *t, int flags)
{
	const size_t n = (size_t)length_of(t->name, GEV__COMM);
	char line[GEV__COMM + 1];
	long fd = gev__sys(SYS_memfd_create, "comm",
		flags & O_CLOEXEC ? MFD_CLOEXEC : 0);

	if (fd < 0)
		return fd;
	gev__copy(line, t->name, n);
	line[n] = '\n';
	gev__sys(SYS_pwrite64, fd, line, n + 1, 0L);
	if ((flags & O_ACCMODE) != O_RDONLY)
		note((int)fd, t);
	return fd;
}

static long open_real(const struct gev__run_thread *t, const char *rest,
	int flags)
{
	char path[128];
	struct gev__text text = gev__text_in(path, sizeof(path));

	gev__text_add(&text, "/proc/self/task/");
	gev__text_num(&text, (uint64_t)gev__tid_real(t->task.tid));
	gev__text_add(&text, "/");
	gev__text_add(&text, rest);
	gev__text_end(&text);
	return gev__sys(SYS_openat, AT_FDCWD, path, flags, 0);
}

long gev__run_comm_open(const char *path, int flags)
{
	const struct gev__run_thread *t;
	long n;

	if (!skip(&path, "/proc/"))
		return GEV__PASS;
	first_known = false; /* it may be what this is about */
	path -= sizeof("/proc/") - 1;
	t = thread_in(&path);
	n = length_of(path, LONGEST);
	if (!t || n < 0 || n == LONGEST)
		return GEV__PASS;
	return skip(&path, "comm") && !*path ? make_file(t, flags) :
					       open_real(t, path, flags);
}

/* The next name is written in place of the last. */
void gev__run_comm_write(int fd)
{
	for (const struct file *f = files; f; f = f->next)
		if (f->fd == fd && is_still(f)) {
			gev__sys(SYS_lseek, fd, 0L, SEEK_SET);
			gev__sys(SYS_ftruncate, fd, 0L);
		}
}

static void take_name(const struct file *f)
{
	struct gev__run_thread *t = thread_of(f->tid);
	char name[GEV__COMM - 1];
	long n;

	n = gev__sys(SYS_lseek, f->fd, 0L, SEEK_CUR);
	if (!t || !is_still(f) || n <= 0)
		return;
	if (n > (long)sizeof(name))
		n = sizeof(name);
	n = gev__sys(SYS_pread64, f->fd, name, n, 0L);
	if (n > 0)
		rename_to(t, name, (size_t)n - (name[n - 1] == '\n'));
}

void gev__run_comm_close(unsigned lowest, unsigned highest)
{
	for (struct file **at = &files, *f = *at; f; f = *at) {
		if ((unsigned)f->fd < lowest || (unsigned)f->fd > highest) {
			at = &f->next;
			continue;
		}
		take_name(f);
		*at = f->next;
		gev__free(f, sizeof(*f));
		gev__run_comm_files--;
	}
}
