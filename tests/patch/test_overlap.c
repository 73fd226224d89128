/* SPDX-License-Identifier: MIT */
/* Blocking code that knows nothing of gev, in many greenlets at a time. */
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "patch/patch.h"

/* The last to come lets the others go, as a slow server would. */
static int gate[2];

static void open_gate(void)
{
	if (inside == N)
		t_eq(write(gate[1], "................................", N), N);
}

static intptr_t read_pipe(void *arg)
{
	char c = 0;
	ssize_t n;

	(void)arg;
	enter();
	open_gate();
	n = read(gate[0], &c, 1);
	leave();
	return n == 1 && c == '.' ? 0 : 1;
}

static void reads_overlap(void)
{
	t_eq(pipe(gate), 0);
	overlap(read_pipe);
	close(gate[0]);
	close(gate[1]);
}

static intptr_t sleep_a_second(void *arg)
{
	int n = (int)(intptr_t)arg;
	struct timespec t = { .tv_sec = 1 };
	int r;

	enter();
	r = n % 3 == 0 ? (int)sleep(1) :
	    n % 3 == 1 ? usleep(1000000) :
			 nanosleep(&t, NULL);
	leave();
	return r;
}

static void sleeps_overlap(void)
{
	gev_loop *loop = gev_hub_loop(gev_hub_get());
	gev_time before;

	t_virtual();
	before = gev_loop_now(loop);
	overlap(sleep_a_second);
	if (!t_skipped)
		t_eq((gev_loop_now(loop) - before) / GEV_MS(100), 10);
	gev_loop_set_virtual(loop, false);
}

static intptr_t poll_and_select(void *arg)
{
	struct timeval second = { .tv_sec = 1 };
	struct pollfd p = { .fd = gate[0], .events = POLLIN };
	fd_set set;
	int r;

	FD_ZERO(&set);
	FD_SET(gate[0], &set);
	enter();
	r = (intptr_t)arg % 2 ? poll(&p, 1, 1000) :
				select(gate[0] + 1, &set, NULL, NULL, &second);
	leave();
	return r;
}

static void polls_overlap(void)
{
	t_eq(pipe(gate), 0);
	t_virtual();
	overlap(poll_and_select);
	gev_loop_set_virtual(gev_hub_loop(gev_hub_get()), false);
	close(gate[0]);
	close(gate[1]);
}

static struct sockaddr_in address;
static int listener;

static void make_listener(void)
{
	socklen_t size = sizeof(address);

	address = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	listener = socket(AF_INET, SOCK_STREAM, 0);
	t_eq(bind(listener, (void *)&address, size), 0);
	t_eq(listen(listener, N), 0);
	t_eq(getsockname(listener, (void *)&address, &size), 0);
}

/* A line from whoever comes, and one back. */
static intptr_t serve_one(void *arg)
{
	int fd = accept(listener, NULL, NULL);
	char line[64];
	ssize_t n;

	(void)arg;
	if (fd < 0)
		return errno;
	n = recv(fd, line, sizeof(line), 0);
	while (inside < N)
		usleep(1000);
	send(fd, line, (size_t)n, 0);
	close(fd);
	return 0;
}

static intptr_t ask_for_a_line(void *arg)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	gev_greenlet *server = start(serve_one, 0);
	char expected[32], *line = NULL;
	size_t room = 0;
	FILE *f;

	t_eq(connect(fd, (void *)&address, sizeof(address)), 0);
	f = fdopen(fd, "r+");
	snprintf(expected, sizeof(expected), "I am %ld\n", (long)(intptr_t)arg);
	fputs(expected, f);
	fflush(f);
	enter();
	t_ok(getline(&line, &room, f) > 0);
	leave();
	t_str(line, expected);
	free(line);
	fclose(f);
	join(server);
	return 0;
}

static void stdio_on_sockets_overlaps(void)
{
	make_listener();
	overlap_in_libc(ask_for_a_line);
	close(listener);
}

static intptr_t run_a_command(void *arg)
{
	char line[32] = "";
	FILE *f = popen("sleep 0.2; echo done", "r");

	(void)arg;
	enter();
	t_ok(fgets(line, sizeof(line), f) != NULL);
	leave();
	t_str(line, "done\n");
	return pclose(f);
}

static void popen_overlaps(void)
{
	overlap_in_libc(run_a_command);
}

static intptr_t wait_for_a_child(void *arg)
{
	int code = (int)(intptr_t)arg + 1;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		close(gate[1]);
		_exit(read(gate[0], &status, 1) == 1 ? code : 99);
	}
	enter();
	open_gate();
	t_eq(waitpid(pid, &status, 0), pid);
	leave();
	t_ok(WIFEXITED(status));
	t_eq(WEXITSTATUS(status), code);
	return 0;
}

static void waits_for_children_overlap(void)
{
	t_eq(pipe(gate), 0);
	overlap(wait_for_a_child);
	close(gate[0]);
	close(gate[1]);
}

static intptr_t look_up_a_number(void *arg)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST };
	struct addrinfo *found = NULL;

	(void)arg;
	enter();
	t_eq(getaddrinfo("127.0.0.1", "80", &hints, &found), 0);
	sleep(1);
	leave();
	freeaddrinfo(found);
	return 0;
}

static void numbers_are_looked_up(void)
{
	t_virtual();
	overlap(look_up_a_number);
	gev_loop_set_virtual(gev_hub_loop(gev_hub_get()), false);
}

int main(void)
{
	T_RUN(reads_overlap);
	T_RUN(sleeps_overlap);
	T_RUN(polls_overlap);
	T_RUN(stdio_on_sockets_overlaps);
	T_RUN(popen_overlaps);
	T_RUN(waits_for_children_overlap);
	T_RUN(numbers_are_looked_up);
	return t_done();
}
