/* SPDX-License-Identifier: MIT */
/*
 * From options to posix_spawn(3).
 *
 * What the child's standard descriptors are made from is moved above 2 first,
 * so that no dup2 there overwrites what the next one needs.
 */
#include "os/process.h"
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/error.h"
#include "calls/calls.h"

#define ALL_FLAGS                                                              \
	(GEV_PROCESS_SESSION | GEV_PROCESS_GROUP | GEV_PROCESS_KEEP_FDS)

/* What becomes 0, 1 and 2. */
struct stdio {
	int from[3];
	bool ours[3];  /* to be closed here, when the child has it */
};

static void close_ours(struct stdio *s)
{
	for (int i = 0; i < 3; i++)
		if (s->ours[i])
			gev__call_close(s->from[i]);
}

/* A copy above 2, closed when a program is executed. */
static int copy_above(struct stdio *s, int slot, int fd)
{
	long r = gev__call_fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (r < 0)
		return (int)r;
	s->from[slot] = (int)r;
	s->ours[slot] = true;
	return 0;
}

static int make_pipe(gev_process *p, struct stdio *s, int slot)
{
	int ends[2];
	int its = slot == 0 ? 0 : 1;
	long r = gev__call_pipe2(ends, O_CLOEXEC);

	if (r < 0)
		return (int)r;
	p->fds[slot] = ends[!its];
	s->from[slot] = ends[its];
	s->ours[slot] = true;
	if (ends[its] > 2)
		return 0;
	s->ours[slot] = false;
	r = copy_above(s, slot, ends[its]);
	gev__call_close(ends[its]);
	return (int)r;
}

static int prepare_slot(gev_process *p, struct stdio *s, int slot, int what)
{
	s->from[slot] = what;
	if (what == slot)
		s->from[slot] = GEV_STDIO_INHERIT;
	else if (what == GEV_STDIO_PIPE)
		return make_pipe(p, s, slot);
	else if (what > 0 && what <= 2)
		return copy_above(s, slot, what);
	return 0;
}

static int prepare(gev_process *p, struct stdio *s,
	const struct gev_process_options *o)
{
	int what[3] = { o->in, o->out, o->err };
	int r = 0;

	for (int i = 0; r == 0 && i < 3; i++)
		r = prepare_slot(p, s, i, what[i]);
	return r;
}

static int add_slot(posix_spawn_file_actions_t *a, int slot, int from)
{
	switch (from) {
	case GEV_STDIO_INHERIT:
		return 0;
	case GEV_STDIO_NULL:
		return posix_spawn_file_actions_addopen(a, slot, "/dev/null",
			O_RDWR, 0);
	case GEV_STDIO_OUT:
		return posix_spawn_file_actions_adddup2(a, 1, slot);
	default:
		return posix_spawn_file_actions_adddup2(a, from, slot);
	}
}

static bool is_kept(const struct gev_process_options *o, int fd)
{
	for (int i = 0; i < o->n_keep; i++)
		if (o->keep[i] == fd)
			return true;
	return false;
}

/* To copy one onto itself takes away its FD_CLOEXEC. */
static int add_keep(posix_spawn_file_actions_t *a,
	const struct gev_process_options *o)
{
	int end = 3;
	int r = 0;

	for (int i = 0; r == 0 && i < o->n_keep; i++) {
		int fd = o->keep[i];

		if (fd >= end)
			end = fd + 1;
		r = posix_spawn_file_actions_adddup2(a, fd, fd);
	}
	if (o->flags & GEV_PROCESS_KEEP_FDS)
		return r;
	for (int fd = 3; r == 0 && fd < end; fd++)
		if (!is_kept(o, fd))
			r = posix_spawn_file_actions_addclose(a, fd);
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(a, end);
	return r;
}

static int add_actions(posix_spawn_file_actions_t *a, const struct stdio *s,
	const struct gev_process_options *o)
{
	int r = 0;

	for (int i = 0; r == 0 && i < 3; i++)
		r = add_slot(a, i, s->from[i]);
	if (r == 0 && o->cwd)
		r = posix_spawn_file_actions_addchdir_np(a, o->cwd);
	return r ? r : add_keep(a, o);
}

static int set_attributes(posix_spawnattr_t *attr, unsigned options)
{
	short flags = POSIX_SPAWN_SETSIGDEF;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGXFSZ);
	posix_spawnattr_setsigdefault(attr, &set);
	if (options & GEV_PROCESS_SESSION)
		flags |= POSIX_SPAWN_SETSID;
	if (options & GEV_PROCESS_GROUP)
		flags |= POSIX_SPAWN_SETPGROUP;
	return posix_spawnattr_setflags(attr, flags);
}

/* 0 or -errno. */
static int start(pid_t *pid, char *const argv[], const struct stdio *s,
	const struct gev_process_options *o)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	r = add_actions(&actions, s, o);
	if (r == 0)
		r = set_attributes(&attr, o->flags);
	if (r == 0)
		r = posix_spawnp(pid, o->file ? o->file : argv[0], &actions,
			&attr, argv, o->env ? o->env : environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int check(char *const argv[], const struct gev_process_options *o)
{
	if (!argv || !argv[0] || o->flags & ~ALL_FLAGS)
		return -EINVAL;
	if (o->in < GEV_STDIO_NULL || o->out < GEV_STDIO_NULL ||
		o->err < GEV_STDIO_OUT)
		return -EINVAL;
	if (o->n_keep < 0 || (o->n_keep > 0 && !o->keep))
		return -EINVAL;
	for (int i = 0; i < o->n_keep; i++)
		if (o->keep[i] < 0 || o->keep[i] == INT_MAX)
			return -EBADF;
	return 0;
}

int gev__process_exec(gev_process *p, char *const argv[],
	const struct gev_process_options *o)
{
	struct stdio s = { 0 };
	pid_t pid = 0;
	int r = check(argv, o);

	if (r < 0)
		return r;
	r = prepare(p, &s, o);
	if (r == 0)
		r = start(&pid, argv, &s, o);
	close_ours(&s);
	return r < 0 ? r : pid;
}
