/* SPDX-License-Identifier: MIT */
#include "net/tcp.h"
#include <errno.h>
#include <gev/dns.h>
#include <stdio.h>

static int errno_of(int eai)
{
	switch (eai) {
	case 0:
		return 0;
	case EAI_SYSTEM:
		return -errno;
	case EAI_MEMORY:
		return -ENOMEM;
	case EAI_AGAIN:
		return -EAGAIN;
	case EAI_NONAME:
	case EAI_NODATA:
	case EAI_ADDRFAMILY:
		return -ENXIO;
	default:
		return -EIO;
	}
}

int gev__resolve(const char *host, int port, int type, int flags,
	struct addrinfo **list)
{
	struct addrinfo hints = { .ai_socktype = type,
		.ai_flags = flags | AI_NUMERICSERV };
	char service[8];

	*list = NULL;
	if (port < 0 || port > 65535)
		return -EINVAL;
	snprintf(service, sizeof(service), "%d", port);
	return errno_of(gev_getaddrinfo(host, service, &hints, list));
}
