/* SPDX-License-Identifier: MIT */
/* Which thread gets a signal, and what becomes of what it was doing. */
#include <setjmp.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include "program.h"

static volatile int handled, ready, last;
static volatile long handler_tid;
static volatile sig_atomic_t nested;

static void note(int signum)
{
	last = signum;
	handler_tid = gettid_raw();
	handled++;
}

static void install(int signum, void (*fn)(int), int flags)
{
	struct sigaction sa = { .sa_handler = fn, .sa_flags = flags };

	sigaction(signum, &sa, NULL);
}

static void mask(int how, int signum)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signum);
	pthread_sigmask(how, &set, NULL);
}

static int pipe_fds[2];
static volatile long reader_tid;

static void *read_pipe(void *arg)
{
	char c;
	ssize_t n;

	(void)arg;
	reader_tid = gettid_raw();
	ready = 1;
	n = read(pipe_fds[0], &c, 1);
	return (void *)(n < 0 ? -(intptr_t)errno : (intptr_t)n);
}

static pthread_t start_reader(void)
{
	pthread_t t;

	ready = handled = 0;
	t = begin(read_pipe, NULL);
	await(&ready);
	pause_ms(20);
	return t;
}

static void directed(void)
{
	pthread_t t;

	install(SIGUSR1, note, 0);
	t = start_reader();
	pthread_kill(t, SIGUSR1);
	say(finish(t) == (void *)(intptr_t)-EINTR, "a read is interrupted");
	say(handled == 1 && handler_tid == reader_tid,
		"the handler runs in the thread it was sent to");
	install(SIGUSR1, note, SA_RESTART);
	t = start_reader();
	pthread_kill(t, SIGUSR1);
	await(&handled);
	pause_ms(10);
	say(write(pipe_fds[1], "x", 1) == 1 && finish(t) == (void *)1,
		"with SA_RESTART it goes on");
	say(handler_tid == reader_tid, "after the handler");
}

static void *sleep_long(void *arg)
{
	struct timespec t = { 5, 0 }, rest = { 0, 0 };
	int r;

	(void)arg;
	ready = 1;
	r = nanosleep(&t, &rest);
	return (void *)(intptr_t)(r < 0 && errno == EINTR && rest.tv_sec == 4);
}

static void sleeping(void)
{
	pthread_t t;

	ready = handled = 0;
	t = begin(sleep_long, NULL);
	await(&ready);
	pause_ms(20);
	pthread_kill(t, SIGUSR1);
	say(finish(t) != NULL, "nanosleep tells what is left");
}

static void *spin(void *arg)
{
	(void)arg;
	reader_tid = gettid_raw();
	ready = 1;
	while (!handled)
		;
	return NULL;
}

static void computing(void)
{
	pthread_t t;

	ready = handled = 0;
	t = begin(spin, NULL);
	await(&ready);
	pthread_kill(t, SIGUSR1);
	finish(t);
	say(handler_tid == reader_tid, "a computing thread is interrupted");
}

static void *wait_unblocked(void *arg)
{
	(void)arg;
	mask(SIG_UNBLOCK, SIGUSR2);
	reader_tid = gettid_raw();
	ready = 1;
	await(&handled);
	return NULL;
}

static void whole_process(void)
{
	pthread_t t;

	install(SIGUSR2, note, 0);
	mask(SIG_BLOCK, SIGUSR2);
	ready = handled = 0;
	t = begin(wait_unblocked, NULL);
	await(&ready);
	kill(getpid(), SIGUSR2);
	finish(t);
	say(handled == 1 && handler_tid == reader_tid,
		"a process's signal goes to a thread that does not block it");
}

static void *wait_for_signal(void *arg)
{
	sigset_t set;
	int signum = 0;

	(void)arg;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	ready = 1;
	sigwait(&set, &signum);
	return (void *)(intptr_t)signum;
}

static void waiting(void)
{
	struct timespec soon = { 0, 20000000 };
	sigset_t set, pending;
	siginfo_t info;
	union sigval value = { .sival_int = 42 };
	pthread_t t;

	ready = 0;
	t = begin(wait_for_signal, NULL);
	await(&ready);
	pause_ms(20);
	kill(getpid(), SIGUSR2);
	say(finish(t) == (void *)SIGUSR2, "sigwait");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	say(sigtimedwait(&set, &info, &soon) < 0 && errno == EAGAIN,
		"sigtimedwait in vain");
	sigqueue(getpid(), SIGUSR2, value);
	sigpending(&pending);
	say(sigismember(&pending, SIGUSR2), "blocked everywhere it is pending");
	say(sigtimedwait(&set, &info, &soon) == SIGUSR2 &&
			info.si_value.sival_int == 42,
		"and is waited for, value and all");
}

static void *suspend(void *arg)
{
	sigset_t none;

	mask(SIG_BLOCK, SIGUSR1);
	sigemptyset(&none);
	ready = 1;
	if (arg)
		return (void *)(intptr_t)(sigsuspend(&none) < 0 &&
					  errno == EINTR);
	mask(SIG_UNBLOCK, SIGUSR1);
	return (void *)(intptr_t)(pause() < 0 && errno == EINTR);
}

static void suspending(void)
{
	pthread_t t;

	for (intptr_t i = 0; i < 2; i++) {
		ready = handled = 0;
		t = begin(suspend, (void *)i);
		await(&ready);
		pause_ms(20);
		pthread_kill(t, SIGUSR1);
		say(finish(t) != NULL && handled == 1,
			i ? "sigsuspend" : "pause");
	}
}

static void by_descriptor(void)
{
	struct signalfd_siginfo info;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	kill(getpid(), SIGUSR2);
	say(read(fd, &info, sizeof(info)) == sizeof(info) &&
			info.ssi_signo == SIGUSR2,
		"signalfd");
	close(fd);
}

static volatile bool on_stack;
static char *alternate;
#define ALT_SIZE 65536

static void look(int signum)
{
	char here;

	on_stack = &here >= alternate && &here < alternate + ALT_SIZE;
	note(signum);
}

static void *use_alternate(void *arg)
{
	stack_t stack = { .ss_sp = malloc(ALT_SIZE), .ss_size = ALT_SIZE };

	(void)arg;
	alternate = stack.ss_sp;
	sigaltstack(&stack, NULL);
	pause_ms(5);
	pthread_kill(pthread_self(), SIGUSR1);
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, NULL);
	free(alternate);
	return NULL;
}

static void *have_none(void *arg)
{
	(void)arg;
	pause_ms(1);
	pthread_kill(pthread_self(), SIGUSR1);
	return NULL;
}

static void stacks(void)
{
	install(SIGUSR1, look, SA_ONSTACK);
	finish(begin(use_alternate, NULL));
	say(on_stack, "a thread's alternate stack is used");
	alternate = NULL;
	finish(begin(have_none, NULL));
	say(!on_stack, "but not by those who have none");
}

static sigjmp_buf jump;

static void escape(int signum)
{
	(void)signum;
	siglongjmp(jump, 1);
}

static void *escape_from_read(void *arg)
{
	char c;

	(void)arg;
	if (sigsetjmp(jump, 1) == 0) {
		ready = 1;
		if (read(pipe_fds[0], &c, 1) != -2)
			return NULL;
	}
	return (void *)(intptr_t)(write(pipe_fds[1], "y", 1) == 1 &&
				  read(pipe_fds[0], &c, 1) == 1);
}

static void jumps(void)
{
	pthread_t t;

	install(SIGUSR1, escape, 0);
	ready = 0;
	t = begin(escape_from_read, NULL);
	await(&ready);
	pause_ms(20);
	pthread_kill(t, SIGUSR1);
	say(finish(t) != NULL, "a handler leaves a read by siglongjmp");
}

static void *fault(void *arg)
{
	if (sigsetjmp(jump, 1) == 0)
		*(volatile int *)arg = 1;
	return (void *)1;
}

static void faults(void)
{
	install(SIGSEGV, escape, SA_NODEFER);
	say(finish(begin(fault, (void *)8)) != NULL, "SIGSEGV is survived");
	say(finish(begin(fault, (void *)8)) != NULL, "once more");
	install(SIGSEGV, SIG_DFL, 0);
}

static void on_timer(union sigval value)
{
	*(volatile int *)value.sival_ptr = 1;
}

static void timers(void)
{
	static volatile int fired;
	struct itimerspec t = { .it_value = { 0, 10000000 } };
	struct sigevent e = { .sigev_notify = SIGEV_THREAD,
		.sigev_notify_function = on_timer,
		.sigev_value.sival_ptr = (void *)&fired };
	struct itimerval alarm = { .it_value = { 0, 10000 } };
	timer_t timer;

	timer_create(CLOCK_MONOTONIC, &e, &timer);
	timer_settime(timer, 0, &t, NULL);
	say(await(&fired), "a timer that calls a function in a thread");
	timer_delete(timer);
	e.sigev_notify = SIGEV_THREAD_ID;
	e.sigev_signo = SIGUSR1;
	e._sigev_un._tid = (int)gettid_raw();
	install(SIGUSR1, note, 0);
	handled = 0;
	timer_create(CLOCK_MONOTONIC, &e, &timer);
	timer_settime(timer, 0, &t, NULL);
	say(await(&handled) && handler_tid == gettid_raw(),
		"a timer that signals a thread");
	timer_delete(timer);
	install(SIGALRM, note, 0);
	handled = 0;
	setitimer(ITIMER_REAL, &alarm, NULL);
	say(await(&handled), "setitimer");
}

static void in_handler(int signum)
{
	sigset_t now;

	pthread_sigmask(SIG_BLOCK, NULL, &now);
	nested = sigismember(&now, signum) && sigismember(&now, SIGUSR2);
	pause_ms(5);
	note(signum);
}

static void masks(void)
{
	struct sigaction sa = { .sa_handler = in_handler }, old;
	sigset_t now;

	mask(SIG_UNBLOCK, SIGUSR2);
	sigaddset(&sa.sa_mask, SIGUSR2);
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR1, NULL, &old);
	say(old.sa_handler == in_handler && sigismember(&old.sa_mask, SIGUSR2),
		"sigaction tells what was set");
	handled = 0;
	raise(SIGUSR1);
	say(handled == 1 && nested, "a handler has its mask");
	pthread_sigmask(SIG_BLOCK, NULL, &now);
	say(!sigismember(&now, SIGUSR1) && !sigismember(&now, SIGUSR2),
		"and nobody afterwards");
	install(SIGUSR1, note, SA_RESETHAND);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &old);
	say(old.sa_handler == SIG_DFL, "SA_RESETHAND");
}

int main(void)
{
	say(pipe(pipe_fds) == 0, "a pipe");
	directed();
	sleeping();
	computing();
	whole_process();
	waiting();
	suspending();
	by_descriptor();
	stacks();
	jumps();
	faults();
	timers();
	masks();
	signal(SIGTERM, SIG_DFL);
	kill(getpid(), SIGTERM);
	pause();
	return 0;
}
