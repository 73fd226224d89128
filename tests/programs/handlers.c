/* SPDX-License-Identifier: MIT */
/* What handlers may do, and how they come one after the other. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <ucontext.h>
#include "program.h"

static volatile int handled, ready, depth, deepest;
static volatile long handler_tid;
static int order[16];
static int pipe_fds[2];

static void install(int signum, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = { .sa_sigaction = fn,
		.sa_flags = flags | SA_SIGINFO };

	sigaction(signum, &sa, NULL);
}

static sigset_t one(int signum)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signum);
	return set;
}

static void mask(int how, int signum)
{
	sigset_t set = one(signum);

	pthread_sigmask(how, &set, NULL);
}

static bool is_blocked(int signum)
{
	sigset_t now;

	pthread_sigmask(SIG_BLOCK, NULL, &now);
	return sigismember(&now, signum);
}

static void note(int signum, siginfo_t *info, void *context)
{
	(void)context;
	if (handled < 16)
		order[handled] = info->si_value.sival_int;
	(void)signum;
	handler_tid = gettid_raw();
	handled++;
}

static void *idle(void *arg)
{
	ready = 1;
	while (!await(arg))
		;
	return NULL;
}

/* Many that were blocked: in order, and on one piece of stack. */
static void queued(void)
{
	const int signum = SIGRTMIN + 3;
	bool right = true;

	install(signum, note, 0);
	mask(SIG_BLOCK, signum);
	handled = 0;
	for (int i = 0; i < 200; i++)
		pthread_sigqueue(pthread_self(), signum,
			(union sigval){ .sival_int = i });
	say(handled == 0, "blocked they wait");
	mask(SIG_UNBLOCK, signum);
	for (int i = 0; i < 16; i++)
		right = right && order[i] == i;
	say(handled == 200 && right, "and come in order, each with its value");
	handled = 0;
	mask(SIG_BLOCK, SIGUSR1);
	raise(SIGUSR1);
	raise(SIGUSR1);
	mask(SIG_UNBLOCK, SIGUSR1);
	say(handled == 1, "of the old ones one waits at most");
}

static void nest(int signum, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	depth++;
	deepest = depth > deepest ? depth : deepest;
	if (deepest < 3)
		raise(signum);
	depth--;
	handled++;
}

static void nesting(void)
{
	handled = deepest = 0;
	install(SIGUSR2, nest, SA_NODEFER);
	raise(SIGUSR2);
	say(deepest == 3 && handled == 3, "SA_NODEFER");
}

static double sum;

static void compute(int signum, siginfo_t *info, void *context)
{
	volatile double x = 1;

	(void)signum;
	(void)info;
	(void)context;
	for (int i = 0; i < 100; i++)
		x = x * 1.5 + i;
	pause_ms(1);
	handled++;
}

static void registers(void)
{
	struct itimerspec t = { { 0, 1000000 }, { 0, 1000000 } };
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGALRM };
	double expected = 0;
	timer_t timer;

	install(SIGALRM, compute, SA_RESTART);
	for (int i = 1; i < 20000000; i++)
		expected += 1.0 / i;
	timer_create(CLOCK_MONOTONIC, &e, &timer);
	timer_settime(timer, 0, &t, NULL);
	handled = 0;
	for (int i = 1; i < 20000000; i++)
		sum += 1.0 / i;
	timer_delete(timer);
	pause_ms(10);
	say(handled > 1 && sum == expected,
		"handlers that wait leave vector registers as they are");
}

static void *wait_masked(void *arg)
{
	const long how = (intptr_t)arg;
	struct timespec t = { 5, 0 };
	sigset_t none;
	int r = 0, epoll;

	sigemptyset(&none);
	ready = 1;
	if (how == 0)
		r = ppoll(NULL, 0, &t, &none);
	if (how == 1)
		r = pselect(0, NULL, NULL, NULL, &t, &none);
	if (how == 2) {
		struct epoll_event event;

		epoll = epoll_create1(0);
		r = epoll_pwait(epoll, &event, 1, 5000, &none);
		close(epoll);
	}
	return (void *)(intptr_t)(r < 0 && errno == EINTR &&
				  is_blocked(SIGUSR1));
}

static void masked(void)
{
	static const char *const names[] = { "ppoll", "pselect",
		"epoll_pwait" };

	install(SIGUSR1, note, SA_RESTART);
	mask(SIG_BLOCK, SIGUSR1);
	for (intptr_t i = 0; i < 3; i++) {
		pthread_t t;

		ready = handled = 0;
		t = begin(wait_masked, (void *)i);
		await(&ready);
		pause_ms(20);
		pthread_kill(t, SIGUSR1);
		say(finish(t) && handled == 1, names[i]);
		ready = handled = 0;
		t = begin(wait_masked, (void *)i);
		pthread_kill(t, SIGUSR1);
		say(finish(t) && handled == 1, "and if it came before");
	}
	mask(SIG_UNBLOCK, SIGUSR1);
}

static void *inherit(void *arg)
{
	stack_t stack;

	sigaltstack(NULL, &stack);
	return (void *)(intptr_t)(is_blocked(SIGUSR2) &&
				  !is_blocked(SIGUSR1) && !arg &&
				  stack.ss_flags & SS_DISABLE);
}

static void *execute(void *arg)
{
	mask(SIG_BLOCK, SIGUSR2);
	execl("/bin/sh", "sh", "-c", "kill -USR2 $$; exit 9", NULL);
	return arg;
}

static void inheritance(void)
{
	int status = 0;
	pid_t pid;

	mask(SIG_BLOCK, SIGUSR2);
	say(finish(begin(inherit, NULL)) != NULL, "a thread inherits the mask");
	pid = fork();
	if (pid == 0)
		_exit(inherit(NULL) ? 7 : 1);
	waitpid(pid, &status, 0);
	say(WIFEXITED(status) && WEXITSTATUS(status) == 7,
		"a child does, too");
	mask(SIG_UNBLOCK, SIGUSR2);
	pid = fork();
	if (pid == 0) {
		finish(begin(execute, NULL));
		_exit(1);
	}
	waitpid(pid, &status, 0);
	say(WIFEXITED(status) && WEXITSTATUS(status) == 9,
		"and what a thread executes");
	pid = fork();
	if (pid == 0) {
		raise(SIGINT);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	say(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT,
		"a child dies of a signal");
}

static void *write_pipe(void *arg)
{
	mask(SIG_BLOCK, SIGPIPE);
	if (write(*(int *)arg, "x", 1) >= 0 || errno != EPIPE)
		return NULL;
	return (void *)1;
}

static void broken_pipe(void)
{
	int fds[2];

	say(pipe(fds) == 0, "a pipe");
	close(fds[0]);
	say(finish(begin(write_pipe, &fds[1])) != NULL,
		"SIGPIPE is for the thread that writes");
	close(fds[1]);
}

static sigjmp_buf jump;

static void escape(int signum, siginfo_t *info, void *context)
{
	(void)signum;
	(void)info;
	(void)context;
	siglongjmp(jump, 1);
}

static void *kill_main(void *arg)
{
	pause_ms(10);
	pthread_kill(*(pthread_t *)arg, SIGUSR1);
	return NULL;
}

static void escapes(void)
{
	static pthread_t self;
	volatile int times = 0;
	pthread_t t;

	self = pthread_self();
	install(SIGUSR1, escape, 0);
	for (volatile int i = 0; i < 3; i++) {
		t = begin(kill_main, &self);
		if (sigsetjmp(jump, 1) == 0)
			for (;;)
				pause();
		times++;
		finish(t);
	}
	say(times == 3 && !is_blocked(SIGUSR1), "a handler leaves pause()");
}

static void block_there(int signum, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)signum;
	(void)info;
	sigaddset(&uc->uc_sigmask, SIGUSR2);
	handled++;
}

static void contexts(void)
{
	handled = 0;
	install(SIGUSR1, block_there, 0);
	raise(SIGUSR1);
	say(handled == 1 && is_blocked(SIGUSR2),
		"a handler changes the mask it returns to");
	mask(SIG_UNBLOCK, SIGUSR2);
}

static int (*volatile again)(volatile char *above);

static int recurse(volatile char *above)
{
	volatile char room[4096];

	room[0] = *above;
	return again(room) + room[0];
}

static void *overflow(void *arg)
{
	char first = 0;
	stack_t stack = { .ss_sp = arg, .ss_size = 65536 };

	sigaltstack(&stack, NULL);
	again = recurse;
	if (sigsetjmp(jump, 1) == 0)
		recurse(&first);
	return arg;
}

static void overflows(void)
{
	static char stack[65536];

	install(SIGSEGV, escape, SA_ONSTACK);
	say(finish(begin(overflow, stack)) != NULL,
		"a stack's overflow is handled on another");
}

static void *insist(void *arg)
{
	char c = 0;
	ssize_t n;

	(void)arg;
	ready = 1;
	n = read(pipe_fds[0], &c, 1);
	return (void *)(intptr_t)(n == 1 && c == 'x');
}

static void storms(void)
{
	pthread_t t;

	say(pipe(pipe_fds) == 0, "another");
	install(SIGUSR1, note, SA_RESTART);
	ready = handled = 0;
	t = begin(insist, NULL);
	await(&ready);
	for (int i = 0; i < 500; i++) {
		pthread_kill(t, SIGUSR1);
		if (i % 10 == 0)
			pause_ms(1);
	}
	say(write(pipe_fds[1], "x", 1) == 1 && finish(t),
		"many interrupt a read that goes on");
	say(handled > 10, "one after the other");
}

int main(void)
{
	static volatile int over;
	pthread_t other = begin(idle, (void *)&over);

	await(&ready);
	install(SIGUSR1, note, 0);
	queued();
	nesting();
	registers();
	masked();
	inheritance();
	broken_pipe();
	escapes();
	contexts();
	overflows();
	storms();
	say(pthread_kill(other, 0) == 0, "signal 0 asks whether it lives");
	over = 1;
	finish(other);
	raise(SIGUSR1);
	signal(SIGINT, SIG_DFL);
	raise(SIGINT);
	return 0;
}
