/* SPDX-License-Identifier: MIT */
/* Main ends first; the program with its last thread. */
#include "program.h"

static void *speak_later(void *arg)
{
	pthread_join(*(pthread_t *)arg, NULL);
	pause_ms(50);
	say(true, "a thread outlives main");
	return NULL;
}

int main(void)
{
	static pthread_t self;

	self = pthread_self();
	begin(speak_later, &self);
	say(true, "main leaves");
	pthread_exit(NULL);
}
