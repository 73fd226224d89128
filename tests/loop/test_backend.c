/* SPDX-License-Identifier: MIT */
/* Which backend a loop gets, and what happens if it is not to be had. */
#include "base/inject.h"
#include "t.h"
#include <sys/syscall.h>

static void refuse(int error)
{
	gev__inject = (struct gev__inject){ .nr = SYS_io_uring_setup,
		.error = -error, .times = -1 };
}

static void is(const char *name)
{
	gev_loop *loop = gev_loop_new();

	t_str(gev_loop_backend(loop), name);
	gev_loop_free(loop);
}

static void in_environment(const char *list)
{
	setenv("GEV_LOOP", list, 1);
}

static void epoll_unless_asked(void)
{
	unsetenv("GEV_LOOP");
	is("epoll");
	in_environment("");
	is("epoll");
	in_environment(" , ");
	is("epoll");
	in_environment("epoll");
	is("epoll");
}

static void the_program_comes_before_the_environment(void)
{
	in_environment("no_such_thing");
	t_eq(gev_loop_set_default("epoll"), 0);
	is("epoll");
	t_eq(gev_loop_set_default(NULL), 0);
	t_fails(gev_loop_new(), EINVAL);
	t_eq(gev_loop_set_default("epoll"), 0);
	t_eq(gev_loop_set_default(""), 0);
	t_fails(gev_loop_new(), EINVAL);
	unsetenv("GEV_LOOP");
	is("epoll");
}

static void unknown_names(void)
{
	char list[100] = "";

	t_fails(gev_loop_set_default("kqueue"), EINVAL);
	t_fails(gev_loop_set_default("epoll kqueue"), EINVAL);
	t_fails(gev_loop_set_default("epol"), EINVAL);
	t_fails(gev_loop_set_default("epoll2"), EINVAL);
	for (int i = 0; i < 12; i++)
		strcat(list, "epoll ");
	t_fails(gev_loop_set_default(list), EINVAL);
	in_environment("epoll kqueue"); /* it does not come to that */
	is("epoll");
	in_environment("kqueue epoll");
	t_fails(gev_loop_new(), EINVAL);
	unsetenv("GEV_LOOP");
	is("epoll");
}

/* There is none, it is forbidden, it is too old. */
static void a_refused_one_is_an_error_if_alone(void)
{
	static const int errors[][2] = { { ENOSYS, ENOSYS }, { EPERM, EPERM },
		{ EINVAL, ENOSYS } };

	for (int i = 0; i < 3; i++) {
		refuse(errors[i][0]);
		in_environment("io_uring");
		t_fails(gev_loop_new(), errors[i][1]);
		in_environment("io_uring,epoll");
		is("epoll");
		in_environment(", io_uring io_uring  epoll");
		is("epoll");
	}
	gev__inject.nr = -1;
	unsetenv("GEV_LOOP");
}

/* To be short of descriptors is no reason to take another. */
static void other_errors_are_errors(void)
{
	refuse(EMFILE);
	in_environment("io_uring epoll");
	t_fails(gev_loop_new(), EMFILE);
	gev__inject.nr = -1;
	unsetenv("GEV_LOOP");
}

static void hubs_too(void)
{
	refuse(ENOSYS);
	in_environment("io_uring");
	t_fails(gev_hub_get(), ENOSYS);
	in_environment("io_uring epoll");
	t_str(gev_loop_backend(gev_hub_loop(gev_hub_get())), "epoll");
	gev__inject.nr = -1;
	t_eq(gev_hub_destroy(GEV_DESTROY_LOOP), 0);
	unsetenv("GEV_LOOP");
}

static void io_uring_where_there_is_one(void)
{
	gev_loop *loop;

	in_environment("io_uring");
	loop = gev_loop_new();
	if (loop)
		t_str(gev_loop_backend(loop), "io_uring");
	else if (t_ok(errno == ENOSYS || errno == EPERM))
		t_skip("the kernel refuses an io_uring");
	gev_loop_free(loop);
	unsetenv("GEV_LOOP");
}

static void no_loop_has_none(void)
{
	t_ok(!gev_loop_backend(NULL));
}

int main(void)
{
	T_RUN(epoll_unless_asked);
	T_RUN(the_program_comes_before_the_environment);
	T_RUN(unknown_names);
	T_RUN(a_refused_one_is_an_error_if_alone);
	T_RUN(other_errors_are_errors);
	T_RUN(hubs_too);
	T_RUN(io_uring_where_there_is_one);
	T_RUN(no_loop_has_none);
	return t_done();
}
