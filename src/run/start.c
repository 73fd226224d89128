/* SPDX-License-Identifier: MIT */
#include <sys/auxv.h>
#include <unistd.h>
#include "run/call.h"
#include "run/engine.h"
#include "run/filters.h"
#include "run/follow.h"
#include "run/hub.h"
#include "run/rights.h"
#include "run/run.h"
#include "run/signals.h"
#include "switch/tcb.h"

#define HWCAP2_FSGSBASE 2

static const char *complete(void)
{
	gev__run_any_call = (uintptr_t)syscall;
	gev__tls_settable = getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE;
	if (gev__run_filters_added())
		return "it filters its system calls, and would filter gev's";
	if (!gev__run_hub())
		return "no memory, or no descriptors";
	gev__run_find_plain();
	return gev__run_engine_complete();
}

bool gev__run_complete(void)
{
	static bool failed;
	const char *why;

	if (gev__run_catches || failed)
		return !failed;
	why = complete();
	failed = why;
	if (!why)
		gev__run_signals_begin();
	if (why)
		gev__run_say("threads are left to the kernel: ", why);
	else if (gev__run_options.verbose)
		gev__run_say_sites(", all others dispatched by the "
			"kernel: there are threads now");
	return !failed;
}

static void begin(const char *hint)
{
	const char *why = gev__run_engine_begin(hint);

	if (why)
		gev__run_say("threads are left to the kernel: ", why);
	else if (gev__run_options.verbose)
		gev__run_say_sites(", those for new threads and programs");
}

/* Before any other constructor (-z initfirst), libc's own included. */
__attribute__((constructor)) static void start(int argc, char **argv,
	char **env)
{
	const char *hint = gev__run_hint(env);

	(void)argc;
	(void)argv;
	if (!gev__run_read_options(env))
		return;
	gev__run_hide(env, gev__run_options.follow);
	if (gev__run_options.stats || gev__run_options.verbose)
		gev__run_say_open();
	gev__run_filters_begin();
	begin(hint);
}

/* Some end by exit_group() alone, which is caught once there are threads. */
__attribute__((destructor)) static void end(void)
{
	gev__run_say_stats();
}
