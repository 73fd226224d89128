/* SPDX-License-Identifier: MIT */
/* Signal handlers of a program that knows nothing of gev. */
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <gev/watcher.h>
#include "patch/patch.h"

static volatile sig_atomic_t caught;
static int ends[2];
static sem_t sem;

static void on_signal(int signum)
{
	(void)signum;
	caught++;
}

static void on_info(int signum, siginfo_t *info, void *context)
{
	caught += info->si_signo == signum && context;
}

static void install(int signum, void (*handler)(int), int flags)
{
	struct sigaction a = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&a.sa_mask);
	t_eq(sigaction(signum, &a, NULL), 0);
}

static void restore(int signum)
{
	signal(signum, SIG_DFL);
	t_eq(gev_unpatch_all(), 0);
}

static void the_program_sees_its_own(void)
{
	struct sigaction a = { .sa_sigaction = on_info,
		.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK }, old;

	if (!patch(GEV_PATCH_ALL))
		return;
	sigemptyset(&a.sa_mask);
	sigaddset(&a.sa_mask, SIGUSR2);
	t_eq(sigaction(SIGUSR1, &a, &old), 0);
	t_ok(old.sa_handler == SIG_DFL);
	t_eq(sigaction(SIGUSR1, NULL, &old), 0);
	t_ok(old.sa_sigaction == on_info);
	t_eq(old.sa_flags & (SA_SIGINFO | SA_RESTART | SA_ONSTACK),
		SA_SIGINFO | SA_RESTART | SA_ONSTACK);
	t_eq(sigismember(&old.sa_mask, SIGUSR2), 1);
	t_eq(sigismember(&old.sa_mask, SIGUSR1), 0);
	caught = 0;
	t_eq(raise(SIGUSR1), 0);
	t_eq(caught, 1);
	t_ok(signal(SIGUSR1, on_signal) == (sighandler_t)(void *)on_info);
	t_ok(signal(SIGUSR1, SIG_IGN) == on_signal);
	t_ok(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
	t_fails(sigaction(SIGKILL, &a, NULL), EINVAL);
	t_eq(sigaction(SIGKILL, NULL, &old), 0);
	t_ok(old.sa_handler == SIG_DFL);
	restore(SIGUSR1);
}

static void those_that_were_there_are_wrapped_and_put_back(void)
{
	struct sigaction old;

	install(SIGUSR1, on_signal, 0);
	if (patch(GEV_PATCH_ALL)) {
		t_eq(sigaction(SIGUSR1, NULL, &old), 0);
		t_ok(old.sa_handler == on_signal);
		t_eq(old.sa_flags & SA_SIGINFO, 0);
		caught = 0;
		raise(SIGUSR1);
		t_eq(caught, 1);
		t_eq(gev_unpatch_all(), 0);
		t_eq(sigaction(SIGUSR1, NULL, &old), 0);
		t_ok(old.sa_handler == on_signal);
		t_eq(old.sa_flags & SA_SIGINFO, 0);
		raise(SIGUSR1);
		t_eq(caught, 2);
	}
	signal(SIGUSR1, SIG_DFL);
}

static void one_shot_handlers_are_reset(void)
{
	struct sigaction old;

	if (!patch(GEV_PATCH_ALL))
		return;
	install(SIGUSR1, on_signal, (int)(SA_RESETHAND | SA_NODEFER));
	caught = 0;
	raise(SIGUSR1);
	t_eq(caught, 1);
	t_eq(sigaction(SIGUSR1, NULL, &old), 0);
	t_ok(old.sa_handler == SIG_DFL);
	t_eq(old.sa_flags & SA_SIGINFO, 0);
	restore(SIGUSR1);
}

static int depth;

static void on_nested(int signum)
{
	if (++depth < 12)
		raise(signum);
	write(ends[1], "n", 1);
}

/* Deeper than what is noted has room for. */
static intptr_t nest(void *arg)
{
	char buf[32];

	(void)arg;
	depth = 0;
	raise(SIGUSR1);
	t_eq(read(ends[0], buf, sizeof(buf)), 12);
	return 0;
}

static void handlers_nest(void)
{
	if (!patch(GEV_PATCH_ALL))
		return;
	t_eq(pipe(ends), 0);
	install(SIGUSR1, on_nested, SA_NODEFER);
	nest(NULL);
	join(start(nest, 0));
	close(ends[0]);
	close(ends[1]);
	restore(SIGUSR1);
}

static bool ran;

static intptr_t run(void *arg)
{
	(void)arg;
	ran = true;
	return 0;
}

static void on_signal_wait(int signum)
{
	(void)signum;
	poll(NULL, 0, 2);
	caught = !ran;
}

/* Nobody else runs meanwhile, whatever it was that it interrupted. */
static void calls_of_handlers_are_the_kernels(void)
{
	gev_greenlet *g;

	if (!patch(GEV_PATCH_ALL))
		return;
	install(SIGUSR1, on_signal_wait, 0);
	ran = false;
	caught = 0;
	g = start(run, 0);
	raise(SIGUSR1);
	t_ok(caught);
	join(g);
	t_ok(ran);
	restore(SIGUSR1);
}

static void on_timer(int signum)
{
	int saved = errno;

	(void)signum;
	caught++;
	write(ends[1], "t", 1);
	sem_post(&sem);
	errno = saved;
}

static int posted, exchanged;
static volatile bool stop;

static intptr_t take_posts(void *arg)
{
	(void)arg;
	while (!stop)
		if (sem_wait(&sem) == 0)
			posted++;
	return 0;
}

static intptr_t read_ticks(void *arg)
{
	char c;

	(void)arg;
	while (!stop)
		if (read(ends[0], &c, 1) == 1)
			t_eq(c, 't');
	return 0;
}

static intptr_t exchange(void *arg)
{
	int pair[2];
	char c = 'x';

	(void)arg;
	t_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	while (!stop) {
		t_eq(write(pair[0], &c, 1), 1);
		t_eq(read(pair[1], &c, 1), 1);
		exchanged++;
		if (exchanged % 64 == 0)
			usleep(10);
	}
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static void set_timer(int us)
{
	struct itimerval t = { .it_interval.tv_usec = us,
		.it_value.tv_usec = us };

	t_eq(setitimer(ITIMER_REAL, &t, NULL), 0);
}

static void handlers_may_write_and_post(void)
{
	gev_greenlet *g[8];
	struct timespec t;

	if (!patch(GEV_PATCH_ALL))
		return;
	t_eq(pipe(ends), 0);
	sem_init(&sem, 0, 0);
	install(SIGALRM, on_timer, SA_RESTART);
	caught = posted = exchanged = 0;
	stop = false;
	g[0] = start(take_posts, 0);
	g[1] = start(take_posts, 0);
	g[2] = start(read_ticks, 0);
	for (int i = 3; i < 8; i++)
		g[i] = start(exchange, 0);
	set_timer(1000);
	while (caught < 300)
		gev_sleep(GEV_MS(1));
	set_timer(0);
	stop = true;
	sem_post(&sem);
	sem_post(&sem);
	write(ends[1], "t", 1);
	for (int i = 0; i < 8; i++)
		join(g[i]);
	clock_gettime(CLOCK_REALTIME, &t);
	while (sem_timedwait(&sem, &t) == 0)
		posted++;
	t_eq(posted, caught + 2);
	t_ok(exchanged > 0);
	close(ends[0]);
	close(ends[1]);
	restore(SIGALRM);
}

static sigjmp_buf back;

static void jump_out(int signum)
{
	(void)signum;
	siglongjmp(back, 1);
}

static intptr_t write_later(void *arg)
{
	(void)arg;
	gev_sleep(GEV_MS(1));
	return write(ends[1], "l", 1) == 1 ? 0 : 1;
}

/* Whether a call of this greenlet still lets others run. */
static void still_waits(void)
{
	gev_greenlet *g = start(write_later, 0);
	struct pollfd p = { .fd = ends[0], .events = POLLIN };
	char c;

	t_eq(poll(&p, 1, 1000), 1);
	t_eq(read(ends[0], &c, 1), 1);
	join(g);
}

static __attribute__((noinline)) void still_waits_deeper(void)
{
	volatile char room[32 << 10];

	room[0] = 1;
	memset((char *)room, 0, sizeof(room));
	still_waits();
	room[1] = 1;
}

static void jump_by(int flags)
{
	install(SIGUSR1, jump_out, flags);
	if (!sigsetjmp(back, 1))
		raise(SIGUSR1);
	still_waits_deeper();
	if (!sigsetjmp(back, 1))
		raise(SIGUSR1);
	still_waits();
}

static void handlers_may_jump_out(void)
{
	static char room[64 << 10];
	stack_t alt = { .ss_sp = room, .ss_size = sizeof(room) }, old;

	if (!patch(GEV_PATCH_ALL))
		return;
	t_eq(pipe(ends), 0);
	t_eq(sigaltstack(&alt, &old), 0);
	jump_by(0);
	jump_by(SA_ONSTACK);
	t_eq(sigaltstack(&old, NULL), 0);
	close(ends[0]);
	close(ends[1]);
	restore(SIGUSR1);
}

static void signal_soon(void)
{
	struct itimerval t = { .it_value.tv_usec = 2000 };

	setitimer(ITIMER_REAL, &t, NULL);
}

/* As the main thread's would be. */
static void calls_of_main_answer_eintr(void)
{
	struct timespec second = { 1, 0 }, left = { 0, 0 };
	struct pollfd p = { .events = POLLIN };
	char c;

	if (!patch(GEV_PATCH_ALL))
		return;
	t_eq(pipe(ends), 0);
	p.fd = ends[0];
	install(SIGALRM, on_signal, 0);
	signal_soon();
	t_fails(read(ends[0], &c, 1), EINTR);
	signal_soon();
	t_fails(poll(&p, 1, 5000), EINTR);
	signal_soon();
	t_fails(nanosleep(&second, &left), EINTR);
	t_ok(left.tv_nsec > 0);
	sem_init(&sem, 0, 0);
	signal_soon();
	t_fails(sem_wait(&sem), EINTR);
	close(ends[0]);
	close(ends[1]);
	restore(SIGALRM);
}

static void on_signal_write(int signum)
{
	(void)signum;
	caught++;
	write(ends[1], "w", 1);
}

static void sa_restart_is_honoured(void)
{
	struct pollfd p = { .events = POLLIN };
	char c = 0;

	if (!patch(GEV_PATCH_ALL))
		return;
	t_eq(pipe(ends), 0);
	p.fd = ends[0];
	install(SIGALRM, on_signal_write, SA_RESTART);
	signal_soon();
	t_eq(read(ends[0], &c, 1), 1);
	t_eq(c, 'w');
	install(SIGALRM, on_signal, SA_RESTART);
	signal_soon();
	t_fails(poll(&p, 1, 5000), EINTR);
	close(ends[0]);
	close(ends[1]);
	restore(SIGALRM);
}

static intptr_t read_one(void *arg)
{
	char c = 0;

	(void)arg;
	return read(ends[0], &c, 1) == 1 ? 0 : errno;
}

static void calls_of_others_go_on(void)
{
	gev_greenlet *g;

	if (!patch(GEV_PATCH_ALL))
		return;
	t_eq(pipe(ends), 0);
	install(SIGALRM, on_signal, 0);
	caught = 0;
	g = start(read_one, 0);
	signal_soon();
	while (!caught)
		gev_sleep(GEV_MS(1));
	gev_sleep(GEV_MS(1));
	t_ok(!gev_dead(g));
	t_eq(write(ends[1], "o", 1), 1);
	join(g);
	close(ends[0]);
	close(ends[1]);
	restore(SIGALRM);
}

static int seen;

static int on_watched(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	(void)arg;
	seen++;
	return 0;
}

/* gev's own handlers are no program's; and give back what was theirs. */
static void watchers_go_on(void)
{
	gev_signal_watcher w;
	struct sigaction old;

	if (!patch(GEV_PATCH_ALL))
		return;
	install(SIGUSR2, on_signal, 0);
	gev_signal_init(&w, gev_hub_loop(gev_hub_get()), SIGUSR2);
	t_eq(gev_signal_start(&w, on_watched, NULL), 0);
	t_eq(gev_patch_all(GEV_PATCH_ALL), 0);
	seen = caught = 0;
	raise(SIGUSR2);
	gev_sleep(GEV_MS(1));
	t_eq(seen, 1);
	t_eq(caught, 0);
	t_eq(gev_watcher_stop(&w.w), 0);
	t_eq(sigaction(SIGUSR2, NULL, &old), 0);
	t_ok(old.sa_handler == on_signal);
	raise(SIGUSR2);
	t_eq(caught, 1);
	restore(SIGUSR2);
}

static void *wait_in_read(void *arg)
{
	char c;

	*(atomic_int *)arg = (int)syscall(SYS_gettid);
	return (void *)(intptr_t)(read(ends[0], &c, 1) == 1 ? 0 : errno);
}

static void a_thread_is_interrupted_as_ever(void)
{
	atomic_int tid = 0;
	pthread_t t;
	void *r;

	if (!patch(GEV_PATCH_ALL))
		return;
	t_eq(pipe(ends), 0);
	install(SIGUSR1, on_signal, 0);
	caught = 0;
	pthread_create(&t, NULL, wait_in_read, (void *)&tid);
	while (!tid)
		gev_sleep(GEV_MS(1));
	gev_sleep(GEV_MS(20));
	t_eq(pthread_kill(t, SIGUSR1), 0);
	while (!caught)
		gev_sleep(GEV_MS(1));
	t_eq(write(ends[1], "a", 1), 1);
	t_eq(pthread_join(t, &r), 0);
	t_ok(r == NULL || r == (void *)EINTR);
	close(ends[0]);
	close(ends[1]);
	restore(SIGUSR1);
}

static void children_have_the_handlers(void)
{
	pid_t child;
	int status;

	if (!patch(GEV_PATCH_ALL))
		return;
	install(SIGUSR1, on_signal, 0);
	child = fork();
	if (child == 0) {
		caught = 0;
		raise(SIGUSR1);
		t_eq(caught, 1);
		install(SIGUSR2, on_signal, 0);
		raise(SIGUSR2);
		t_eq(caught, 2);
		_exit(t_failures != 0);
	}
	t_eq(waitpid(child, &status, 0), child);
	t_eq(status, 0);
	t_eq(system("kill -USR1 $$; exit 3"), SIGUSR1);
	restore(SIGUSR1);
}

int main(void)
{
	T_RUN(the_program_sees_its_own);
	T_RUN(those_that_were_there_are_wrapped_and_put_back);
	T_RUN(one_shot_handlers_are_reset);
	T_RUN(handlers_nest);
	T_RUN(calls_of_handlers_are_the_kernels);
	T_RUN(handlers_may_write_and_post);
	T_RUN(handlers_may_jump_out);
	T_RUN(calls_of_main_answer_eintr);
	T_RUN(sa_restart_is_honoured);
	T_RUN(calls_of_others_go_on);
	T_RUN(watchers_go_on);
	T_RUN(a_thread_is_interrupted_as_ever);
	T_RUN(children_have_the_handlers);
	return t_done();
}
