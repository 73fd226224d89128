/* SPDX-License-Identifier: MIT */
/* Stat watchers, by inotify and without. */
#include "base/inject.h"
#include "loop/loop.h"
#include "t.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static gev_loop *loop;
static char dir[64];
static char path[96];

static void set_up(void)
{
	loop = gev_loop_new();
	t_eq(gev_loop_set_virtual(loop, true), 0);
	strcpy(dir, "/tmp/gev-stat-XXXXXX");
	t_ok(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
}

static void tear_down(void)
{
	t_eq(gev_loop_free(loop), 0);
	unlink(path);
	t_eq(rmdir(dir), 0);
}

static void append(const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	t_eq(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int log_sizes(gev_watcher *w, int revents, void *arg)
{
	const gev_stat_watcher *s = arg;

	(void)revents;
	t_ok(&s->w == w);
	t_log("%s%d>%s%d ", s->prev.st_nlink ? "" : "-", (int)s->prev.st_size,
		s->attr.st_nlink ? "" : "-", (int)s->attr.st_size);
	return 0;
}

static void start(gev_stat_watcher *w, const char *p)
{
	t_eq(gev_stat_init(w, loop, p, 0), 0);
	t_eq(gev_stat_start(w, log_sizes, w), 0);
}

static void turn(void)
{
	t_ok(gev_loop_run(loop, GEV_RUN_NOWAIT) >= 0);
}

/* Till the next look by the timer. */
static void tick(void)
{
	t_ok(gev_loop_run(loop, GEV_RUN_ONCE) >= 0);
}

static void c42_sees_write_and_unlink(void)
{
	gev_stat_watcher w;

	set_up();
	append("abc");
	start(&w, path);
	t_eq(w.attr.st_size, 3);
	turn();
	t_log_is("");
	append("defg");
	turn();
	t_log_is("3>7 ");
	unlink(path);
	turn();
	t_log_is("7>-0 ");
	turn();
	t_log_is("");
	tear_down();
}

static void sees_a_file_appear_and_go_and_appear(void)
{
	gev_stat_watcher w;

	set_up();
	start(&w, path);
	append("abc");
	turn();
	t_log_is("-0>3 ");
	unlink(path);
	turn();
	t_log_is("3>-0 ");
	append("x");
	turn();
	t_log_is("-0>1 ");
	append("y");
	turn();
	t_log_is("1>2 ");
	tear_down();
}

static void sees_a_file_replaced(void)
{
	gev_stat_watcher w;
	char new[112];

	set_up();
	snprintf(new, sizeof(new), "%s.new", path);
	append("abc");
	start(&w, path);
	t_eq(rename(path, new), 0);
	append("longer");
	t_eq(rename(new, path), 0);
	append("!");
	turn();
	t_log_is("3>4 ");
	append("!");
	turn();
	t_log_is("4>5 ");
	tear_down();
}

static void two_watchers_of_one_file_are_both_told(void)
{
	gev_stat_watcher a, b;

	set_up();
	append("abc");
	start(&a, path);
	start(&b, path);
	append("d");
	turn();
	t_log_is("3>4 3>4 ");
	gev_watcher_stop(&a.w);
	append("e");
	turn();
	t_log_is("4>5 ");
	tear_down();
}

/* What the kernel still looks at for the loop. */
static int kernel_watches(void)
{
	char name[64], line[256];
	FILE *f;
	int n = 0;

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", loop->inotify);
	f = fopen(name, "r");
	while (fgets(line, sizeof(line), f))
		n += strncmp(line, "inotify", 7) == 0;
	fclose(f);
	return n;
}

static void stopping_lets_go_of_the_file(void)
{
	gev_stat_watcher w;

	set_up();
	append("abc");
	start(&w, path);
	t_eq(kernel_watches(), 1);
	gev_watcher_stop(&w.w);
	t_eq(kernel_watches(), 0);
	tear_down();
}

static void looks_every_interval_besides(void)
{
	gev_stat_watcher w;
	char elsewhere[128];
	gev_time before;

	set_up();
	snprintf(elsewhere, sizeof(elsewhere), "%s/none/none", dir);
	start(&w, elsewhere);
	before = gev_loop_now(loop);
	tick();
	t_eq(gev_loop_now(loop) - before, GEV_SEC(5));
	gev_watcher_stop(&w.w);
	t_eq(gev_stat_init(&w, loop, elsewhere, 1), 0);
	t_eq(gev_stat_start(&w, log_sizes, &w), 0);
	before = gev_loop_now(loop);
	tick();
	t_eq(gev_loop_now(loop) - before, GEV_MS(100));
	t_log_is("");
	tear_down();
}

static void without_inotify_it_polls(void)
{
	gev_stat_watcher w;

	set_up();
	gev__inject = (struct gev__inject){ .nr = SYS_inotify_init1,
		.error = -EMFILE, .times = -1 };
	append("abc");
	start(&w, path);
	append("d");
	turn();
	t_log_is("");
	tick();
	t_log_is("3>4 ");
	unlink(path);
	tick();
	t_log_is("4>-0 ");
	tick();
	t_log_is("");
	gev__inject.nr = -1;
	tear_down();
}

static void a_relative_path_is_fine(void)
{
	gev_stat_watcher w;
	int here = open(".", O_RDONLY | O_DIRECTORY);

	set_up();
	t_eq(chdir(dir), 0);
	start(&w, "file");
	append("abc");
	turn();
	t_log_is("-0>3 ");
	t_eq(fchdir(here), 0);
	close(here);
	tear_down();
}

static void watches_anew_after_fork(void)
{
	gev_stat_watcher w;
	int status = -1;
	pid_t pid;

	set_up();
	append("abc");
	start(&w, path);
	pid = fork();
	if (pid == 0) {
		t_eq(gev_loop_forked(loop), 0);
		turn();
		append("d");
		turn();
		t_log_is("3>4 ");
		_exit(t_failures != 0);
	}
	t_eq(waitpid(pid, &status, 0), pid);
	t_eq(status, 0);
	turn();
	t_log_is("3>4 ");
	tear_down();
}

static void bad_paths_are_refused(void)
{
	gev_stat_watcher w;

	set_up();
	t_fails(gev_stat_init(&w, loop, NULL, 0), EINVAL);
	t_fails(gev_stat_init(&w, loop, "", 0), EINVAL);
	t_fails(gev_stat_init(&w, loop, path, -1), EINVAL);
	t_fails(gev_stat_start(&w, log_sizes, &w), EINVAL);
	t_fails(gev_stat_init(NULL, loop, path, 0), EINVAL);
	start(&w, path);
	t_fails(gev_stat_start(&w, log_sizes, &w), EALREADY);
	t_eq(gev_watcher_stop(&w.w), 0);
	t_eq(loop->refs, 0);
	tear_down();
}

int main(void)
{
	T_RUN(c42_sees_write_and_unlink);
	T_RUN(sees_a_file_appear_and_go_and_appear);
	T_RUN(sees_a_file_replaced);
	T_RUN(two_watchers_of_one_file_are_both_told);
	T_RUN(stopping_lets_go_of_the_file);
	T_RUN(looks_every_interval_besides);
	T_RUN(without_inotify_it_polls);
	T_RUN(a_relative_path_is_fine);
	T_RUN(watches_anew_after_fork);
	T_RUN(bad_paths_are_refused);
	return t_done();
}
