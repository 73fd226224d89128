/* SPDX-License-Identifier: MIT */
/* Processes made by threads, and what they share. */
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "program.h"

extern char **environ;

static int status_of(pid_t pid)
{
	int status = -1;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   1000 + WTERMSIG(status);
}

static void *child_thread(void *arg)
{
	return (void *)((intptr_t)arg + 1);
}

static void *fork_here(void *arg)
{
	pid_t pid;

	(void)arg;
	pid = fork();
	if (pid == 0) {
		intptr_t n = (intptr_t)finish(begin(child_thread, (void *)20));

		_exit(gettid_raw() == getpid() ? (int)n : 1);
	}
	return (void *)(intptr_t)status_of(pid);
}

/* One waits there as its process is made, one in it. */
static sem_t *first_waits, *second_waits;

#define POSTS 30

static void *wait_first(void *arg)
{
	(void)arg;
	for (int i = 0; i < POSTS; i++)
		sem_wait(first_waits);
	return NULL;
}

static void *wait_second(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)(sem_wait(second_waits) == 0 ? 22 : 0);
}

static void *fork_and_wait(void *arg)
{
	pid_t pid = fork();

	(void)arg;
	if (pid == 0)
		_exit((int)(intptr_t)finish(begin(wait_second, NULL)));
	for (int i = 0; i < POSTS; i++) {
		pause_ms(1);
		sem_post(first_waits);
	}
	sem_post(second_waits);
	return (void *)(intptr_t)status_of(pid);
}

static void waits_across_fork(void)
{
	pthread_t first;

	first_waits = mmap(NULL, 2 * sizeof(sem_t), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	second_waits = first_waits + 1;
	sem_init(first_waits, 1, 0);
	sem_init(second_waits, 1, 0);
	first = begin(wait_first, NULL);
	pause_ms(10);
	say(finish(begin(fork_and_wait, NULL)) == (void *)22,
		"its threads wait for what its parent does");
	finish(first);
}

static volatile int told;

static void on_told(int signum)
{
	(void)signum;
	told = 1;
}

static void *tell_child(void *arg)
{
	bool right = true;

	(void)arg;
	signal(SIGUSR1, on_told);
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			for (int k = 0; k < 1000 && !told; k++)
				pause_ms(1);
			_exit(told);
		}
		kill(pid, SIGUSR1);
		right &= status_of(pid) == 1;
	}
	return (void *)(intptr_t)right;
}

static pthread_mutex_t *inherited;

static void *end_with_it(void *how)
{
	pthread_mutex_lock(inherited);
	if (how)
		abort();
	_exit(0);
}

static void inherits(void *how, const char *what)
{
	pthread_mutexattr_t a;
	struct timespec t;
	pid_t pid;

	inherited = mmap(NULL, sizeof(*inherited), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(inherited, &a);
	pid = fork();
	if (pid == 0)
		finish(begin(end_with_it, how));
	waitpid(pid, NULL, 0);
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec++;
	say(pthread_mutex_timedlock(inherited, &t) == EOWNERDEAD, what);
}

static int prepared, in_parent, in_child;

static void prepare(void)
{
	prepared++;
}

static void parent(void)
{
	in_parent++;
}

static void child(void)
{
	in_child++;
}

static void forks(void)
{
	pid_t pid;

	say(finish(begin(fork_here, NULL)) == (void *)21,
		"a thread forks, the child has threads of its own");
	waits_across_fork();
	say(finish(begin(tell_child, NULL)) != NULL,
		"a signal right after its beginning is not lost");
	inherits(NULL, "a process ends with a mutex of a thread's");
	inherits("abort", "or is aborted");
	pthread_atfork(prepare, parent, child);
	pid = fork();
	if (pid == 0)
		_exit(prepared == 1 && in_child == 1 && !in_parent ? 5 : 6);
	say(status_of(pid) == 5 && in_parent == 1, "pthread_atfork");
	pid = fork();
	if (pid == 0)
		abort();
	say(status_of(pid) == 1000 + 6, "a child that aborts");
}

static void *spawn_here(void *arg)
{
	char *argv[] = { "sh", "-c", arg, NULL };
	pid_t pid = -1;

	if (posix_spawnp(&pid, "sh", NULL, NULL, argv, environ))
		return NULL;
	return (void *)(intptr_t)status_of(pid);
}

static void *vfork_here(void *arg)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execlp("sh", "sh", "-c", arg, NULL);
		_exit(127);
	}
	return (void *)(intptr_t)status_of(pid);
}

static void programs(void)
{
	pthread_t a = begin(spawn_here, "sleep 0.1; exit 3");
	pthread_t b = begin(vfork_here, "sleep 0.1; exit 4");
	char line[32] = "";
	FILE *f;

	say(finish(a) == (void *)3, "posix_spawn in a thread");
	say(finish(b) == (void *)4, "vfork and exec in a thread");
	say(WEXITSTATUS(system("exit 6")) == 6, "system");
	f = popen("echo through a pipe", "r");
	say(f && fgets(line, sizeof(line), f) &&
			!strcmp(line, "through a pipe\n"),
		"popen");
	say(f && pclose(f) == 0, "pclose");
}

static void *exec_here(void *arg)
{
	execlp("sh", "sh", "-c", arg, NULL);
	return NULL;
}

static void exec_in_thread(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		finish(begin(exec_here, "exit 9"));
		_exit(1);
	}
	say(status_of(pid) == 9, "a thread replaces the whole program");
}

struct shared {
	pthread_mutex_t mutex;
	pthread_mutex_t robust;
	pthread_cond_t cond;
	sem_t sem;
	pthread_barrier_t barrier;
	int turn;
	int count;
};

static struct shared *share(void)
{
	struct shared *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t mutex;
	pthread_condattr_t cond;
	pthread_barrierattr_t barrier;

	pthread_mutexattr_init(&mutex);
	pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&s->mutex, &mutex);
	pthread_mutexattr_setrobust(&mutex, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&s->robust, &mutex);
	pthread_condattr_init(&cond);
	pthread_condattr_setpshared(&cond, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&s->cond, &cond);
	pthread_barrierattr_init(&barrier);
	pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&s->barrier, &barrier, 2);
	sem_init(&s->sem, 1, 0);
	return s;
}

static void take_turns(struct shared *s, int me)
{
	for (int i = 0; i < 200; i++) {
		pthread_mutex_lock(&s->mutex);
		while (s->turn != me)
			pthread_cond_wait(&s->cond, &s->mutex);
		s->turn = !me;
		s->count++;
		pthread_cond_signal(&s->cond);
		pthread_mutex_unlock(&s->mutex);
	}
}

static void *take_turns_here(void *arg)
{
	take_turns(arg, 0);
	return NULL;
}

static void shared_locks(void)
{
	struct shared *s = share();
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		sem_wait(&s->sem);
		pthread_barrier_wait(&s->barrier);
		take_turns(s, 1);
		pthread_mutex_lock(&s->robust);
		_exit(0);
	}
	pause_ms(20);
	sem_post(&s->sem);
	pthread_barrier_wait(&s->barrier);
	finish(begin(take_turns_here, s));
	status = status_of(pid); /* the last turn is the child's */
	say(s->count == 400, "processes take turns by a shared condition");
	say(status == 0, "semaphore and barrier are shared as well");
	say(pthread_mutex_lock(&s->robust) == EOWNERDEAD,
		"a mutex whose process is gone");
}

static volatile int ready;

static void *lock_robust(void *arg)
{
	struct shared *s = arg;

	ready = 1;
	return (void *)(intptr_t)pthread_mutex_lock(&s->robust);
}

/* The kernel tells, and nobody else. */
static void owner_dies_meanwhile(void)
{
	struct shared *s = share();
	char c;
	int fds[2];
	pid_t pid;
	pthread_t t;

	say(pipe(fds) == 0, "a pipe");
	pid = fork();
	if (pid == 0) {
		pthread_mutex_lock(&s->robust);
		sem_post(&s->sem);
		_exit(read(fds[0], &c, 1) == 1 ? 0 : 1);
	}
	sem_wait(&s->sem);
	t = begin(lock_robust, s);
	await(&ready);
	pause_ms(20);
	say(write(fds[1], "d", 1) == 1 &&
			finish(t) == (void *)(intptr_t)EOWNERDEAD,
		"a mutex whose process dies while it is waited for");
	say(status_of(pid) == 0, "it does");
}

static volatile int stop;

static void *spin(void *arg)
{
	while (!stop)
		;
	return arg;
}

static void *fork_and_spin(void *arg)
{
	pid_t pid = fork();

	if (pid == 0) {
		pthread_t t = begin(spin, arg);

		pause_ms(20);
		stop = 1;
		finish(t);
		_exit(0);
	}
	return (void *)(intptr_t)status_of(pid);
}

static void children_that_compute(void)
{
	pthread_t hog = begin(spin, NULL);
	bool fine = finish(begin(fork_and_spin, NULL)) == NULL;

	stop = 1;
	finish(hog);
	say(fine, "a child's threads make room for each other");
}

static void flags_are_shared(void)
{
	int fds[2], to_child[2];
	char c;
	pid_t pid;

	say(pipe(fds) == 0 && pipe(to_child) == 0, "pipes");
	pid = fork();
	if (pid == 0) {
		int flags = fcntl(fds[0], F_GETFL);

		if (flags & O_NONBLOCK)
			_exit(1);
		fcntl(fds[0], F_SETFL, flags | O_NONBLOCK);
		_exit(read(to_child[0], &c, 1) == 1 ? 0 : 2);
	}
	for (int i = 0; i < 1000; i++) {
		if (fcntl(fds[0], F_GETFL) & O_NONBLOCK)
			break;
		pause_ms(1);
	}
	say(read(fds[0], &c, 1) < 0 && errno == EAGAIN,
		"O_NONBLOCK that another process set holds here");
	say(write(to_child[1], "x", 1) == 1 && status_of(pid) == 0,
		"a pipe to another process");
}

static int send_fd(int over, int fd)
{
	char c = 'f', room[CMSG_SPACE(sizeof(int))] = "";
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);

	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &fd, sizeof(int));
	return sendmsg(over, &m, 0) == 1 ? 0 : -1;
}

static int receive_fd(int over)
{
	char c, room[CMSG_SPACE(sizeof(int))];
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room) };
	int fd = -1;

	if (recvmsg(over, &m, 0) == 1 && CMSG_FIRSTHDR(&m))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(int));
	return fd;
}

static void *receive_here(void *arg)
{
	return (void *)(intptr_t)receive_fd(*(int *)arg);
}

static void passing(void)
{
	int pair[2], fds[2], got;
	char c = 0;
	pthread_t t;
	pid_t pid;

	say(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && pipe(fds) == 0,
		"a socket pair");
	t = begin(receive_here, &pair[0]);
	pid = fork();
	if (pid == 0)
		_exit(send_fd(pair[1], fds[0]) ? 1 : 0);
	got = (int)(intptr_t)finish(t);
	say(status_of(pid) == 0 && got >= 0 && write(fds[1], "z", 1) == 1 &&
			read(got, &c, 1) == 1 && c == 'z',
		"a descriptor is passed from another process");
}

int main(void)
{
	forks();
	programs();
	exec_in_thread();
	shared_locks();
	owner_dies_meanwhile();
	children_that_compute();
	flags_are_shared();
	passing();
	return 0;
}
