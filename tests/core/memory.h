/* SPDX-License-Identifier: MIT */
/* Running out of memory on purpose, at every allocation of an operation. */
#ifndef TESTS_CORE_MEMORY_H
#define TESTS_CORE_MEMORY_H

#include "base/inject.h"
#include "core.h"

/*
 * Calls @fn with its first allocation failing, then with its second, and so on
 * until none of them does.  @fn says whether it worked; errno is ENOMEM if it
 * did not, and the case sees to it that then nothing has changed.  Returns how
 * often it failed, which is not once if it does not allocate.
 */
static T_UNUSED int until_it_works(bool (*fn)(void))
{
	for (int n = 0;; n++) {
		bool worked, failed;

		gev__inject = (struct gev__inject){ .nr = GEV__INJECT_ALLOC,
			.error = -ENOMEM,
			.after = n,
			.times = 1 };
		errno = 0;
		worked = fn();
		failed = gev__inject.calls > n;
		gev__inject.nr = -1;
		t_eq(worked, !failed);
		if (worked || t_failures)
			return n;
		t_eq(errno, ENOMEM);
	}
}

#endif
