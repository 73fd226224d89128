/* SPDX-License-Identifier: MIT */
/* What threads are called, by themselves and by others. */
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "program.h"

#define SIZE 16

static pthread_barrier_t barrier;

static bool own_is(const char *name)
{
	char own[SIZE], by_libc[SIZE];

	return prctl(PR_GET_NAME, own) == 0 && strcmp(own, name) == 0 &&
	       pthread_getname_np(pthread_self(), by_libc, SIZE) == 0 &&
	       strcmp(by_libc, name) == 0;
}

static bool other_is(pthread_t t, const char *name)
{
	char found[SIZE];

	return pthread_getname_np(t, found, SIZE) == 0 &&
	       strcmp(found, name) == 0;
}

static bool file_says(const char *path, const char *line)
{
	char found[SIZE + 1] = "";
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, found, SIZE);

	close(fd);
	return n > 0 && strcmp(found, line) == 0;
}

/* With its file closed in another way than by close(). */
static bool takes(const char *path, const char *name, bool in_range)
{
	int fd = open(path, O_WRONLY);

	return write(fd, "what he was", 11) > 0 &&
	       write(fd, name, strlen(name)) > 0 &&
	       (in_range ? close_range((unsigned)fd, (unsigned)fd, 0) == 0 :
			   dup2(STDIN_FILENO, fd) == fd && close(fd) == 0) &&
	       own_is(name);
}

static void *inherit(void *arg)
{
	say(own_is(arg), "a thread is called as who made it");
	return NULL;
}

static bool child_is_called(const char *name)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(!own_is(name) || !file_says("/proc/self/comm", "clerk\n"));
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static void *work(void *first)
{
	char path[64];

	say(own_is("boss"), "as main, to begin with");
	say(pthread_setname_np(pthread_self(), "worker") == 0, "it has a name");
	say(own_is("worker"), "which is its own");
	say(other_is(*(pthread_t *)first, "boss"), "and not that of main");
	finish(begin(inherit, "worker"));
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	say(own_is("clerk"), "it sees that it was renamed");
	say(file_says("/proc/thread-self/comm", "clerk\n"), "so do its files");
	snprintf(path, sizeof(path), "/proc/%d/task/%ld/comm", getpid(),
		gettid_raw());
	say(file_says(path, "clerk\n"), "by whatever path");
	say(takes(path, "usher", false), "a file that is replaced names it");
	say(takes(path, "clerk", true), "so does one closed in a range");
	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/comm", gettid_raw(),
		gettid_raw());
	say(file_says(path, "clerk\n"), "a thread's number is a process's");
	say(file_says("/proc/self/comm", "boss\n"), "main's is main's");
	say(child_is_called("clerk"), "a child of it is called so, too");
	return NULL;
}

int main(void)
{
	pthread_t first = pthread_self(), t;

	pthread_barrier_init(&barrier, NULL, 2);
	say(prctl(PR_SET_NAME, "boss") == 0, "main has a name");
	t = begin(work, &first);
	pthread_barrier_wait(&barrier);
	say(other_is(t, "worker"), "others see it");
	say(pthread_setname_np(t, "a porter") == 0 && other_is(t, "a porter"),
		"others give it another");
	say(pthread_setname_np(t, "clerk") == 0 && other_is(t, "clerk"),
		"and a shorter one");
	say(pthread_setname_np(t, "much longer than it can be") == ERANGE,
		"but not a long one");
	say(own_is("boss"), "main is called as before");
	pthread_barrier_wait(&barrier);
	finish(t);
	return 0;
}
