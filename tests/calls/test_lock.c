/* SPDX-License-Identifier: MIT */
/* gev_flock(), and F_SETLKW and F_OFD_SETLKW of gev_fcntl(); FIONBIO. */
#include <gev/hub.h>
#include <gev/loop.h>
#include <gev/timeout.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "base/inject.h"
#include "pair.h"

static int file;

static int another_one(void)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	fd = open(path, O_RDWR);
	t_ok(fd >= 0);
	gev_forget(fd);
	return fd;
}

static int flock_it(int fd, bool on, bool waits)
{
	return gev_flock(fd, on ? LOCK_EX | (waits ? 0 : LOCK_NB) : LOCK_UN);
}

static int fcntl_it(int fd, bool on, bool waits)
{
	struct flock all = { .l_type = on ? F_WRLCK : F_UNLCK };

	return gev_fcntl(fd, waits ? F_OFD_SETLKW : F_OFD_SETLK, &all);
}

typedef int lock_fn(int fd, bool on, bool waits);

static lock_fn *const locks[] = { flock_it, fcntl_it };
static lock_fn *lock;

static intptr_t hold_for_a_while(void *arg)
{
	int *fd = arg;

	t_eq(lock(*fd, true, true), 0);
	t_log("%d", *fd == file);
	gev_sleep(GEV_MS(500));
	return lock(*fd, false, true);
}

static void it_waits(void)
{
	for (int i = 0; i < 2; i++) {
		int other = another_one();
		gev_greenlet *g[2];

		lock = locks[i];
		g[0] = gev_spawn(hold_for_a_while, &file);
		g[1] = gev_spawn(hold_for_a_while, &other);
		gev_sleep(GEV_MS(400));
		t_log_is("1");
		gev_sleep(GEV_MS(200));
		t_log_is("0");
		for (int j = 0; j < 2; j++) {
			t_eq(gev_get(g[j], GEV_SEC(10)), 0);
			gev_unref(g[j]);
		}
		gev_close(other);
	}
}

static void it_need_not_wait(void)
{
	for (int i = 0; i < 2; i++) {
		int other = another_one();

		t_eq(locks[i](file, true, true), 0);
		t_eq(locks[i](file, true, true), 0); /* its own */
		t_fails(locks[i](other, true, false), EAGAIN);
		t_eq(locks[i](file, false, true), 0);
		t_eq(locks[i](other, true, false), 0);
		gev_close(other);
	}
}

static void many_shared_ones(void)
{
	int other = another_one();

	t_eq(gev_flock(file, LOCK_SH), 0);
	t_eq(gev_flock(other, LOCK_SH), 0);
	t_fails(gev_flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	gev_flock(file, LOCK_UN);
	gev_close(other);
}

/* The kernel's own locks, which belong to the process. */
static void another_process_holds_it(void)
{
	struct flock all = { .l_type = F_WRLCK };
	int to[2], status;
	pid_t pid;
	char c;

	t_eq(pipe(to), 0);
	pid = fork();
	if (pid == 0) {
		fcntl(file, F_SETLK, &all);
		t_eq(write(to[1], "x", 1), 1);
		usleep(20000);
		_exit(0);
	}
	t_eq(read(to[0], &c, 1), 1);
	t_fails(gev_fcntl(file, F_SETLK, &all), EAGAIN);
	t_eq(gev_fcntl(file, F_SETLKW, &all), 0);
	t_eq(waitpid(pid, &status, 0), pid);
	all.l_type = F_UNLCK;
	t_eq(gev_fcntl(file, F_SETLKW, &all), 0);
	close(to[0]);
	close(to[1]);
}

static void bad_arguments(void)
{
	struct flock none = { .l_type = 99 };
	gev_loop *loop = gev_hub_loop(gev_hub_get());
	gev_time start, took;

	if (t_under("qemu")) {
		t_skip("qemu has errors of its own");
		return;
	}
	t_fails(gev_flock(-1, LOCK_EX), EBADF);
	t_fails(gev_flock(file, 0), EINVAL);
	t_fails(gev_fcntl(-1, F_SETLKW, &none), EBADF);
	t_fails(gev_fcntl(file, F_SETLKW, &none), EINVAL);
	gev__inject = (struct gev__inject){ .nr = SYS_flock, .error = -ENOLCK,
		.times = 1 };
	t_fails(gev_flock(file, LOCK_EX), ENOLCK);
	gev__inject = (struct gev__inject){ .nr = SYS_flock, .error = -EAGAIN,
		.times = 200 };
	start = gev_loop_update(loop);
	t_eq(gev_flock(file, LOCK_EX), 0);
	t_eq(gev__inject.calls, 201);
	took = gev_loop_update(loop) - start;
	t_ok(took > 16 * GEV_MS(10) && took < 200 * GEV_MS(10));
	gev__inject.nr = -1;
	gev_flock(file, LOCK_UN);
}

/* FIONBIO is O_NONBLOCK, also where that is not what the kernel has. */
static void fionbio(void)
{
	struct sockaddr_storage addr;
	socklen_t size;
	int fds[2], l, on = 1, off = 0, n;
	gev_timeout t;

	if (t_under("qemu")) {
		t_skip("qemu has errors of its own");
		return;
	}
	make_pair(&gev_world, TCP4, fds);
	t_eq(gev_ioctl(fds[0], FIONBIO, &on), 0);
	t_fails(gev_read(fds[0], &n, 1), EAGAIN);
	t_ok(gev_fcntl(fds[0], F_GETFL) & O_NONBLOCK);
	t_eq(gev_ioctl(fds[0], FIONBIO, &off), 0);
	gev_timeout_start(&t, GEV_MS(10));
	t_fails(gev_read(fds[0], &n, 1), ETIMEDOUT);
	gev_timeout_cancel(&t);
	t_eq(gev_send(fds[1], "abc", 3, 0), 3);
	t_eq(gev_ioctl(fds[0], FIONREAD, &n), 0);
	t_eq(n, 3);
	close_pair(&gev_world, fds);

	l = listener(&gev_world, AF_INET, &addr, &size);
	for (int i = 0; i < 2; i++) {
		gev_timeout_start(&t, GEV_MS(10));
		t_fails(gev_accept(l, NULL, NULL), ETIMEDOUT);
		gev_timeout_cancel(&t);
		t_ok(fcntl(l, F_GETFL) & O_NONBLOCK); /* ours */
		t_ok(!(gev_fcntl(l, F_GETFL) & O_NONBLOCK));
		t_eq(gev_ioctl(l, FIONBIO, &on), 0);
		t_ok(gev_fcntl(l, F_GETFL) & O_NONBLOCK);
		t_fails(gev_accept(l, NULL, NULL), EAGAIN);
		t_eq(gev_ioctl(l, FIONBIO, &off), 0);
	}
	gev_close(l);
	t_fails(gev_ioctl(-1, FIONBIO, &on), EBADF);
	t_fails(gev_ioctl(file, FIONCLEX + 100000, 0), ENOTTY);
}

int main(void)
{
	file = memfd_create("file", 0);
	T_RUN(another_process_holds_it);
	t_virtual();
	T_RUN(it_waits);
	T_RUN(it_need_not_wait);
	T_RUN(many_shared_ones);
	T_RUN(bad_arguments);
	T_RUN(fionbio);
	return t_done();
}
