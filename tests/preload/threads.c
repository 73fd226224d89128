/* SPDX-License-Identifier: MIT */
/*
 * threads WHAT - a program with threads that knows nothing of gev.  What it
 * prints and exits with must be the same whoever runs its threads.
 */
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N 5

static pthread_t threads[N];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int count;
static __thread int own;

static void nap(void)
{
	usleep(2000);
}

static void start(void *(*fn)(void *))
{
	for (intptr_t i = 0; i < N; i++)
		if (pthread_create(&threads[i], NULL, fn, (void *)i))
			abort();
}

static void join(void)
{
	for (int i = 0; i < N; i++)
		pthread_join(threads[i], NULL);
}

static void *remember(void *arg)
{
	own = (int)(intptr_t)arg;
	errno = own + 100;
	nap();
	return (void *)(intptr_t)(own == (intptr_t)arg && errno == own + 100);
}

/* A thread's own variables, errno and result are its own. */
static int own_variables(void)
{
	void *kept;

	start(remember);
	for (int i = 0; i < N; i++) {
		pthread_join(threads[i], &kept);
		printf("%d", (int)(intptr_t)kept);
	}
	printf(" %d\n", own);
	return 0;
}

static void *count_up(void *arg)
{
	(void)arg;
	for (int i = 0; i < 100; i++) {
		pthread_mutex_lock(&mutex);
		int seen = count;
		if (i % 10 == 0)
			nap();
		count = seen + 1;
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static int mutexes(void)
{
	start(count_up);
	join();
	printf("%d\n", count);
	return 0;
}

static void *take_turn(void *arg)
{
	pthread_mutex_lock(&mutex);
	while (count != (intptr_t)arg)
		pthread_cond_wait(&cond, &mutex);
	printf("turn %d\n", count++);
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static int conditions(void)
{
	start(take_turn);
	join();
	return 0;
}

static int timed_out(void)
{
	struct timespec end;

	start(remember);
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_nsec += 20000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_nsec -= 1000000000;
		end.tv_sec++;
	}
	pthread_mutex_lock(&mutex);
	printf("%s\n", strerror(pthread_cond_timedwait(&cond, &mutex, &end)));
	pthread_mutex_unlock(&mutex);
	join();
	return 0;
}

static sem_t ping, pong;

static void *answer(void *arg)
{
	for (int i = 0; i < 1000; i++) {
		sem_wait(&ping);
		sem_post(&pong);
	}
	return arg;
}

static int semaphores(void)
{
	sem_init(&ping, 0, 0);
	sem_init(&pong, 0, 0);
	pthread_create(&threads[0], NULL, answer, NULL);
	for (int i = 0; i < 1000; i++) {
		sem_post(&ping);
		sem_wait(&pong);
	}
	pthread_join(threads[0], NULL);
	return 0;
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;

static void *meet(void *arg)
{
	pthread_rwlock_rdlock(&rwlock);
	if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
		printf("all read\n");
	pthread_rwlock_unlock(&rwlock);
	pthread_rwlock_wrlock(&rwlock);
	int seen = count;
	nap();
	count = seen + 1;
	pthread_rwlock_unlock(&rwlock);
	return arg;
}

static int rwlocks(void)
{
	pthread_barrier_init(&barrier, NULL, N);
	start(meet);
	join();
	printf("%d\n", count);
	return 0;
}

static pthread_mutex_t robust;
static volatile int held;

static void *die_with_it(void *arg)
{
	pthread_mutex_lock(&robust);
	held = 1;
	nap();
	return arg;
}

static void start_owner(void)
{
	pthread_create(&threads[0], NULL, die_with_it, NULL);
	while (!held)
		usleep(100);
}

/* The next owner is told, once. */
static int robust_mutexes(void)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &attr);
	start_owner();
	printf("%s\n", strerror(pthread_mutex_lock(&robust)));
	pthread_mutex_consistent(&robust);
	pthread_mutex_unlock(&robust);
	pthread_join(threads[0], NULL);
	printf("%s\n", strerror(pthread_mutex_lock(&robust)));
	return 0;
}

static int owners(void)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&robust, &attr);
	start_owner();
	printf("%s\n", strerror(pthread_mutex_unlock(&robust)));
	printf("%s\n", strerror(pthread_mutex_trylock(&robust)));
	pthread_join(threads[0], NULL);
	return 0;
}

static void tell(void *arg)
{
	printf("key of %d ends\n", (int)(intptr_t)arg);
}

static pthread_key_t key;

static void *set_key(void *arg)
{
	pthread_setspecific(key, (void *)((intptr_t)arg + 1));
	return NULL;
}

static int keys(void)
{
	pthread_key_create(&key, tell);
	for (intptr_t i = 0; i < N; i++) {
		pthread_create(&threads[0], NULL, set_key, (void *)i);
		pthread_join(threads[0], NULL);
	}
	return 0;
}

static void *print_lines(void *arg)
{
	for (int i = 0; i < 50; i++)
		fprintf(stdout, "%s", "whole line\n");
	return arg;
}

static int stdio(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	start(print_lines);
	join();
	return 0;
}

static void *come_and_go(void *arg)
{
	__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
	return arg;
}

static int many(void)
{
	for (int i = 0; i < 2000; i++) {
		pthread_create(&threads[0], NULL, come_and_go, NULL);
		if (i % 2)
			pthread_join(threads[0], NULL);
		else
			pthread_detach(threads[0]);
	}
	while (__atomic_load_n(&count, __ATOMIC_RELAXED) < 2000)
		nap();
	printf("%d\n", count);
	return 0;
}

static void *exit_with_it(void *arg)
{
	(void)arg;
	nap();
	exit(6);
}

static int exit_in_a_thread(void)
{
	pthread_create(&threads[0], NULL, exit_with_it, NULL);
	pause();
	return 1;
}

static void *outlive(void *arg)
{
	nap();
	printf("the last one\n");
	return arg;
}

static int main_ends_first(void)
{
	start(outlive);
	pthread_exit(NULL);
}

static void *fork_here(void *arg)
{
	pid_t pid = fork();
	int status;

	(void)arg;
	if (pid == 0) {
		pthread_create(&threads[1], NULL, outlive, NULL);
		pthread_join(threads[1], NULL);
		fflush(stdout);
		_exit(3);
	}
	waitpid(pid, &status, 0);
	printf("%d\n", WEXITSTATUS(status));
	return NULL;
}

/* While others wait, of which the child has none. */
static int forks(void)
{
	pthread_create(&threads[2], NULL, answer, NULL);
	fork_here(NULL);
	pthread_create(&threads[0], NULL, fork_here, NULL);
	pthread_join(threads[0], NULL);
	fflush(stdout);
	printf("%d\n", system("exit 4") >> 8);
	return 0;
}

static int in_clone(void *arg)
{
	usleep(1000);
	return write(STDOUT_FILENO, arg, strlen(arg)) > 0 ? 5 : 6;
}

/* A process of its own on a stack it was given. */
static int clones(void)
{
	static char stack[65536] __attribute__((aligned(16))), text[] = "hi\n";
	int status;

	start(remember);
	pid_t pid = clone(in_clone, stack + sizeof(stack), SIGCHLD, text);
	waitpid(pid, &status, 0);
	join();
	printf("%d\n", WEXITSTATUS(status));
	return 0;
}

static void *echo(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char buf[64];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write(fd, buf, (size_t)n) != n)
			break;
	close(fd);
	return NULL;
}

static void *serve(void *arg)
{
	int listener = (int)(intptr_t)arg;
	pthread_t thread;

	for (;;) {
		intptr_t fd = accept(listener, NULL, NULL);

		pthread_create(&thread, NULL, echo, (void *)fd);
		pthread_detach(thread);
	}
	return NULL;
}

static struct sockaddr_in address = { .sin_family = AF_INET };

static void *talk(void *arg)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char buf[64] = "";

	connect(fd, (void *)&address, sizeof(address));
	for (int i = 0; i < 20; i++) {
		if (write(fd, "hello", 5) != 5 || read(fd, buf, 5) != 5 ||
			memcmp(buf, "hello", 5))
			abort();
	}
	close(fd);
	__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
	return arg;
}

/* A thread for each connection. */
static int server(void)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(address);
	pthread_t clients[50], thread;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(listener, (void *)&address, size);
	listen(listener, 64);
	getsockname(listener, (void *)&address, &size);
	pthread_create(&thread, NULL, serve, (void *)(intptr_t)listener);
	for (int i = 0; i < 50; i++)
		pthread_create(&clients[i], NULL, talk, NULL);
	for (int i = 0; i < 50; i++)
		pthread_join(clients[i], NULL);
	printf("%d\n", count);
	return 0;
}

static void *wait_for_signal(void *set)
{
	int signum = 0;

	sigwait(set, &signum);
	printf("got %d\n", signum == SIGUSR1);
	return NULL;
}

/* One waits for a signal, for which the others go on. */
static int sigwaits(void)
{
	struct timespec soon = { .tv_nsec = 1000000 };
	sigset_t set;
	int result;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_create(&threads[0], NULL, wait_for_signal, &set);
	nap();
	kill(getpid(), SIGUSR1);
	pthread_join(threads[0], NULL);
	pthread_create(&threads[0], NULL, outlive, NULL);
	result = sigtimedwait(&set, NULL, &soon);
	pthread_join(threads[0], NULL);
	printf("%d\n", result);
	return 0;
}

/* A thread's end leaves no signal blocked that was not. */
static int masks(void)
{
	start(remember);
	join();
	kill(getpid(), SIGTERM);
	return 0;
}

static void *wait_for_count(void *arg)
{
	pthread_mutex_lock(&mutex);
	while (!count)
		pthread_cond_wait(&cond, &mutex);
	pthread_mutex_unlock(&mutex);
	return arg;
}

/* How many the kernel knows of: the only thing that is not the same. */
static int kernel_threads(void)
{
	DIR *tasks;
	int n = -2;

	start(wait_for_count);
	tasks = opendir("/proc/self/task");
	while (readdir(tasks))
		n++;
	closedir(tasks);
	pthread_mutex_lock(&mutex);
	count = 1;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	join();
	printf("%d\n", n);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} all[] = {
	{ "own_variables", own_variables },
	{ "mutexes", mutexes },
	{ "conditions", conditions },
	{ "timed_out", timed_out },
	{ "semaphores", semaphores },
	{ "rwlocks", rwlocks },
	{ "robust_mutexes", robust_mutexes },
	{ "owners", owners },
	{ "keys", keys },
	{ "stdio", stdio },
	{ "many", many },
	{ "exit_in_a_thread", exit_in_a_thread },
	{ "main_ends_first", main_ends_first },
	{ "forks", forks },
	{ "clones", clones },
	{ "server", server },
	{ "sigwaits", sigwaits },
	{ "masks", masks },
	{ "kernel_threads", kernel_threads },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (argc == 1)
			printf("%s\n", all[i].name);
		else if (strcmp(argv[1], all[i].name) == 0)
			return all[i].run();
	}
	return argc > 1;
}
