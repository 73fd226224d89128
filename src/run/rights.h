/* SPDX-License-Identifier: MIT */
#ifndef GEV_RUN_RIGHTS_H
#define GEV_RUN_RIGHTS_H

#include <stdint.h>

/* Where libc's syscall(3) begins. */
extern uintptr_t gev__run_any_call;

#endif
