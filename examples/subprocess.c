/* SPDX-License-Identifier: MIT */
/*
 * subprocess - runs shell commands, so many at a time.
 *
 *	$ subprocess --jobs 4 --limit 10 'make -C a' 'make -C b' 'make -C c'
 *	$ sed 's/.*$/gzip -9 &/' files | subprocess --jobs 8
 *
 * What a command prints appears in one piece when it has ended; at last a line
 * says how many went well.  On SIGINT and SIGTERM the commands that run are
 * killed, and no more are begun.
 *
 * gev_process_run() is all there is to a command: the greenlet waits for it,
 * at most for so long, and if the greenlet is killed so is the command.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <gev.h>
#include "tools.h"

enum result { NOT_RUN, WENT_WELL, FAILED, OUT_OF_TIME, STOPPED, RESULTS };

static const char *const words[RESULTS] = { "not run", "went well", "failed",
	"out of time", "stopped" };

struct command {
	char *text;
	enum result result;
};

static gev_pool pool;
static gev_time limit = GEV_FOREVER;
static bool stopped;

static enum result judge(int error, int status)
{
	switch (error) {
	case 0:
		return status == 0 ? WENT_WELL : FAILED;
	case ETIMEDOUT:
		return OUT_OF_TIME;
	case ECANCELED:
		return STOPPED;
	default:
		return FAILED;
	}
}

static void report(const struct command *c, int error,
	const struct gev_process_output *o)
{
	printf("$ %s\n", c->text);
	if (error) {
		printf("-- %s\n",
			error == ECANCELED ? words[STOPPED] : strerror(error));
		return;
	}
	fwrite(o->out, 1, o->out_size, stdout);
	if (WIFSIGNALED(o->status))
		printf("-- %s\n", strsignal(WTERMSIG(o->status)));
	else if (o->status)
		printf("-- exit status %d\n", WEXITSTATUS(o->status));
	fflush(stdout);
}

static intptr_t run(void *arg)
{
	struct command *c = arg;
	char *argv[] = { "sh", "-c", c->text, NULL };
	struct gev_process_options options = { .in = GEV_STDIO_NULL,
		.err = GEV_STDIO_OUT,
		.flags = GEV_PROCESS_GROUP };
	struct gev_process_output output = { 0 };
	int error = 0;

	if (gev_process_run(argv, &options, NULL, 0, &output, limit) < 0)
		error = errno;
	c->result = judge(error, output.status);
	report(c, error, &output);
	free(output.out);
	return 0;
}

static intptr_t stop(int signum, void *unused)
{
	(void)unused;
	fprintf(stderr, "subprocess: %s\n", strsignal(signum));
	stopped = true;
	return gev_pool_kill(&pool, GEV_FOREVER);
}

static void run_all(struct command *commands, int count, long jobs)
{
	gev_handler *handlers[] = { gev_signal_handler(SIGINT, stop, NULL),
		gev_signal_handler(SIGTERM, stop, NULL) };

	gev_pool_init(&pool, (size_t)jobs);
	for (int i = 0; i < count; i++) {
		if (gev_pool_wait_available(&pool, GEV_FOREVER) < 0)
			die("%s", strerror(errno));
		if (stopped)
			break;
		if (gev_pool_go(&pool, run, &commands[i], GEV_FOREVER) < 0)
			die("%s", strerror(errno));
	}
	gev_pool_join(&pool, GEV_FOREVER);
	gev_pool_fini(&pool);
	gev_handler_cancel(handlers[0]);
	gev_handler_cancel(handlers[1]);
}

/* 0 if all went well. */
static int summarise(const struct command *commands, int count)
{
	int counts[RESULTS] = { 0 };

	for (int i = 0; i < count; i++)
		counts[commands[i].result]++;
	printf("%d commands: %d went well", count, counts[WENT_WELL]);
	for (int i = 0; i < RESULTS; i++)
		if (i != WENT_WELL && counts[i])
			printf(", %d %s", counts[i], words[i]);
	putchar('\n');
	return counts[WENT_WELL] != count;
}

static struct command *add(struct command *commands, int count, char *text)
{
	commands = reallocarray(commands, (size_t)count + 1, sizeof(*commands));
	if (!commands || !text)
		die("no memory");
	commands[count] = (struct command){ .text = text };
	return commands;
}

/* Those of the command line, or else of standard input. */
static struct command *commands_of(char **texts, int *count)
{
	struct command *commands = NULL;
	char *line = NULL;
	size_t room = 0;

	*count = 0;
	for (char **text = texts; *text; text++)
		commands = add(commands, (*count)++, strdup(*text));
	while (!*texts && getline(&line, &room, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		commands = add(commands, (*count)++, strdup(line));
	}
	free(line);
	return commands;
}

static void help(void)
{
	puts("usage: subprocess [options] [COMMAND...]\n"
	     "\n"
	     "Runs shell commands, those of standard input if there are no\n"
	     "other, and tells how they ended.\n"
	     "\n"
	     "  --jobs N    run N at a time (default 4)\n"
	     "  --limit N   kill those that run for more than N seconds\n"
	     "  --help      this");
	exit(0);
}

static long options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "jobs", required_argument, NULL, 'j' },
		{ "limit", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' }, { 0 }
	};
	long jobs = 4;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (c == 'j')
			jobs = number_option("jobs", optarg, 1, 10000);
		else if (c == 'l')
			limit = GEV_SEC(
				number_option("limit", optarg, 1, 1000000));
		else if (c == 'h')
			help();
		else
			exit(2);
	return jobs;
}

int main(int argc, char **argv)
{
	long jobs = options(argc, argv);
	int count, status;
	struct command *commands = commands_of(argv + optind, &count);

	raise_descriptor_limit();
	run_all(commands, count, jobs);
	status = summarise(commands, count);
	for (int i = 0; i < count; i++)
		free(commands[i].text);
	free(commands);
	return status;
}
