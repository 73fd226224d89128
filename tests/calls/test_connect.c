/* SPDX-License-Identifier: MIT */
/* connect and accept. */
#include <gev/timeout.h>
#include "pair.h"

static int family;

static void each_family(void (*scenario)(const struct world *w),
	const char *file, int line)
{
	static const int families[] = { AF_INET, AF_INET6 };

	for (int i = 0; i < 2; i++) {
		family = families[i];
		same_at(scenario, file, line);
	}
}

#define EACH(scenario) each_family(scenario, __FILE__, __LINE__)

static void accept_one(struct actor *a)
{
	errno = 0;
	a->result = a->w->accept4(a->fd, NULL, NULL, a->flags);
	a->error = errno;
}

static void connect_to(struct actor *a)
{
	errno = 0;
	a->result = a->w->connect(a->fd, a->buf, (socklen_t)a->size);
	a->error = errno;
}

static void log_of(struct actor *a, const char *what)
{
	a->w->join(a);
	errno = a->error;
	note(what, a->result);
}

static void accept_waits_for_somebody(const struct world *w)
{
	struct sockaddr_storage addr, peer, self;
	socklen_t size, peer_size = sizeof(peer), self_size = sizeof(self);
	int l = listener(w, family, &addr, &size);
	struct actor a = { .fn = accept_one, .w = w, .fd = l };
	int c = w->socket(family, SOCK_STREAM, 0);
	int s;

	w->start(&a);
	w->settle(&a);
	t_ok(!a.ended);
	NOTE(w->connect(c, (void *)&addr, size));
	w->join(&a);
	t_eq(w->close((int)a.result), 0);
	NOTE(w->connect(c, (void *)&addr, size));
	t_eq(w->close(c), 0);

	c = w->socket(family, SOCK_STREAM, 0);
	NOTE(w->connect(c, (void *)&addr, size));
	s = NOTE_OK(w->accept(l, (void *)&peer, &peer_size));
	t_eq(getsockname(c, (void *)&self, &self_size), 0);
	t_log("%d %d ", (int)peer_size, !memcmp(&self, &peer, self_size));
	t_eq(w->close(s), 0);
	t_eq(w->close(c), 0);
	t_eq(w->close(l), 0);
}

static void accepting(void)
{
	EACH(accept_waits_for_somebody);
}

static void flags_of_accept4(const struct world *w)
{
	static const int flags[] = { 0, SOCK_NONBLOCK, SOCK_CLOEXEC,
		SOCK_NONBLOCK | SOCK_CLOEXEC };
	struct sockaddr_storage addr;
	socklen_t size;
	int l = listener(w, family, &addr, &size);
	char c;

	for (int i = 0; i < 4; i++) {
		int fd = w->socket(family, SOCK_STREAM | flags[i], 0);
		int s;

		NOTE(w->connect(fd, (void *)&addr, size));
		s = NOTE_OK(w->accept4(l, NULL, NULL, flags[i]));
		t_log("%d ", w->fcntl(s, F_GETFL) & O_NONBLOCK);
		t_log("%d ", w->fcntl(s, F_GETFD));
		if (flags[i] & SOCK_NONBLOCK)
			NOTE(w->recv(s, &c, 1, 0));
		t_eq(w->close(s), 0);
		t_eq(w->close(fd), 0);
	}
	NOTE(w->accept4(l, NULL, NULL, 1));
	t_eq(w->close(l), 0);
}

static void c70_type_flags(void)
{
	EACH(flags_of_accept4);
}

static void nobody_listens(const struct world *w)
{
	struct sockaddr_storage addr;
	socklen_t size;
	int l = bound(w, family, SOCK_STREAM, &addr, &size);
	int c = w->socket(family, SOCK_STREAM, 0);

	NOTE(w->connect(c, (void *)&addr, size));
	NOTE(w->connect(c, (void *)&addr, size));
	NOTE(w->accept(l, NULL, NULL));
	t_log("%d ", fcntl(l, F_GETFL) & O_NONBLOCK);
	NOTE(w->accept(c, NULL, NULL));
	NOTE(w->connect(c, NULL, 0));
	NOTE(w->connect(c, NULL, 16));
	NOTE(w->connect(c, (void *)&addr, 3));
	t_eq(w->close(c), 0);
	t_eq(w->close(l), 0);
	NOTE(w->connect(c, (void *)&addr, size));
	NOTE(w->accept(l, NULL, NULL));
	NOTE(w->connect(-1, (void *)&addr, size));
	NOTE(w->accept(-1, NULL, NULL));
}

static void c70_connect_refused(void)
{
	EACH(nobody_listens);
}

/* A socket that does not wait is told how it went by the next connect(). */
static void connect_ex_codes(const struct world *w)
{
	struct sockaddr_storage addr;
	socklen_t size;
	int l = listener(w, family, &addr, &size);
	int c = w->socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	NOTE(w->connect(c, (void *)&addr, size));
	NOTE(w->connect(c, (void *)&addr, size));
	NOTE(w->connect(c, (void *)&addr, size));
	t_eq(w->close(c), 0);
	t_eq(w->close(l), 0);
	c = w->socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	NOTE(w->connect(c, (void *)&addr, size));
	NOTE(w->connect(c, (void *)&addr, size));
	t_eq(w->close(c), 0);
}

static void c70_connect_ex_codes(void)
{
	EACH(connect_ex_codes);
}

static socklen_t unix_addr(struct sockaddr_un *addr, const char *name)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(addr->sun_path + 1, sizeof(addr->sun_path) - 1, "gev-%d-%s",
		getpid(), name);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   strlen(addr->sun_path + 1));
}

static int unix_listener(const struct world *w, int type, int backlog,
	struct sockaddr_un *addr, socklen_t *size)
{
	int l = w->socket(AF_UNIX, type, 0);

	*size = unix_addr(addr, "listener");
	t_eq(bind(l, (void *)addr, *size), 0);
	t_eq(listen(l, backlog), 0);
	return l;
}

static void a_full_backlog(const struct world *w)
{
	struct sockaddr_un addr;
	struct timeval tv = { 0, 20000 };
	socklen_t size;
	int l = unix_listener(w, SOCK_STREAM, 0, &addr, &size);
	int c[3], s[2];
	struct actor a = { .fn = connect_to, .w = w, .buf = &addr,
		.size = size };

	for (int i = 0; i < 3; i++)
		c[i] = w->socket(AF_UNIX, SOCK_STREAM, 0);
	NOTE(w->connect(c[0], (void *)&addr, size));
	a.fd = c[1];
	w->start(&a);
	w->settle(&a);
	t_ok(!a.ended);
	NOTE(w->setsockopt(c[2], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
	NOTE(w->connect(c[2], (void *)&addr, size));
	NOTE(w->fcntl(c[2], F_SETFL, O_NONBLOCK));
	NOTE(w->connect(c[2], (void *)&addr, size));
	s[0] = NOTE_OK(w->accept(l, NULL, NULL));
	log_of(&a, "connect");
	s[1] = NOTE_OK(w->accept(l, NULL, NULL));
	NOTE(w->write(s[1], "hello", 5));
	NOTE(w->read(c[1], &addr, 5));
	for (int i = 0; i < 3; i++)
		t_eq(w->close(c[i]), 0);
	close_pair(w, s);
	t_eq(w->close(l), 0);
}

static void full_backlog(void)
{
	same(a_full_backlog);
}

static void nobody_at_that_path(const struct world *w)
{
	struct sockaddr_un addr;
	socklen_t size = unix_addr(&addr, "nobody");
	int c = w->socket(AF_UNIX, SOCK_SEQPACKET, 0);

	NOTE(w->connect(c, (void *)&addr, size));
	addr.sun_path[0] = '/';
	NOTE(w->connect(c, (void *)&addr, size));
	t_eq(w->close(c), 0);
}

static void no_such_path(void)
{
	same(nobody_at_that_path);
}

/* The queue of a listener that nobody serves is full: the SYN is dropped. */
static int stuck_listener(const struct world *w, struct sockaddr_storage *addr,
	socklen_t *size, int filler[2])
{
	int l = bound(w, AF_INET, SOCK_STREAM, addr, size);

	t_eq(listen(l, 0), 0);
	for (int i = 0; i < 2; i++) {
		filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(filler[i], (void *)addr, *size);
	}
	return l;
}

static void time_is_over_in_connect(const struct world *w)
{
	struct sockaddr_storage addr;
	struct timeval tv = { 0, 20000 };
	socklen_t size;
	int filler[2], l = stuck_listener(w, &addr, &size, filler);
	int c = w->socket(AF_INET, SOCK_STREAM, 0);

	NOTE(w->setsockopt(c, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
	NOTE(w->connect(c, (void *)&addr, size));
	NOTE(w->connect(c, (void *)&addr, size));
	t_eq(w->close(c), 0);
	close(filler[0]);
	close(filler[1]);
	t_eq(w->close(l), 0);
}

static void connect_with_a_timeout(void)
{
	same(time_is_over_in_connect);
}

/* Given up by one call, the attempt goes on, and another call waits for it. */
static void an_attempt_outlives_its_call(void)
{
	struct sockaddr_storage addr;
	socklen_t size;
	int filler[2];
	int l = stuck_listener(&gev_world, &addr, &size, filler);
	int c = gev_socket(AF_INET, SOCK_STREAM, 0);
	gev_timeout t;

	t_eq(gev_timeout_start(&t, GEV_MS(5)), 0);
	t_fails(gev_connect(c, (void *)&addr, size), ETIMEDOUT);
	t_ok(gev_timeout_cancel(&t));
	t_eq(fcntl(c, F_GETFL) & O_NONBLOCK, 0);
	for (int i = 0; i < 2; i++) /* makes room for the next SYN */
		gev_close(gev_accept(l, NULL, NULL));
	t_eq(gev_connect(c, (void *)&addr, size), 0);
	t_fails(gev_connect(c, (void *)&addr, size), EISCONN);
	gev_close(c);
	gev_close(l);
	close(filler[0]);
	close(filler[1]);
}

static void a_socket_stays_blocking_in_the_kernel(void)
{
	int fds[2];

	for (int sort = TCP4; sort <= PIPE; sort++) {
		make_pair(&gev_world, sort, fds);
		for (int i = 0; i < 2; i++)
			t_eq(fcntl(fds[i], F_GETFL) & O_NONBLOCK, 0);
		close_pair(&gev_world, fds);
	}
}

int main(void)
{
	T_RUN(accepting);
	T_RUN(c70_type_flags);
	T_RUN(c70_connect_refused);
	T_RUN(c70_connect_ex_codes);
	T_RUN(full_backlog);
	T_RUN(no_such_path);
	T_RUN(connect_with_a_timeout);
	T_RUN(an_attempt_outlives_its_call);
	T_RUN(a_socket_stays_blocking_in_the_kernel);
	return t_done();
}
