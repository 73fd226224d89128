/* SPDX-License-Identifier: MIT */
/* The hub of the program's threads. */
#ifndef GEV_RUN_HUB_H
#define GEV_RUN_HUB_H

#include "core/hub.h"

/* It is made with the second thread.  NULL: it can't be. */
struct gev_hub *gev__run_hub(void);

/* Has it hand out signals that came; for their handler. */
void gev__run_hub_alarm(void);

#endif
