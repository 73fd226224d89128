/* SPDX-License-Identifier: MIT */
/* gevent.os's ways to read and write, and terminals. */
#include "os/os.h"
#include <fcntl.h>
#include <termios.h>

struct reading {
	ssize_t (*read)(int fd, void *buf, size_t size);
	int fd;
	char text[32];
	ssize_t result;
	int error;
};

static intptr_t read_it(void *arg)
{
	struct reading *r = arg;

	r->result = r->read(r->fd, r->text, sizeof(r->text) - 1);
	r->error = errno;
	return 0;
}

/* A greenlet that waits for something to read. */
static gev_greenlet *begin(struct reading *r)
{
	gev_greenlet *g = gev_spawn(read_it, r);

	gev_sleep(GEV_MS(1));
	t_ok(!gev_dead(g));
	return g;
}

static void end(gev_greenlet *g)
{
	t_eq(gev_join(g, GEV_FOREVER), 0);
	gev_unref(g);
}

static void nonblocking_is_set_once(void)
{
	int fds[2];

	t_eq(gev_pipe(fds), 0);
	t_eq(gev_make_nonblocking(fds[0]), 1);
	t_eq(gev_make_nonblocking(fds[0]), 0);
	t_ok(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
	gev_close(fds[0]);
	gev_close(fds[1]);
	t_fails(gev_make_nonblocking(fds[0]), EBADF);
}

static void nb_read_waits(int flags)
{
	int fds[2];
	struct reading r = { .read = gev_nb_read };
	gev_greenlet *g;

	t_eq(gev_pipe2(fds, flags), 0);
	r.fd = fds[0];
	g = begin(&r);
	t_eq(gev_nb_write(fds[1], "abc", 3), 3);
	end(g);
	t_eq(r.result, 3);
	t_str(r.text, "abc");
	gev_close(fds[1]);
	t_eq(gev_nb_read(fds[0], r.text, 8), 0);
	gev_close(fds[0]);
	t_fails(gev_nb_read(fds[0], r.text, 8), EBADF);
}

static void nb_read_waits_nonblocking_or_not(void)
{
	nb_read_waits(0);
	nb_read_waits(O_NONBLOCK);
}

static intptr_t drain(void *fd)
{
	static char data[100000];

	return gev_nb_read((int)(intptr_t)fd, data, sizeof(data)) > 0 ? 0 : -1;
}

static void nb_write_waits_for_room(void)
{
	char data[4096] = "";
	int fds[2];

	t_eq(gev_pipe2(fds, O_NONBLOCK), 0);
	while (gev_write(fds[1], data, sizeof(data)) > 0)
		;
	t_eq(errno, EAGAIN);
	gev_go(drain, (void *)(intptr_t)fds[0]);
	t_eq(gev_nb_write(fds[1], data, sizeof(data)), sizeof(data));
	gev_close(fds[0]);
	gev_close(fds[1]);
}

static void a_kill_ends_nb_read(void)
{
	int fds[2];
	struct reading r = { .read = gev_nb_read };
	gev_greenlet *g;

	t_eq(gev_pipe2(fds, O_NONBLOCK), 0);
	r.fd = fds[0];
	g = begin(&r);
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	t_eq(r.result, -1);
	t_eq(r.error, ECANCELED);
	gev_unref(g);
	gev_close(fds[0]);
	gev_close(fds[1]);
}

static void tp_read_and_tp_write(void)
{
	int fds[2];
	struct reading r = { .read = gev_tp_read };
	gev_greenlet *g;

	t_eq(gev_pipe(fds), 0);
	r.fd = fds[0];
	g = begin(&r);
	t_eq(gev_tp_write(fds[1], "abc", 3), 3);
	end(g);
	t_str(r.text, "abc");
	g = begin(&r);
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	t_eq(r.error, ECANCELED);
	gev_unref(g);
	gev_close(fds[1]); /* ends the thread's read */
	gev_close(fds[0]);
	t_fails(gev_tp_read(-1, r.text, 1), EBADF);
	t_fails(gev_tp_write(-1, r.text, 1), EBADF);
}

/* The two ends of a pseudo-terminal; false, the case is skipped: none. */
static bool open_tty(int *master, int *slave)
{
	struct termios tio;

	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0 || grantpt(*master) < 0 || unlockpt(*master) < 0) {
		t_skip("no pseudo-terminals here");
		return false;
	}
	*slave = open(ptsname(*master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	t_ok(*slave >= 0);
	t_eq(tcgetattr(*slave, &tio), 0);
	tio.c_lflag &= ~(tcflag_t)ECHO;
	tio.c_oflag &= ~(tcflag_t)OPOST;
	t_eq(tcsetattr(*slave, TCSANOW, &tio), 0);
	return true;
}

static void a_terminal_gives_lines(void)
{
	struct reading r = { .read = gev_read };
	gev_greenlet *g;
	int master;

	if (!open_tty(&master, &r.fd))
		return;
	g = begin(&r);
	t_eq(gev_write(master, "abx", 3), 3);
	gev_sleep(GEV_MS(1));
	t_ok(!gev_dead(g));
	t_eq(gev_write(master, "\177c\nrest", 7), 7);
	end(g);
	t_eq(r.result, 4);
	t_str(r.text, "abc\n");
	g = begin(&r);
	t_eq(gev_write(master, "\4", 1), 1); /* end of file: what there is */
	end(g);
	t_eq(r.result, 4);
	g = begin(&r);
	t_eq(gev_write(master, "\4", 1), 1);
	end(g);
	t_eq(r.result, 0);
	gev_close(r.fd);
	gev_close(master);
}

static void a_terminal_is_written_to(void)
{
	struct reading r = { .read = gev_read };
	gev_greenlet *g;
	int slave;

	if (!open_tty(&r.fd, &slave))
		return;
	g = begin(&r);
	t_eq(gev_write(slave, "hello", 5), 5);
	end(g);
	t_eq(r.result, 5);
	t_str(r.text, "hello");
	g = begin(&r);
	gev_close(slave);
	end(g);
	t_eq(r.result, -1);
	t_eq(r.error, EIO);
	gev_close(r.fd);
}

static void a_terminal_hangs_up(void)
{
	struct reading r = { .read = gev_read };
	gev_greenlet *g;
	int master;

	if (!open_tty(&master, &r.fd))
		return;
	g = begin(&r);
	gev_close(master);
	end(g);
	t_eq(r.result, 0);
	t_fails(gev_write(r.fd, "x", 1), EIO);
	gev_close(r.fd);
}

int main(void)
{
	T_RUN(nonblocking_is_set_once);
	T_RUN(nb_read_waits_nonblocking_or_not);
	T_RUN(nb_write_waits_for_room);
	T_RUN(a_kill_ends_nb_read);
	T_RUN(tp_read_and_tp_write);
	T_RUN(a_terminal_gives_lines);
	T_RUN(a_terminal_is_written_to);
	T_RUN(a_terminal_hangs_up);
	return t_done();
}
