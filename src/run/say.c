/* SPDX-License-Identifier: MIT */
#include "run/run.h"
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include "base/sys.h"

/* One write, that lines of several processes do not mix. */
void gev__run_say(const char *format, ...)
{
	char line[512] = "gev: ";
	int used = 5;
	va_list ap;

	va_start(ap, format);
	used += vsnprintf(line + used, sizeof(line) - 1 - (size_t)used, format,
		ap);
	va_end(ap);
	if (used > (int)sizeof(line) - 2)
		used = sizeof(line) - 2;
	line[used++] = '\n';
	gev__sys(SYS_write, STDERR_FILENO, line, used);
}
