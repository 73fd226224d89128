/* SPDX-License-Identifier: MIT */
/* OpenSSL's queue of errors is the thread's; each greenlet has its own. */
#include <openssl/err.h>
#include <unistd.h>
#include "patch/full.h"

static intptr_t queue_errors(void *arg)
{
	unsigned long n = (unsigned long)(intptr_t)arg + 1;

	t_eq(ERR_peek_error(), 0);
	ERR_raise(ERR_LIB_USER, (int)n);
	enter();
	usleep(1000);
	leave();
	t_eq(ERR_GET_REASON(ERR_peek_error()), n);
	ERR_raise(ERR_LIB_USER, (int)(n + 100));
	usleep(1000);
	t_eq(ERR_GET_REASON(ERR_get_error()), n);
	t_eq(ERR_GET_REASON(ERR_get_error()), n + 100);
	t_eq(ERR_get_error(), 0);
	ERR_raise(ERR_LIB_USER, (int)n); /* left behind */
	return 0;
}

static void errors_are_ones_own(void)
{
	if (!patch_full())
		return;
	overlap(queue_errors);
	overlap(queue_errors);
	t_eq(ERR_peek_error(), 0);
}

int main(void)
{
	T_RUN(errors_are_ones_own);
	return t_done();
}
