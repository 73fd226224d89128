/* SPDX-License-Identifier: MIT */
/* The whole program is stopped from outside, whatever its threads do. */
#include <signal.h>
#include <sys/wait.h>
#include "program.h"

static volatile int turns;
static volatile bool over;

static void *turn(void *arg)
{
	(void)arg;
	while (!over) {
		turns++;
		pause_ms(1);
	}
	return NULL;
}

static char state_of(pid_t pid)
{
	char path[64], line[256] = "", state = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (!f)
		return '?';
	if (fgets(line, sizeof(line), f))
		sscanf(strrchr(line, ')'), ") %c", &state);
	fclose(f);
	return state;
}

static bool comes_to(pid_t pid, char state)
{
	for (int i = 0; i < 2000 && state_of(pid) != state; i++)
		pause_ms(1);
	return state_of(pid) == state;
}

/* In a process of its own: its parent is who waits for it. */
static void watch(pid_t pid)
{
	bool stopped, stays;

	kill(pid, SIGSTOP);
	stopped = comes_to(pid, 'T');
	pause_ms(50);
	stays = state_of(pid) == 'T';
	kill(pid, SIGCONT);
	_exit(stopped && stays ? 0 : 1);
}

int main(void)
{
	pthread_t a = begin(turn, NULL), b = begin(turn, NULL);
	pid_t self = getpid(), pid = fork();
	int status = -1, seen;

	if (pid == 0)
		watch(self);
	say(waitpid(pid, &status, 0) == pid && status == 0,
		"it was stopped, and went on");
	seen = turns;
	while (turns < seen + 5)
		pause_ms(1);
	say(true, "with all its threads");
	over = true;
	finish(a);
	finish(b);
	return 0;
}
