/* SPDX-License-Identifier: MIT */
/*
 * Talking to a child until all is said.
 *
 * One greenlet serves all three pipes, one step whenever one of them is ready:
 * as much as it then takes or gives without waiting.  What was done so far is
 * kept in the process, so that a later call can go on.
 */
#include <gev/choose.h>
#include <gev/greenlet.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include "base/error.h"
#include "base/sys.h"
#include "calls/descriptor.h"
#include "os/process.h"

#define ROOM 8192

struct talk {
	gev_process *p;
	const char *input;
	size_t size;
	size_t limit;
	gev_choice choices[3];
};

static bool is_passing(long r)
{
	return r == -EAGAIN || r == -EINTR;
}

/* A write that raises no SIGPIPE, not even one to come later. */
static long write_quietly(int fd, const void *buf, size_t size)
{
	static const struct timespec now;
	sigset_t set, old;
	long r;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	r = gev__sys(SYS_write, fd, buf, size);
	if (r == -EPIPE && !sigismember(&old, SIGPIPE))
		sigtimedwait(&set, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

/* A pipe that is ready takes PIPE_BUF bytes at least. */
static int feed(struct talk *t)
{
	gev_process *p = t->p;
	size_t left = t->size - p->sent;
	long r = write_quietly(p->fds[0], t->input + p->sent,
		left < PIPE_BUF ? left : PIPE_BUF);

	if (r > 0)
		p->sent += (size_t)r;
	if (r == -EPIPE || p->sent == t->size)
		gev__process_close_fd(p, 0);
	return r < 0 && r != -EPIPE && !is_passing(r) ? (int)r : 0;
}

/* There is room for one byte more than is read: the NUL. */
static int make_room(struct gev__text_buffer *b)
{
	size_t room = b->room ? 2 * b->room : ROOM;
	char *data;

	if (b->data && b->room - b->size > ROOM / 2)
		return 0;
	data = realloc(b->data, room);
	if (!data)
		return -ENOMEM;
	b->data = data;
	b->room = room;
	return 0;
}

static int drain(struct talk *t, int which)
{
	struct gev__text_buffer *b = &t->p->text[which - 1];
	long r = make_room(b);

	if (r < 0)
		return (int)r;
	r = gev__sys(SYS_read, t->p->fds[which], b->data + b->size,
		b->room - b->size - 1);
	if (r == 0)
		gev__process_close_fd(t->p, which);
	if (r > 0)
		b->size += (size_t)r;
	if (t->limit && b->size > t->limit)
		return -EMSGSIZE;
	return r < 0 && !is_passing(r) ? (int)r : 0;
}

/* Whether there is still something to be said. */
static bool look_around(struct talk *t)
{
	const int *fds = t->p->fds;

	t->choices[0] = (gev_choice)GEV_CHOOSE_WRITE(fds[0]);
	t->choices[1] = (gev_choice)GEV_CHOOSE_READ(fds[1]);
	t->choices[2] = (gev_choice)GEV_CHOOSE_READ(fds[2]);
	for (int i = 0; i < 3; i++)
		if (fds[i] < 0)
			t->choices[i].kind = GEV_CHOICE_NEVER;
	return fds[0] >= 0 || fds[1] >= 0 || fds[2] >= 0;
}

static int step(struct talk *t, gev_time timeout)
{
	int i = gev_choose(t->choices, 3, timeout);

	if (i < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	if (t->choices[i].error)
		return -t->choices[i].error;
	return i == 0 ? feed(t) : drain(t, i);
}

static int talk(struct talk *t, gev_time timeout)
{
	gev_process *p = t->p;
	gev_time deadline = gev__fd_deadline(p->hub, timeout);
	int r = 0;

	if (p->sent >= t->size)
		gev__process_close_fd(p, 0);
	while (r == 0 && look_around(t))
		r = step(t, gev__fd_left(p->hub, deadline));
	if (r == 0)
		r = gev__process_wait(p, gev__fd_left(p->hub, deadline));
	return r;
}

/* NULL if there was no pipe. */
static char *take_text(struct gev__text_buffer *b, size_t *size)
{
	char *data = b->data;

	if (data)
		data[b->size] = '\0';
	*size = b->size;
	*b = (struct gev__text_buffer){ 0 };
	return data;
}

static int communicate(gev_process *p, const void *input, size_t size,
	struct gev_process_output *output, gev_time timeout)
{
	struct talk t = { .p = p, .input = input, .size = input ? size : 0,
		.limit = output ? output->limit : 0 };
	int r = talk(&t, timeout);

	if (r < 0 || !output)
		return r;
	output->out = take_text(&p->text[0], &output->out_size);
	output->err = take_text(&p->text[1], &output->err_size);
	output->status = p->status;
	return 0;
}

static void clear(struct gev_process_output *output)
{
	if (output)
		*output = (struct gev_process_output){ .limit =
							       output->limit };
}

int gev_process_communicate(gev_process *p, const void *input, size_t size,
	struct gev_process_output *output, gev_time timeout)
{
	int r = timeout < GEV_FOREVER ? -EINVAL : gev__process_enter(p);

	clear(output);
	if (r == 0)
		r = communicate(p, input, size, output, timeout);
	return (int)gev__ret(r);
}

/* As long as it was not reaped its number is that of its group, too. */
static void end(gev_process *p, bool leads)
{
	if (gev_process_kill(p) == 0 && leads)
		gev__sys(SYS_kill, -p->pid, SIGKILL);
	gev_shield_begin();
	gev__process_wait(p, GEV_FOREVER);
	gev_shield_end();
}

int gev_process_run(char *const argv[],
	const struct gev_process_options *options, const void *input,
	size_t size, struct gev_process_output *output, gev_time timeout)
{
	struct gev_process_options o = { 0 };
	gev_process *p;
	int r;

	if (options)
		o = *options;
	if (o.out == GEV_STDIO_INHERIT)
		o.out = GEV_STDIO_PIPE;
	if (input)
		o.in = GEV_STDIO_PIPE;
	clear(output);
	if (timeout < GEV_FOREVER)
		return (int)gev__ret(-EINVAL);
	p = gev_process_spawn(argv, &o);
	if (!p)
		return -1;
	r = communicate(p, input, size, output, timeout);
	if (r < 0)
		end(p, o.flags & (GEV_PROCESS_SESSION | GEV_PROCESS_GROUP));
	gev_process_free(p);
	return (int)gev__ret(r);
}
