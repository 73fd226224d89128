/* SPDX-License-Identifier: MIT */
/* What a greenlet may leave in its TCB. */
#ifndef GEV_PATCH_LEFTOVER_H
#define GEV_PATCH_LEFTOVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Finds out how to look, in the calling one, which lies from @tls to @end. */
void gev__leftover_learn(uintptr_t tls, uintptr_t end);

/* Whether there is anything but the value of @own. */
bool gev__leftover_any(pthread_key_t own, uintptr_t tls);

#endif
