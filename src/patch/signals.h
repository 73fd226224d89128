/* SPDX-License-Identifier: MIT */
/* The program's signal handlers, wrapped. */
#ifndef GEV_PATCH_SIGNALS_H
#define GEV_PATCH_SIGNALS_H

#include <stdbool.h>

/* Those that are there already; and back, as the program means them. */
void gev__patch_wrap_handlers(void);
void gev__patch_unwrap_handlers(void);

/* Whether one of them runs on this thread. */
bool gev__patch_in_handler(void);

/* In the child of a fork. */
void gev__patch_signals_forked(void);

#endif
