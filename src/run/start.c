/* SPDX-License-Identifier: MIT */
#include "run/run.h"

/* Before any other constructor (-z initfirst), libc's own included. */
__attribute__((constructor)) static void start(int argc, char **argv,
	char **env)
{
	(void)argc;
	(void)argv;
	if (!gev__run_read_options(env))
		return;
	if (!gev__run_options.follow)
		gev__run_hide(env);
}
