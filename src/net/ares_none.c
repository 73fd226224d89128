/* SPDX-License-Identifier: MIT */
/*
 * In place of ares.c where there is no c-ares: libc on threads does its work.
 */
#include "net/ares.h"

bool gev__ares_is_there(void)
{
	return false;
}

struct gev__ares *gev__ares_open(gev_hub *hub,
	const struct gev__ares_setup *setup, int *error)
{
	(void)hub;
	(void)setup;
	*error = EAI_FAIL;
	return NULL;
}

int gev__ares_forward(struct gev__ares *ares, const char *name, int family,
	struct gev__answer *answer)
{
	(void)ares;
	(void)name;
	(void)family;
	(void)answer;
	return EAI_FAIL;
}

int gev__ares_reverse(struct gev__ares *ares, const struct sockaddr *addr,
	struct gev__answer *answer)
{
	(void)ares;
	(void)addr;
	(void)answer;
	return EAI_FAIL;
}

void gev__ares_retire(struct gev__ares *ares)
{
	(void)ares;
}

void gev__ares_close(struct gev__ares *ares)
{
	(void)ares;
}
