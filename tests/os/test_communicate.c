/* SPDX-License-Identifier: MIT */
/* Talking to programs until they end. */
#include "os/os.h"
#include <fcntl.h>

#define MANY (1 << 20)

static char *const cat[] = { "cat", NULL };

static int run(const char *command, const void *input, size_t size,
	struct gev_process_output *o, gev_time timeout)
{
	char *argv[] = { "sh", "-c", (char *)command, NULL };

	return gev_process_run(argv, NULL, input, size, o, timeout);
}

static char *many(void)
{
	char *data = malloc(MANY);

	for (int i = 0; i < MANY; i++)
		data[i] = (char)('a' + i % 26);
	return data;
}

static intptr_t open_gate(void *gate)
{
	t_log("others ");
	return close(((int *)gate)[1]);
}

static void c74_others_run_meanwhile(void)
{
	int gate[2];
	struct gev_process_options options = { .keep = gate, .n_keep = 1 };
	char command[32];
	char *argv[] = { "sh", "-c", command, NULL };

	t_eq(pipe2(gate, O_CLOEXEC), 0);
	snprintf(command, sizeof(command), "read x <&%d", gate[0]);
	gev_go(open_gate, gate);
	t_eq(gev_process_run(argv, &options, NULL, 0, NULL, GEV_FOREVER), 0);
	t_log_is("others ");
	close(gate[0]);
}

static void c74_input_goes_in_output_comes_out(void)
{
	struct gev_process_output o = { 0 };

	t_eq(gev_process_run(cat, NULL, "hello", 5, &o, GEV_FOREVER), 0);
	t_eq(o.status, 0);
	t_eq(o.out_size, 5);
	t_str(o.out, "hello");
	t_ok(!o.err);
	free(o.out);
	t_eq(gev_process_run(cat, NULL, "", 0, &o, GEV_FOREVER), 0);
	t_str(o.out, "");
	free(o.out);
}

static void more_than_the_pipes_hold(void)
{
	struct gev_process_output o = { 0 };
	char *data = many();

	t_eq(gev_process_run(cat, NULL, data, MANY, &o, GEV_FOREVER), 0);
	t_eq(o.out_size, MANY);
	t_ok(o.out && !memcmp(o.out, data, MANY));
	free(o.out);
	free(data);
}

static void both_outputs(void)
{
	char *argv[] = { "sh", "-c",
		"echo 1; echo 2 >&2; echo 3; echo 4 >&2; exit 9", NULL };
	struct gev_process_options options = { .err = GEV_STDIO_PIPE };
	struct gev_process_output o = { 0 };

	t_eq(gev_process_run(argv, &options, NULL, 0, &o, GEV_FOREVER), 0);
	t_str(o.out, "1\n3\n");
	t_str(o.err, "2\n4\n");
	t_eq(WEXITSTATUS(o.status), 9);
	free(o.out);
	free(o.err);
}

static void output_may_be_dropped(void)
{
	t_eq(run("echo dropped", NULL, 0, NULL, GEV_FOREVER), 0);
}

/* Without SIGPIPE being ignored, and none is left pending. */
static void a_child_that_does_not_listen(void)
{
	struct gev_process_output o = { 0 };
	char *data = many();
	sigset_t pending;

	t_eq(run("exec <&-; echo done; exit 2", data, MANY, &o, GEV_FOREVER),
		0);
	t_str(o.out, "done\n");
	t_eq(WEXITSTATUS(o.status), 2);
	sigpending(&pending);
	t_eq(sigismember(&pending, SIGPIPE), 0);
	free(o.out);
	free(data);
}

static void a_child_that_closes_its_output_early(void)
{
	struct gev_process_output o = { 0 };

	t_eq(run("echo first; exec >&-; cat >/dev/null; exit 4", "text", 4, &o,
		     GEV_FOREVER), 0);
	t_str(o.out, "first\n");
	t_eq(WEXITSTATUS(o.status), 4);
	free(o.out);
}

static void too_much_output(void)
{
	struct gev_process_output o = { .limit = 1000 };

	t_fails(run("yes", NULL, 0, &o, GEV_FOREVER), EMSGSIZE);
	t_ok(!o.out);
	t_ok(childless());
	t_eq(run("printf '%1000d' 1", NULL, 0, &o, GEV_FOREVER), 0);
	t_eq(o.out_size, 1000);
	free(o.out);
}

static void c74_a_timeout_ends_what_runs(void)
{
	int before = open_descriptors();
	struct gev_process_output o = { 0 };

	t_fails(run("echo x; exec sleep 100", NULL, 0, &o, GEV_MS(20)),
		ETIMEDOUT);
	t_ok(!o.out);
	t_ok(childless());
	t_eq(open_descriptors(), before);
	t_fails(run("exec >&-; exec sleep 100", NULL, 0, &o, GEV_MS(20)),
		ETIMEDOUT);
	t_fails(run("exit", NULL, 0, &o, -2), EINVAL);
	t_ok(childless());
}

static void c74_after_a_timeout_it_goes_on(void)
{
	int gate[2];
	struct gev_process_options options = { .in = GEV_STDIO_PIPE,
		.out = GEV_STDIO_PIPE, .keep = gate, .n_keep = 1 };
	struct gev_process_output o = { 0 };
	char command[32], *data = many();
	char *argv[] = { "sh", "-c", command, NULL };
	gev_process *p;

	t_eq(pipe2(gate, O_CLOEXEC), 0);
	snprintf(command, sizeof(command), "read x <&%d; exec cat", gate[0]);
	p = gev_process_spawn(argv, &options);
	for (int i = 0; i < 3; i++)
		t_fails(gev_process_communicate(p, data, MANY, &o, 0),
			ETIMEDOUT);
	t_ok(!o.out);
	close(gate[0]);
	close(gate[1]);
	t_eq(gev_process_communicate(p, data, MANY, &o, GEV_FOREVER), 0);
	t_ok(o.out_size == MANY && !memcmp(o.out, data, MANY));
	free(o.out);
	free(data);
	gev_process_free(p);
}

static intptr_t run_for_ever(void *arg)
{
	struct gev_process_output o = { 0 };

	(void)arg;
	return run("exec sleep 100", "x", 1, &o, GEV_FOREVER);
}

static void a_killed_greenlet_ends_its_child(void)
{
	int before = open_descriptors();
	gev_greenlet *g = gev_spawn(run_for_ever, NULL);

	gev_sleep(GEV_MS(5));
	t_ok(!childless());
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	gev_unref(g);
	t_ok(childless());
	t_eq(open_descriptors(), before);
}

/* The shell's child holds the pipe until it is killed, too. */
static void the_group_ends_with_its_leader(void)
{
	struct gev_process_options options = { .flags = GEV_PROCESS_GROUP };
	char *argv[] = { "sh", "-c", "sleep 100 & echo; wait", NULL };
	int fds[2];
	char c;

	t_eq(gev_pipe2(fds, O_CLOEXEC), 0);
	options.keep = &fds[1];
	options.n_keep = 1;
	t_fails(gev_process_run(argv, &options, NULL, 0, NULL, GEV_MS(50)),
		ETIMEDOUT);
	gev_close(fds[1]);
	t_eq(gev_read(fds[0], &c, 1), 0);
	gev_close(fds[0]);
}

static intptr_t read_it(void *p)
{
	char c;

	return gev_read(gev_process_fd(p, 1), &c, 1);
}

static void a_pipe_in_use(void)
{
	struct gev_process_options options = { .out = GEV_STDIO_PIPE };
	char *argv[] = { "sleep", "100", NULL };
	gev_process *p = gev_process_spawn(argv, &options);
	gev_greenlet *g = gev_spawn(read_it, p);

	gev_yield();
	t_fails(gev_process_communicate(p, NULL, 0, NULL, GEV_FOREVER), EBUSY);
	gev_process_kill(p);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	gev_unref(g);
	t_eq(gev_process_wait(p, NULL, GEV_FOREVER), 0);
	gev_process_free(p);
}

static intptr_t echo(void *number)
{
	struct gev_process_output o = { 0 };
	char command[32], expected[16];

	snprintf(command, sizeof(command), "echo %ld", (long)number);
	snprintf(expected, sizeof(expected), "%ld\n", (long)number);
	t_eq(run(command, NULL, 0, &o, GEV_FOREVER), 0);
	t_str(o.out, expected);
	free(o.out);
	return 0;
}

static void many_at_a_time(void)
{
	int before = open_descriptors();

	for (long i = 0; i < 30; i++)
		gev_go(echo, (void *)i);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_ok(childless());
	t_eq(open_descriptors(), before);
}

int main(void)
{
	T_RUN(c74_others_run_meanwhile);
	T_RUN(c74_input_goes_in_output_comes_out);
	T_RUN(more_than_the_pipes_hold);
	T_RUN(both_outputs);
	T_RUN(output_may_be_dropped);
	T_RUN(a_child_that_does_not_listen);
	T_RUN(a_child_that_closes_its_output_early);
	T_RUN(too_much_output);
	T_RUN(c74_a_timeout_ends_what_runs);
	T_RUN(c74_after_a_timeout_it_goes_on);
	T_RUN(a_killed_greenlet_ends_its_child);
	T_RUN(the_group_ends_with_its_leader);
	T_RUN(a_pipe_in_use);
	T_RUN(many_at_a_time);
	return t_done();
}
